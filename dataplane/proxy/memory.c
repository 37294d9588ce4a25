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
const uint32_t proxy_dialog_octets = DIALOG_OCTETS;
static_assert(SLOT_OCTETS(struct txn) <= 384 && SLOT_OCTETS(struct tombstone) == 64,
	      "what a slot takes in its pool");

/* More would not fit the words of table and wheel. */
#define TXNS_MAX       ((size_t)1 << 24)
#define TOMBSTONES_MAX ((size_t)1 << 26)
#define DIALOGS_MAX    ((size_t)1 << 27)

static size_t slots_needed(const struct proxy_config *config)
{
	uint32_t slots = config->txns_max + config->tombstones_max;

	return slot_pool_octets_for(sizeof(struct txn), config->txns_max) +
	       slot_pool_octets_for(sizeof(struct tombstone), config->tombstones_max) +
	       txn_table_octets_for(PROXY_KEYS_A_SLOT * slots) +
	       timer_wheel_octets_for(slots + config->dialogs_max) +
	       call_memory_octets_for(config->txns_max) + mark_set_octets_for(config->txns_max) +
	       (config->dialogs_max ? dialog_table_octets_for(config->dialogs_max) : 0);
}

size_t proxy_memory_needed(const struct proxy_config *config)
{
	return sizeof(struct proxy) + peer_timing_size() + LIVE_OCTETS + slots_needed(config) +
	       config->retain_max;
}

/* So many that what one takes of each structure is a whole number but for a few octets. */
#define MANY (UINT32_C(1) << 20)

/* How many of the kind that `many` has MANY of `octets` hold. */
static uint32_t count_in(size_t octets, const struct proxy_config *many, size_t max)
{
	const struct proxy_config none = { .txns_max = 0 };
	const size_t each = (slots_needed(many) - slots_needed(&none) + MANY - 1) / MANY;

	return (uint32_t)MIN(octets / each, max);
}

bool proxy_memory_plan(size_t octets, struct proxy_config *config)
{
	const struct proxy_config txns = { .txns_max = MANY }, tombstones = { .tombstones_max = MANY },
				  dialogs = { .dialogs_max = MANY }, none = { .txns_max = 0 };
	const size_t fixed = proxy_memory_needed(&none);

	if (octets <= fixed)
		return false;
	const size_t shared = octets - fixed;
	config->txns_max = count_in(shared / 8, &txns, TXNS_MAX);
	config->tombstones_max = count_in(shared / 4, &tombstones, TOMBSTONES_MAX);
	config->dialogs_max = count_in(shared / 8, &dialogs, DIALOGS_MAX);
	config->retain_max = 0;
	const size_t rest = proxy_memory_needed(config);
	if (config->txns_max == 0 || config->tombstones_max == 0 || rest >= octets)
		return false;
	config->retain_max = octets - rest;
	return true;
}

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
		.marks_octets = mark_set_octets(proxy->marks),
		.names_octets = sizeof(proxy->names),
		.dialogs_octets = LIVE_OCTETS +
				  (proxy->dialogs ? dialog_table_octets(proxy->dialogs) : 0),
	};
	for (size_t i = 0; i < PROXY_OWED_KINDS; i++)
		memory->owed[i] = (struct proxy_owed_stats){
			.count = __atomic_load_n(&proxy->owed[i].count, __ATOMIC_RELAXED),
			.bytes = __atomic_load_n(&proxy->owed[i].bytes, __ATOMIC_RELAXED),
		};
}

static void find_owed(struct proxy_owed_stats *owed, struct retained *copy, enum proxy_owed kind,
		      bool *is_of_kind)
{
	if (!copy)
		return;
	owed[kind].count++;
	owed[kind].bytes += copy->len;
	*is_of_kind = *is_of_kind && held_of(copy)->kind == kind;
}

const char *memory_check(const struct proxy *proxy)
{
	struct proxy_owed_stats owed[PROXY_OWED_KINDS] = { { .count = 0 } };
	bool kinds = true;

	for (uint32_t i = 0; i < proxy->txns.capacity; i++) {
		const struct txn *txn = slot_pool_at(&proxy->txns, i);
		if (!(slot_pool_generation(&proxy->txns, i) & 1))
			continue;
		find_owed(owed, txn->request, PROXY_OWED_REQUEST, &kinds);
		find_owed(owed, txn->response, PROXY_OWED_RESPONSE, &kinds);
		find_owed(owed, txn->ack, PROXY_OWED_ACK, &kinds);
		find_owed(owed, txn->cancel, PROXY_OWED_CANCEL, &kinds);
		find_owed(owed, txn->best, PROXY_OWED_OTHER, &kinds);
		find_owed(owed, txn->challenges, PROXY_OWED_OTHER, &kinds);
	}
	for (uint32_t i = 0; i < proxy->tombstones.capacity; i++) {
		const struct tombstone *t = slot_pool_at(&proxy->tombstones, i);
		if (slot_pool_generation(&proxy->tombstones, i) & 1)
			find_owed(owed, t->copy,
				  t->is_invite ? PROXY_OWED_ACK : PROXY_OWED_RESPONSE, &kinds);
	}
	for (uint32_t i = 0; i < NAMES_WAITING_MAX; i++)
		find_owed(owed, proxy->names.messages[i].copy, PROXY_OWED_OTHER, &kinds);
	if (!kinds)
		return "a copy that is held for another reason than it is counted for";
	return memcmp(owed, proxy->owed, sizeof(owed)) == 0 ?
		       NULL :
		       "the copies counted are not those that transactions hold";
}
