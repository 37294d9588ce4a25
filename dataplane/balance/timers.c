/* SPDX-License-Identifier: BSD-3-Clause */
/* Sets of SIP timers; see timers.h. */
#include "balance/timers.h"

const struct balance_timers balance_timers_default = {
	.t1_ms = 500,
	.t2_ms = 4000,
	.t4_ms = 5000,
	.timer_a_ms = 500,
	.timer_b_ms = 32000,
	.timer_c_ms = BALANCE_TIMER_C_MS,
	.timer_d_ms = BALANCE_TIMER_D_MIN_MS,
	.timer_e_ms = 500,
	.timer_f_ms = 32000,
	.timer_g_ms = 500,
	.timer_h_ms = 32000,
	.timer_i_ms = 5000,
	.timer_j_ms = 32000,
	.timer_k_ms = 5000,
	.timer_l_ms = 32000,
	.timer_m_ms = 32000,
};

static void set_unless_given(uint32_t *timer, uint32_t value)
{
	if (*timer == 0)
		*timer = value;
}

void balance_timers_resolve(struct balance_timers *timers)
{
	set_unless_given(&timers->t1_ms, balance_timers_default.t1_ms);
	set_unless_given(&timers->t2_ms, MAX(balance_timers_default.t2_ms, timers->t1_ms));
	set_unless_given(&timers->t4_ms, balance_timers_default.t4_ms);
	const uint32_t t1 = timers->t1_ms, whole = 64 * t1, capped = MIN(t1, timers->t2_ms);

	set_unless_given(&timers->timer_a_ms, t1);
	set_unless_given(&timers->timer_b_ms, whole);
	set_unless_given(&timers->timer_c_ms, BALANCE_TIMER_C_MS);
	/* RFC 3261 §17.1.1.2: as long as the other side's Timer H, which is not known; it is no
	 * shorter than ours when both have the same T1. */
	set_unless_given(&timers->timer_d_ms, MAX(whole, BALANCE_TIMER_D_MIN_MS));
	set_unless_given(&timers->timer_e_ms, capped);
	set_unless_given(&timers->timer_f_ms, whole);
	set_unless_given(&timers->timer_g_ms, capped);
	set_unless_given(&timers->timer_h_ms, whole);
	set_unless_given(&timers->timer_i_ms, timers->t4_ms);
	set_unless_given(&timers->timer_j_ms, whole);
	set_unless_given(&timers->timer_k_ms, timers->t4_ms);
	set_unless_given(&timers->timer_l_ms, whole);
	set_unless_given(&timers->timer_m_ms, whole);
	/* §17.1.2.2, §17.2.1: MIN(2*interval, T2) from the first on. */
	timers->timer_e_ms = MIN(timers->timer_e_ms, timers->t2_ms);
	timers->timer_g_ms = MIN(timers->timer_g_ms, timers->t2_ms);
}

uint16_t balance_server_timers(const struct balance_snapshot *snapshot, uint16_t service)
{
	return service < snapshot->service_count ? snapshot->services[service].timer_set :
						   BALANCE_NONE;
}

uint16_t balance_client_timers(const struct balance_snapshot *snapshot, uint16_t service,
			       uint16_t pool)
{
	if (pool < snapshot->pool_count && snapshot->pools[pool].timer_set != BALANCE_NONE)
		return snapshot->pools[pool].timer_set;
	return balance_server_timers(snapshot, service);
}
