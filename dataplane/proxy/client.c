/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client side of a transaction: timers of the attempt, what its end means, the next target.
 * Which response does what is in response.c.
 */
#include "proxy/engine.h"

uint16_t client_step(struct txn *txn, unsigned int event)
{
	const struct fsm_cell *cell = txn->flags & TXN_IS_INVITE ?
					      &fsm_invite_client[txn->client_state][event] :
					      &fsm_non_invite_client[txn->client_state][event];

	txn->client_state = cell->next;
	return cell->actions;
}

void client_start(struct call *call, struct txn *txn)
{
	txn->client_state = txn->flags & TXN_IS_INVITE ? INVITE_CLIENT_CALLING :
							 NON_INVITE_CLIENT_TRYING;
	txn->client_interval_ms = txn->t1_ms;
	txn_deadline_in(call, txn, DEADLINE_CLIENT_RETRANSMIT, txn->t1_ms);
	txn_deadline_in(call, txn, DEADLINE_CLIENT_END, 64 * (uint64_t)txn->t1_ms);
}

/* The timer that ends the state just entered. */
void client_linger(struct call *call, struct txn *txn)
{
	uint64_t ms = 64 * (uint64_t)txn->t1_ms; /* Timer M; after a CANCEL, §9.1 */

	if (!(txn->flags & TXN_IS_INVITE))
		ms = txn->t4_ms; /* Timer K */
	else if (txn->client_state == INVITE_CLIENT_COMPLETED)
		ms = txn->timer_d_ms;
	else if (txn->client_state == INVITE_CLIENT_PROCEEDING && !(txn->flags & TXN_CANCEL_SENT))
		ms = txn->timer_c_ms;
	txn_deadline_in(call, txn, DEADLINE_CLIENT_END, ms);
}

static void back_off(struct call *call, struct txn *txn)
{
	if (txn->flags & TXN_IS_INVITE)
		txn->client_interval_ms *= 2; /* Timer A: no cap (§17.1.1.2) */
	else if (txn->client_state == NON_INVITE_CLIENT_PROCEEDING)
		txn->client_interval_ms = txn->t2_ms;
	else
		txn->client_interval_ms = MIN(txn->client_interval_ms * 2, txn->t2_ms);
	txn_deadline_in(call, txn, DEADLINE_CLIENT_RETRANSMIT, txn->client_interval_ms);
}

void client_retransmit_due(struct call *call, struct txn *txn)
{
	uint16_t actions = client_step(txn, txn->flags & TXN_IS_INVITE ?
						    (unsigned int)INVITE_CLIENT_TIMER_A :
						    (unsigned int)NON_INVITE_CLIENT_TIMER_E);

	txn_deadline_clear(txn, DEADLINE_CLIENT_RETRANSMIT);
	if (actions & FSM_RESEND) {
		call_send_held(call, txn->request);
		call->proxy->stats.requests_resent++;
	}
	if (actions & FSM_BACK_OFF)
		back_off(call, txn);
}

/* RFC 3261 §16.8: a branch that rang for longer than Timer C is cancelled; when the CANCEL brings
 * no final response either, or none can be made, §9.1 calls the branch over. */
static void timer_c_due(struct call *call, struct txn *txn)
{
	if (!(txn->flags & TXN_CANCEL_SENT)) {
		txn->flags |= TXN_CANCELLED;
		cancel_client(call, txn, NULL);
		if (txn->flags & TXN_CANCEL_SENT)
			return;
	}
	txn->client_state = INVITE_CLIENT_TERMINATED;
	client_failed(call, txn, FAILOVER_TIMEOUT);
}

void client_end_due(struct call *call, struct txn *txn)
{
	unsigned int event;

	txn_deadline_clear(txn, DEADLINE_CLIENT_END);
	if (txn->flags & TXN_IS_INVITE) {
		switch (txn->client_state) {
		case INVITE_CLIENT_PROCEEDING:
			timer_c_due(call, txn);
			return;
		case INVITE_CLIENT_CALLING:
			event = INVITE_CLIENT_TIMER_B;
			break;
		case INVITE_CLIENT_COMPLETED:
			event = INVITE_CLIENT_TIMER_D;
			break;
		default:
			event = INVITE_CLIENT_TIMER_M;
		}
	} else {
		event = txn->client_state == NON_INVITE_CLIENT_COMPLETED ?
				NON_INVITE_CLIENT_TIMER_K :
				NON_INVITE_CLIENT_TIMER_F;
	}
	if (client_step(txn, event) & FSM_TIMEOUT)
		client_failed(call, txn, FAILOVER_TIMEOUT);
}

void client_transport_error(struct call *call, struct txn *txn)
{
	uint16_t actions = client_step(txn, txn->flags & TXN_IS_INVITE ?
						    (unsigned int)INVITE_CLIENT_TRANSPORT_ERROR :
						    (unsigned int)NON_INVITE_CLIENT_TRANSPORT_ERROR);

	if (actions & FSM_ERROR)
		client_failed(call, txn, FAILOVER_TRANSPORT_ERROR);
}

void client_forget_target(struct txn *txn)
{
	if (txn->flags & TXN_OUTSTANDING)
		__atomic_fetch_sub(&txn->status->outstanding, 1, __ATOMIC_RELAXED);
	txn->flags &= (uint16_t)~TXN_OUTSTANDING;
}

void client_use_target(struct call *call, struct txn *txn, const struct route *route)
{
	client_forget_target(txn);
	txn->status = NULL;
	if (route->target == BALANCE_NONE)
		return;
	const struct balance_target *target = &call->snapshot->targets[route->target];
	txn->target_id = target->id;
	txn->status = target->status;
	if (txn->tried_count < BALANCE_TRIED_MAX)
		txn->tried[txn->tried_count++] = route->target;
	if (!txn->status)
		return;
	txn->flags |= TXN_OUTSTANDING;
	__atomic_fetch_add(&txn->status->outstanding, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&txn->status->requests, 1, __ATOMIC_RELAXED);
}

void client_answer_failure(struct call *call, struct txn *txn, enum failover_cause cause)
{
	txn_deadline_clear(txn, DEADLINE_CLIENT_RETRANSMIT);
	if (cause != FAILOVER_503)
		txn_deadline_clear(txn, DEADLINE_CLIENT_END);
	/* §16.7 item 6: the lowest class, so one timeout among failures makes a 408.  Else 500: a
	 * transport error counts as 503 (§16.9), and a 503 says that this server cannot serve;
	 * upstream it would say that Tandem cannot. */
	if (txn->flags & TXN_TIMED_OUT)
		server_reply(call, txn, 408);
	else if (cause != FAILOVER_TIMEOUT)
		server_reply(call, txn, 500);
	else
		server_stay_silent(call, txn);
}

void client_failed(struct call *call, struct txn *txn, enum failover_cause cause)
{
	struct proxy *proxy = call->proxy;

	if (cause == FAILOVER_TIMEOUT) {
		if (txn->flags & TXN_IS_INVITE) {
			txn->flags |= TXN_TIMED_OUT;
			proxy->stats.timeouts_invite++;
		} else {
			proxy->stats.timeouts_non_invite++;
		}
		call_outcome(call, txn, OUTCOME_TIMEOUT, 0);
		if (txn->status)
			__atomic_fetch_add(&txn->status->timeouts, 1, __ATOMIC_RELAXED);
	} else if (cause == FAILOVER_TRANSPORT_ERROR) {
		call_outcome(call, txn, OUTCOME_TRANSPORT_ERROR, 0);
		if (txn->status)
			__atomic_fetch_add(&txn->status->errors, 1, __ATOMIC_RELAXED);
	}
	client_forget_target(txn);
	/* A CANCEL that still waits for a provisional response, or for its answer, has nothing left
	 * to cancel. */
	cancel_answered(call, txn);
	if (client_failover(call, txn, cause))
		return;
	client_answer_failure(call, txn, cause);
	/* Nobody is asked any more. */
	txn_release(proxy, &txn->request);
}

static bool may_fail_over(const struct call *call, const struct txn *txn, enum failover_cause cause)
{
	const struct balance_snapshot *snapshot = call->snapshot;

	if (!(txn->flags & TXN_IS_BALANCED) || (txn->flags & (TXN_HAS_TO_TAG | TXN_CANCELLED)))
		return false;
	/* A non-INVITE that timed out has no time left for a second server (RFC 4321 §1.3). */
	if (cause == FAILOVER_TIMEOUT && !(txn->flags & TXN_IS_INVITE))
		return false;
	if (txn->service >= snapshot->service_count || txn->pool >= snapshot->pool_count)
		return false;
	const struct balance_pool *pool = &snapshot->pools[txn->pool];
	return (pool->failover & cause) && txn->attempt + 1 < pool->attempts_max &&
	       txn->tried_count < BALANCE_TRIED_MAX;
}

/* Sends the retained request anew to the route's target, with the next attempt's branch. */
static bool send_attempt(struct call *call, struct txn *txn, const struct route *route)
{
	struct proxy *proxy = call->proxy;
	struct span sent = held_message(txn->request);
	struct endpoint source;

	if (sip_message_parse(&proxy->sent, sent.data, (uint32_t)sent.len) != VERDICT_REASON_NONE)
		return false;
	struct compose compose = {
		.route = route,
		.key = branch_client_key(call->snapshot, txn->server_key, &proxy->sent,
					 (uint8_t)(txn->attempt + 1)),
		.loop_part = txn->loop_part,
		.hint = {
			.shard = proxy->config.worker,
			.instance = call->snapshot->instance,
			.epoch = call->snapshot->epoch,
			.slot = txn->index,
			.generation = slot_pool_generation(&proxy->txns, txn->index),
			.sent_second = (uint32_t)(call->now / 1000000),
			.attempt = (uint8_t)(txn->attempt + 1),
			.ingress = txn->ingress,
			.answer = txn->answer,
			.local = txn->local,
		},
	};
	struct sip_edit_list edits;
	if (!compose_next_attempt(call, &proxy->sent, &compose, &edits, &source))
		return false;
	struct text_writer w = call_scratch(call);
	uint32_t len = sip_edit_copy(&edits, sent.data, (uint32_t)sent.len, w.at,
				     (uint32_t)(w.end - w.at));
	if (len == 0)
		return false;
	w.at += len;
	struct span message = call_scratch_done(call, &w);
	/* The old copy stays until the new one is sure: the answer that tells of a failure is made
	 * out of it. */
	struct retained *copy = NULL;
	if (!txn_hold(call, &copy, message, (uint8_t)route->egress, &source, &route->next_hop))
		return false;
	txn_release(proxy, &txn->request);
	txn->request = copy;
	txn_leave_attempt(call, txn);
	txn->client_key = compose.key;
	if (!txn_table_insert(proxy->table, txn->client_key, txn->index))
		return false;
	call_send(call, message, false, (uint8_t)route->egress, &source, &route->next_hop);
	return true;
}

bool client_failover(struct call *call, struct txn *txn, enum failover_cause cause)
{
	if (!may_fail_over(call, txn, cause))
		return false;
	struct route route = {
		.kind = ROUTE_TARGET,
		.service = txn->service,
		.pool = txn->pool,
		.target = BALANCE_NONE,
		.is_balanced = true,
	};
	if (!request_select(call, &route, txn, false) || !send_attempt(call, txn, &route))
		return false;
	txn->attempt++;
	client_use_target(call, txn, &route);
	client_start(call, txn);
	call->proxy->stats.failovers++;
	txn->flags |= TXN_REMEMBERED;
	/* Merged requests and retries follow the target that took the call over. */
	call_memory_put(call->proxy->calls, txn->call_key, txn->target_id,
			tick_add(call->now, TICK_MS(txn->timer_c_ms + 64 * (uint64_t)txn->t1_ms)),
			call->now);
	return true;
}
