/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The client side of a branch: its machine, its timers, its target.  Which response does what is
 * in response.c; what the end of a branch means for the transaction, in context.c and attempt.c.
 */
#include "proxy/note_add.h"
#include "proxy/own.h"
#include "proxy/timers.h"

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
	const struct balance_timers *timers = timers_of_client(call, txn);
	const bool is_invite = (txn->flags & TXN_IS_INVITE) != 0;

	txn->sent = call->now;
	txn->client_state = is_invite ? (uint8_t)INVITE_CLIENT_CALLING :
					(uint8_t)NON_INVITE_CLIENT_TRYING;
	txn->client_interval_ms = is_invite ? timers->timer_a_ms : timers->timer_e_ms;
	txn_deadline_in(call, txn, DEADLINE_CLIENT_RETRANSMIT, txn->client_interval_ms);
	txn_deadline_in(call, txn, DEADLINE_CLIENT_END,
			is_invite ? timers->timer_b_ms : timers->timer_f_ms);
}

/* The timer that ends the state just entered. */
void client_linger(struct call *call, struct txn *txn)
{
	const struct balance_timers *timers = timers_of_client(call, txn);
	uint64_t ms = timers->timer_m_ms;

	if (!(txn->flags & TXN_IS_INVITE))
		ms = timers->timer_k_ms;
	else if (txn->client_state == INVITE_CLIENT_COMPLETED)
		ms = timers->timer_d_ms;
	else if (txn->client_state == INVITE_CLIENT_PROCEEDING)
		ms = txn->flags & TXN_CANCEL_SENT ? 64 * (uint64_t)timers->t1_ms : /* §9.1 */
						    timers->timer_c_ms;
	txn_deadline_in(call, txn, DEADLINE_CLIENT_END, ms);
}

static void back_off(struct call *call, struct txn *txn)
{
	const uint32_t t2_ms = timers_of_client(call, txn)->t2_ms;

	if (txn->flags & TXN_IS_INVITE)
		txn->client_interval_ms *= 2; /* Timer A: no cap (§17.1.1.2) */
	else if (txn->client_state == NON_INVITE_CLIENT_PROCEEDING)
		txn->client_interval_ms = t2_ms;
	else
		txn->client_interval_ms = MIN(txn->client_interval_ms * 2, t2_ms);
	txn_deadline_in(call, txn, DEADLINE_CLIENT_RETRANSMIT, txn->client_interval_ms);
}

void client_retransmit_due(struct call *call, struct txn *txn)
{
	uint16_t actions = client_step(txn, txn->flags & TXN_IS_INVITE ?
						    (unsigned int)INVITE_CLIENT_TIMER_A :
						    (unsigned int)NON_INVITE_CLIENT_TIMER_E);

	txn_deadline_clear(txn, DEADLINE_CLIENT_RETRANSMIT);
	if (actions & FSM_RESEND) {
		struct proxy_stats *stats = &call->proxy->stats;
		call_send_held(call, txn->request);
		++*(txn->flags & TXN_IS_PROBE ? &stats->probes_resent : &stats->requests_resent);
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
	client_failed(call, txn, FAILOVER_TIMEOUT, true);
}

void client_end_due(struct call *call, struct txn *txn)
{
	unsigned int event;
	/* INVITE_CLIENT_PROCEEDING does not come here. */
	bool was_answered = !(txn->flags & TXN_IS_INVITE) &&
			    txn->client_state == NON_INVITE_CLIENT_PROCEEDING;

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
		client_failed(call, txn, FAILOVER_TIMEOUT, was_answered);
}

void client_transport_error(struct call *call, struct txn *txn)
{
	uint16_t actions = client_step(txn, txn->flags & TXN_IS_INVITE ?
						    (unsigned int)INVITE_CLIENT_TRANSPORT_ERROR :
						    (unsigned int)NON_INVITE_CLIENT_TRANSPORT_ERROR);

	if (actions & FSM_ERROR)
		client_failed(call, txn, FAILOVER_TRANSPORT_ERROR, false);
}

void client_forget_target(struct txn *txn)
{
	if (txn->flags & TXN_OUTSTANDING)
		__atomic_fetch_sub(&txn->status->outstanding, 1, __ATOMIC_RELAXED);
	txn->flags &= (uint16_t)~TXN_OUTSTANDING;
}

void client_use_target(struct call *call, struct txn *txn, struct txn *branch,
		       const struct route *route)
{
	branch->status = NULL;
	branch->target = 0;
	if (route->target == BALANCE_NONE)
		return;
	const struct balance_target *target = &call->snapshot->targets[route->target];
	branch->target_id = target->id;
	branch->target = (uint16_t)(target->slot + 1);
	branch->status = target->status;
	if (txn->tried_count < BALANCE_TRIED_MAX)
		txn->tried[txn->tried_count++] = target->slot;
	if (!branch->status)
		return;
	branch->flags |= TXN_OUTSTANDING;
	__atomic_fetch_add(&branch->status->outstanding, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&branch->status->requests, 1, __ATOMIC_RELAXED);
}

void client_failed(struct call *call, struct txn *branch, enum failover_cause cause,
		   bool was_answered)
{
	struct proxy *proxy = call->proxy;
	struct txn *txn = txn_parent(proxy, branch);
	uint16_t status = 500; /* a transport error counts as 503 (§16.9), a 503 goes up as 500 */
	struct outcome *outcome;

	if (branch->flags & TXN_IS_PROBE) {
		probe_failed(call, branch, cause, was_answered);
		return;
	}
	if (cause == FAILOVER_TIMEOUT) {
		bool is_invite = (branch->flags & TXN_IS_INVITE) != 0;
		status = is_invite ? 408 : 0;
		if (is_invite)
			proxy->stats.timeouts_invite++;
		else
			proxy->stats.timeouts_non_invite++;
		/* RFC 3263 §4.3: a failure is no response at all; a slow target is not a dead one. */
		outcome = call_outcome(call, branch, OUTCOME_TIMEOUT, 0);
		if (outcome) {
			outcome->delay_us = call_delay_us(call, branch);
			outcome->call = (uint32_t)branch->call_hash;
			outcome->flags |= was_answered ? OUTCOME_WAS_ANSWERED : 0;
		}
		if (branch->status && !was_answered)
			__atomic_fetch_add(&branch->status->timeouts, 1, __ATOMIC_RELAXED);
	} else if (cause == FAILOVER_TRANSPORT_ERROR) {
		outcome = call_outcome(call, branch, OUTCOME_TRANSPORT_ERROR, 0);
		if (outcome)
			outcome->delay_us = call_delay_us(call, branch);
		if (branch->status)
			__atomic_fetch_add(&branch->status->errors, 1, __ATOMIC_RELAXED);
	}
	note_failed(call, branch, cause);
	client_forget_target(branch);
	txn_deadline_clear(branch, DEADLINE_CLIENT_RETRANSMIT);
	txn_deadline_clear(branch, DEADLINE_CLIENT_END);
	/* A CANCEL that still waits for a provisional response, or for its answer, has nothing left
	 * to cancel. */
	cancel_answered(call, branch);
	context_branch_ended(txn, branch);
	if (txn->flags & TXN_IS_OWN || !txn_is_undecided(txn))
		return;
	if (!attempt_failover(call, txn, branch, cause))
		context_failed(call, txn, status);
}
