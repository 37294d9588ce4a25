/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many timers of each name run.  A transaction's deadlines and states tell which it runs: one
 * bit each, compared with the bits that were counted last.  So nothing is ever scanned, and who
 * arms a deadline need not know its name.
 */
#include "proxy/timers.h"

const struct proxy_timer_info proxy_timers[PROXY_TIMER_KINDS] = {
#define X(name, text, what, clause) [PROXY_TIMER_##name] = { text, what, clause },
	PROXY_TIMERS(X)
#undef X
};
static_assert(PROXY_TIMER_KINDS <= 32, "a bit each");

/* The timer that ends the client side's state. */
static enum proxy_timer client_end(bool is_invite, uint8_t state, bool is_cancelled)
{
	if (!is_invite) {
		if (state == NON_INVITE_CLIENT_TERMINATED)
			return PROXY_TIMER_NONE;
		return state == NON_INVITE_CLIENT_COMPLETED ? PROXY_TIMER_K : PROXY_TIMER_F;
	}
	switch (state) {
	case INVITE_CLIENT_CALLING:
		return PROXY_TIMER_B;
	case INVITE_CLIENT_PROCEEDING:
		return is_cancelled ? PROXY_TIMER_CANCELLED : PROXY_TIMER_C;
	case INVITE_CLIENT_COMPLETED:
		return PROXY_TIMER_D;
	case INVITE_CLIENT_ACCEPTED:
		return PROXY_TIMER_M;
	default:
		return PROXY_TIMER_NONE;
	}
}

static enum proxy_timer server_end(bool is_invite, uint8_t state)
{
	if (!is_invite)
		return state == NON_INVITE_SERVER_COMPLETED ? PROXY_TIMER_J : PROXY_TIMER_NONE;
	switch (state) {
	case INVITE_SERVER_COMPLETED:
		return PROXY_TIMER_H;
	case INVITE_SERVER_CONFIRMED:
		return PROXY_TIMER_I;
	case INVITE_SERVER_ACCEPTED:
		return PROXY_TIMER_L;
	default:
		return PROXY_TIMER_NONE;
	}
}

static uint32_t bit(enum proxy_timer timer)
{
	return timer == PROXY_TIMER_NONE ? 0 : 1u << timer;
}

enum proxy_timer timers_name(const struct txn *txn, enum txn_deadline deadline)
{
	const bool is_invite = (txn->flags & TXN_IS_INVITE) != 0;

	switch (deadline) {
	case DEADLINE_CLIENT_RETRANSMIT:
		return is_invite ? PROXY_TIMER_A : PROXY_TIMER_E;
	case DEADLINE_CLIENT_END:
		if (txn->flags & TXN_IS_PROBE && txn->flags & TXN_IS_OPEN)
			return PROXY_TIMER_PROBE;
		return client_end(is_invite, txn->client_state,
				  (txn->flags & TXN_CANCEL_SENT) != 0);
	case DEADLINE_SERVER_RETRANSMIT:
		return PROXY_TIMER_G;
	case DEADLINE_SERVER_END:
		return server_end(is_invite, txn->server_state);
	case DEADLINE_TRYING:
		return PROXY_TIMER_TRYING;
	case DEADLINE_CANCEL_RETRANSMIT:
		return PROXY_TIMER_E;
	case DEADLINE_CANCEL_END:
		return PROXY_TIMER_F;
	case DEADLINE_NEXT_TARGET:
		return PROXY_TIMER_NEXT_TARGET;
	case DEADLINES:
		break;
	}
	return PROXY_TIMER_NONE;
}

/* A CANCEL's E and F stand beside its INVITE's A and B: never two of one name. */
static uint32_t running(const struct txn *txn)
{
	uint32_t timers = 0;

	for (unsigned int i = 0; i < DEADLINES; i++)
		if (txn->deadlines[i] != TICK_NEVER)
			timers |= bit(timers_name(txn, (enum txn_deadline)i));
	return timers;
}

static uint32_t running_tombstone(const struct tombstone *t)
{
	return bit(client_end(t->is_invite, t->client_state, false)) |
	       bit(server_end(t->is_invite, t->server_state));
}

static void add(uint64_t *counts, uint32_t timers, uint64_t one)
{
	for (; timers; timers &= timers - 1)
		counts[__builtin_ctz(timers)] += one;
}

void timers_count(struct proxy *proxy, struct txn *txn)
{
	const uint32_t now = running(txn), before = txn->counted;

	if (now == before)
		return;
	add(proxy->stats.running, before & ~now, (uint64_t)-1);
	add(proxy->stats.running, now & ~before, 1);
	txn->counted = now;
}

void timers_uncount(struct proxy *proxy, struct txn *txn)
{
	add(proxy->stats.running, txn->counted, (uint64_t)-1);
	txn->counted = 0;
}

void timers_count_tombstone(struct proxy *proxy, const struct tombstone *tombstone)
{
	add(proxy->stats.running, running_tombstone(tombstone), 1);
}

void timers_uncount_tombstone(struct proxy *proxy, const struct tombstone *tombstone)
{
	add(proxy->stats.running, running_tombstone(tombstone), (uint64_t)-1);
}

const char *timers_check(const struct proxy *proxy)
{
	uint64_t counts[PROXY_TIMER_KINDS] = { 0 };

	for (uint32_t i = 0; i < proxy->txns.capacity; i++) {
		if (slot_pool_generation(&proxy->txns, i) & 1)
			add(counts, running(slot_pool_at(&proxy->txns, i)), 1);
	}
	for (uint32_t i = 0; i < proxy->tombstones.capacity; i++) {
		if (slot_pool_generation(&proxy->tombstones, i) & 1)
			add(counts, running_tombstone(slot_pool_at(&proxy->tombstones, i)), 1);
	}
	return memcmp(counts, proxy->stats.running, sizeof(counts)) == 0 ?
		       NULL :
		       "the numbers of running timers are not those of the transactions";
}
