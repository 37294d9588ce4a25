/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The next target: after one failed (RFC 3263 §4.3), or beside one that does not answer
 * (`try_next_after`, which is forking: RFC 5393's loop check has been made when the request came
 * in, and its Max-Breadth is shared out here).  Each target gets a branch of its own.
 */
#include "proxy/note_add.h"
#include "proxy/timers.h"

static const struct balance_pool *pool_of(const struct call *call, const struct txn *txn)
{
	const struct balance_snapshot *snapshot = call->snapshot;

	return txn->service < snapshot->service_count && txn->pool < snapshot->pool_count ?
		       &snapshot->pools[txn->pool] :
		       NULL;
}

static uint32_t branches_max(const struct balance_pool *pool)
{
	uint32_t max = MIN(pool->attempts_max, pool->target_count);

	return MIN(max, (uint32_t)BALANCE_TRIED_MAX);
}

static bool may_follow(const struct call *call, const struct txn *txn)
{
	const struct balance_pool *pool = pool_of(call, txn);

	return pool && (txn->flags & TXN_IS_BALANCED) &&
	       !(txn->flags & (TXN_HAS_TO_TAG | TXN_ABANDONED)) && txn_is_undecided(txn) &&
	       txn->attempts < pool->attempts_max && txn->tried_count < BALANCE_TRIED_MAX;
}

bool attempt_may_fork(const struct call *call, const struct txn *txn)
{
	const struct balance_pool *pool = pool_of(call, txn);

	return pool && pool->try_next_after_ms && (txn->flags & TXN_IS_INVITE) &&
	       (txn->flags & TXN_IS_BALANCED) && !(txn->flags & TXN_HAS_TO_TAG) &&
	       branches_max(pool) > 1;
}

uint8_t attempt_breadth(const struct balance_pool *pool, const struct txn *txn)
{
	uint32_t left = branches_max(pool);

	left = left > txn->attempts ? left - txn->attempts : 1;
	return (uint8_t)((txn->breadth_left + left - 1) / left);
}

/* The copy of the request, as another branch sends it: new branch parameter, new target. */
static bool compose_branch(struct call *call, const struct txn *txn, const struct txn *branch,
			   const struct route *route, struct hash128 *key, struct span *message,
			   struct endpoint *source)
{
	struct proxy *proxy = call->proxy;
	struct span sent = held_message(txn->request);
	struct sip_edit_list edits;

	if (sip_message_parse(&proxy->sent, sent.data, (uint32_t)sent.len) != VERDICT_REASON_NONE)
		return false;
	const struct compose compose = {
		.route = route,
		.key = branch_client_key(call->snapshot, txn->server_key, &proxy->sent,
					 branch->attempt),
		.loop_part = txn->loop_part,
		.breadth = branch->breadth,
		.hint = {
			.shard = proxy->config.worker,
			.instance = call->snapshot->instance,
			.epoch = call->snapshot->epoch,
			.slot = branch->index,
			.generation = slot_pool_generation(&proxy->txns, branch->index),
			.sent_second = call_second(call),
			.attempt = branch->attempt,
			.ingress = txn->ingress,
			.answer = txn->answer,
			.local = txn->local,
		},
	};
	if (!compose_next_attempt(call, &proxy->sent, &compose, &edits, source))
		return false;
	struct text_writer w = call_scratch(call);
	uint32_t len = sip_edit_copy(&edits, sent.data, (uint32_t)sent.len, w.at,
				     (uint32_t)(w.end - w.at));
	if (len == 0)
		return false;
	w.at += len;
	*message = call_scratch_done(call, &w);
	*key = compose.key;
	return true;
}

static bool send_branch(struct call *call, struct txn *txn, struct txn *branch,
			const struct route *route)
{
	struct endpoint source;
	struct span message;
	struct hash128 key;
	uint8_t egress = (uint8_t)route->egress;

	if (!compose_branch(call, txn, branch, route, &key, &message, &source) ||
	    !txn_hold(call, &branch->request, PROXY_OWED_REQUEST, message, egress, &source,
		      &route->next_hop) ||
	    !txn_table_insert(call->proxy->table, key, branch->index))
		return false;
	branch->client_key = key;
	call_send(call, message, false, egress, &source, &route->next_hop);
	return true;
}

/* Merged requests and retries follow the target that was asked last. */
static void remember(struct call *call, struct txn *txn, const struct txn *branch)
{
	txn->flags |= TXN_REMEMBERED;
	call_memory_put(call->proxy->calls, txn->call_key, branch->target_id,
			tick_add(call->now, TICK_MS(timers_call_ms(timers_of_client(call, txn)))),
			call->now);
}

static bool attempt_next(struct call *call, struct txn *txn)
{
	struct proxy *proxy = call->proxy;
	uint8_t breadth = 0;
	struct route route = {
		.kind = ROUTE_TARGET,
		.service = txn->service,
		.pool = txn->pool,
		.target = BALANCE_NONE,
		.is_balanced = true,
		.is_call = (txn->flags & TXN_IS_INVITE) != 0,
	};

	if (txn->flags & TXN_FORKS) {
		breadth = attempt_breadth(pool_of(call, txn), txn);
		if (breadth == 0)
			return false;
	}
	if (!txn->request ||
	    request_select(call, &route, txn, false) != VERDICT_REASON_NONE)
		return false;
	struct txn *branch = txn_add_branch(proxy, txn);
	if (!branch)
		return false;
	branch->attempt = txn->attempts;
	branch->breadth = breadth;
	if (!send_branch(call, txn, branch, &route)) {
		txn_destroy(proxy, branch);
		return false;
	}
	branch->flags |= TXN_IS_OPEN;
	txn->open++;
	txn->attempts++;
	txn->breadth_left -= breadth;
	client_use_target(call, txn, branch, &route);
	client_start(call, branch);
	attempt_wait(call, txn);
	remember(call, txn, branch);
	return true;
}

bool attempt_failover(struct call *call, struct txn *txn, const struct txn *branch,
		      enum failover_cause cause)
{
	/* A non-INVITE that timed out has no time left for a second server (RFC 4321 §1.3). */
	if (cause == FAILOVER_TIMEOUT && !(txn->flags & TXN_IS_INVITE))
		return false;
	if ((branch->flags & TXN_CANCELLED) || !may_follow(call, txn) ||
	    !(pool_of(call, txn)->failover & cause))
		return false;
	note_next(call, txn, NOTE_AFTER);
	if (!attempt_next(call, txn))
		return false;
	call->proxy->stats.failovers++;
	return true;
}

void attempt_wait(struct call *call, struct txn *txn)
{
	if ((txn->flags & TXN_FORKS) && attempt_may_fork(call, txn) && may_follow(call, txn))
		txn_deadline_in(call, txn, DEADLINE_NEXT_TARGET,
				pool_of(call, txn)->try_next_after_ms);
	else
		txn_deadline_clear(txn, DEADLINE_NEXT_TARGET);
}

/* Any response, be it a 100, shows that somebody works on the request. */
static bool is_answered(struct proxy *proxy, const struct txn *txn)
{
	for (const struct txn *branch = txn; branch; branch = txn_branch_next(proxy, branch))
		if ((branch->flags & TXN_IS_OPEN) && branch->client_state != INVITE_CLIENT_CALLING)
			return true;
	return false;
}

void attempt_next_target_due(struct call *call, struct txn *txn)
{
	txn_deadline_clear(txn, DEADLINE_NEXT_TARGET);
	if (!(txn->flags & TXN_FORKS) || !attempt_may_fork(call, txn) || !may_follow(call, txn) ||
	    is_answered(call->proxy, txn))
		return;
	note_next(call, txn, NOTE_BESIDE);
	if (attempt_next(call, txn))
		call->proxy->stats.forks++;
}
