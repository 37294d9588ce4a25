/* SPDX-License-Identifier: BSD-3-Clause */
/* The operator's wish for a target, and when it takes effect without transactions; see policy.h. */
#include "balance/policy.h"
#include "balance/timers.h"

/* struct target_status.change: milliseconds, one bit that tells it from "never", the wish before. */
#define CHANGE_MADE 0x80u

enum target_admin balance_admin_settled(const struct target_status *status, uint64_t now_ms,
					uint32_t settle_ms)
{
	/* In this order: whoever sees the new wish sees when it was made. */
	uint32_t admin = __atomic_load_n(&status->admin, __ATOMIC_ACQUIRE);
	uint64_t change = __atomic_load_n(&status->change, __ATOMIC_RELAXED);

	if (!change || now_ms >= (change >> 8) + settle_ms)
		return (enum target_admin)admin;
	return (enum target_admin)(change & (CHANGE_MADE - 1));
}

void balance_admin_set(struct target_status *status, enum target_admin admin, uint64_t now_ms,
		       uint32_t settle_ms)
{
	uint64_t before = (uint64_t)balance_admin_settled(status, now_ms, settle_ms);

	if (__atomic_load_n(&status->admin, __ATOMIC_RELAXED) == (uint32_t)admin)
		return;
	__atomic_store_n(&status->change, now_ms << 8 | CHANGE_MADE | before, __ATOMIC_RELAXED);
	__atomic_store_n(&status->admin, (uint32_t)admin, __ATOMIC_RELEASE);
}

uint32_t balance_settle_ms(const struct balance_snapshot *snapshot)
{
	uint32_t longest = 0;

	for (uint32_t i = 0; i < snapshot->service_count; i++) {
		const struct balance_service *service = &snapshot->services[i];
		longest = MAX(longest, balance_timers_at(snapshot, service->timer_set)->t1_ms);
	}
	return 64 * longest;
}
