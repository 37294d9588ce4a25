/* SPDX-License-Identifier: BSD-3-Clause */
/* What an engine's memory is used for; see memory.h. */
#include "proxy/memory.h"

#include "proxy/engine.h"

const char *const proxy_owed_names[PROXY_OWED_KINDS] = {
#define X(name, text, help) [PROXY_OWED_##name] = text,
	PROXY_OWED(X)
#undef X
};

#define SLOT_OCTETS(type) ((sizeof(type) + CACHE_LINE_SIZE - 1) / CACHE_LINE_SIZE * CACHE_LINE_SIZE)

const uint32_t proxy_txn_octets = SLOT_OCTETS(struct txn);
const uint32_t proxy_tombstone_octets = SLOT_OCTETS(struct tombstone);
static_assert(SLOT_OCTETS(struct txn) <= 384 && SLOT_OCTETS(struct tombstone) == 64,
	      "what a slot takes in its pool");

static uint64_t reserve_of(uint64_t whole)
{
	return whole / PROXY_RESERVE_PART;
}

enum verdict_reason proxy_memory_refusal(struct proxy *proxy, bool is_in_dialog)
{
	const struct slot_pool *txns = &proxy->txns;
	struct retain_stats copies;
	enum verdict_reason reason = VERDICT_REASON_NONE;

	retain_store_stats(proxy->retain, &copies);
	if (txns->free_count <= reserve_of(txns->capacity))
		reason = REASON_TXN_POOL_FULL;
	else if (copies.allocated > copies.limit - reserve_of(copies.limit))
		reason = REASON_RETAIN_FULL;
	if (reason == VERDICT_REASON_NONE || !is_in_dialog)
		return reason;
	if (txns->free_count == 0)
		return REASON_TXN_POOL_FULL;
	proxy->reserve_used++;
	return VERDICT_REASON_NONE;
}

void proxy_memory_read(const struct proxy *proxy, struct proxy_memory *memory)
{
	struct retain_stats copies;

	retain_store_stats(proxy->retain, &copies);
	*memory = (struct proxy_memory){
		.txns = slot_pool_taken(&proxy->txns),
		.txns_max = proxy->txns.capacity,
		.txns_peak = proxy->txns.taken_max,
		.txns_reserve = reserve_of(proxy->txns.capacity),
		.tombstones = slot_pool_taken(&proxy->tombstones),
		.tombstones_max = proxy->tombstones.capacity,
		.tombstones_peak = proxy->tombstones.taken_max,
		.copies = copies.count,
		.copies_bytes = copies.bytes,
		.copies_allocated = copies.allocated,
		.copies_limit = copies.limit,
		.copies_reserve = reserve_of(copies.limit),
		.copies_refused = copies.refused,
		.reserve_used = proxy->reserve_used,
		.timers = timer_wheel_count(proxy->wheel),
		.timers_max = timer_wheel_capacity(proxy->wheel),
		.slots_octets = slot_pool_octets(&proxy->txns) +
				slot_pool_octets(&proxy->tombstones),
		.table_octets = txn_table_octets(proxy->table),
		.wheel_octets = timer_wheel_octets(proxy->wheel),
		.calls_octets = call_memory_octets(proxy->calls),
		.peers_octets = peer_timing_size(),
	};
	for (size_t i = 0; i < PROXY_OWED_KINDS; i++)
		memory->owed[i] = (struct proxy_owed_stats){
			.count = __atomic_load_n(&proxy->owed[i].count, __ATOMIC_RELAXED),
			.bytes = __atomic_load_n(&proxy->owed[i].bytes, __ATOMIC_RELAXED),
		};
}
