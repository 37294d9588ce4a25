/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which timers a transaction goes by: towards who asked its service's, towards who is asked its
 * pool's; and how many of each run.  A transaction keeps two indices, not a dozen values; a set
 * keeps its index in all later snapshots, so what runs keeps the timers that it began with.
 */
#ifndef PROXY_TIMERS_H
#define PROXY_TIMERS_H

#include "balance/timers.h"
#include "proxy/engine.h"

static inline const struct balance_timers *timers_of_server(const struct call *call,
							    const struct txn *txn)
{
	return balance_timers_at(call->snapshot, txn->server_timers);
}

static inline const struct balance_timers *timers_of_client(const struct call *call,
							    const struct txn *txn)
{
	return balance_timers_at(call->snapshot, txn->client_timers);
}

/* How long a call's target is remembered from selection on: until its INVITE must have ended. */
static inline uint64_t timers_call_ms(const struct balance_timers *client)
{
	return (uint64_t)client->timer_c_ms + client->timer_b_ms;
}

/* The timer that a deadline of this transaction is; PROXY_TIMER_NONE: its state runs none. */
[[nodiscard]] enum proxy_timer timers_name(const struct txn *txn, enum txn_deadline deadline);

/* Counts what the transaction runs now in place of what it ran when last counted. */
void timers_count(struct proxy *proxy, struct txn *txn);
/* It runs nothing any more. */
void timers_uncount(struct proxy *proxy, struct txn *txn);
/* The same for a tombstone, whose states tell what it runs: to be taken off before they change,
 * and added after. */
void timers_count_tombstone(struct proxy *proxy, const struct tombstone *tombstone);
void timers_uncount_tombstone(struct proxy *proxy, const struct tombstone *tombstone);
/* NULL when the counts are those that a look at every slot gives, else what is wrong. */
[[nodiscard]] const char *timers_check(const struct proxy *proxy);

#endif
