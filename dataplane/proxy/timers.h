/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which timers a transaction goes by: towards who asked its service's, towards who is asked its
 * pool's.  A transaction keeps two indices, not a dozen values; a set keeps its index in all later
 * snapshots, so what runs keeps the timers that it began with.
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

#endif
