/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The server side of a transaction: sending responses upstream, and what retransmissions, ACKs and
 * timers do there.  RFC 3261 §17.2, RFC 6026 §7.1.
 */
#include "proxy/note_add.h"
#include "proxy/timers.h"

uint16_t server_step(struct txn *txn, unsigned int event)
{
	const struct fsm_cell *cell = txn->flags & TXN_IS_INVITE ?
					      &fsm_invite_server[txn->server_state][event] :
					      &fsm_non_invite_server[txn->server_state][event];

	txn->server_state = cell->next;
	return cell->actions;
}

unsigned int server_tu_event(const struct txn *txn, uint16_t status)
{
	if (!(txn->flags & TXN_IS_INVITE))
		return status < 200 ? NON_INVITE_SERVER_TU_1XX : NON_INVITE_SERVER_TU_FINAL;
	if (status < 200)
		return INVITE_SERVER_TU_1XX;
	return status < 300 ? INVITE_SERVER_TU_2XX : INVITE_SERVER_TU_300_699;
}

/* The timer that ends the state just entered. */
static void linger(struct call *call, struct txn *txn)
{
	const struct balance_timers *timers = timers_of_server(call, txn);
	uint32_t ms = timers->timer_j_ms;

	if ((txn->flags & TXN_IS_INVITE) && txn->server_state == INVITE_SERVER_CONFIRMED)
		ms = timers->timer_i_ms;
	else if (txn->flags & TXN_IS_INVITE)
		ms = txn->server_state == INVITE_SERVER_COMPLETED ? timers->timer_h_ms :
								    timers->timer_l_ms;
	txn_deadline_in(call, txn, DEADLINE_SERVER_END, ms);
}

void server_respond(struct call *call, struct txn *txn, uint16_t actions, struct span message,
		    bool in_place)
{
	if (actions & FSM_SEND)
		call_send(call, message, in_place, txn->ingress, &txn->local, &txn->answer);
	/* Without memory for the copy the response went out once; the caller's retransmission is
	 * then absorbed unanswered, and the store counts the refusal. */
	if (actions & FSM_RETAIN)
		(void)txn_hold(call, &txn->response, PROXY_OWED_RESPONSE, message, txn->ingress,
			       &txn->local, &txn->answer);
	if (actions & FSM_RETRANSMIT) {
		txn->server_interval_ms = timers_of_server(call, txn)->timer_g_ms;
		txn_deadline_in(call, txn, DEADLINE_SERVER_RETRANSMIT, txn->server_interval_ms);
	}
	if (actions & FSM_LINGER)
		linger(call, txn);
	if (actions & FSM_RELEASE)
		txn_release(call->proxy, &txn->response);
	if (actions & (FSM_LINGER | FSM_RETAIN))
		txn_deadline_clear(txn, DEADLINE_TRYING);
}

/* A response of our own out of the request as sent: our own Via is taken off first. */
static struct span build_from_sent(struct call *call, const struct txn *txn, uint16_t status)
{
	struct proxy *proxy = call->proxy;
	char tag[TAG_TEXT_LEN];

	if (!txn->request)
		return SPAN_EMPTY;
	struct span sent = held_message(txn->request);
	if (sip_message_parse(&proxy->sent, sent.data, (uint32_t)sent.len) != VERDICT_REASON_NONE)
		return SPAN_EMPTY;
	struct sip_edit_list edits;
	sip_edit_init(&edits);
	compose_pop_via(&proxy->sent, &edits);
	struct text_writer w = call_scratch(call);
	uint32_t len = sip_edit_copy(&edits, sent.data, (uint32_t)sent.len, w.at,
				     (uint32_t)(w.end - w.at));
	if (len == 0)
		return SPAN_EMPTY;
	w.at += len;
	struct span received = call_scratch_done(call, &w);
	if (sip_message_parse(&proxy->sent, received.data, (uint32_t)received.len) !=
	    VERDICT_REASON_NONE)
		return SPAN_EMPTY;
	branch_tag(call->snapshot, &proxy->sent, tag);
	uint64_t rport = 0;
	(void)text_parse_u64(proxy->sent.via.rport, UINT16_MAX, &rport);
	const struct sip_response_options options = {
		.status = status,
		.to_tag = status == 100 ? SPAN_EMPTY : span_of(tag, TAG_TEXT_LEN),
		.received = proxy->sent.via.received,
		.rport = (uint16_t)rport,
	};
	w = call_scratch(call);
	sip_build_response(&w, &proxy->sent, &options);
	return w.overflow ? SPAN_EMPTY : call_scratch_done(call, &w);
}

/* The server side stays for Timer J: what the caller repeats meanwhile is absorbed and not
 * forwarded a second time. */
void server_stay_silent(struct call *call, struct txn *txn)
{
	/* An absorbed 408 answers nobody: the 100 that is due later still goes (RFC 4320 §4.1), and
	 * is what copies of the request get.  When a timer drives, the caller's has run out too. */
	if (txn->deadlines[DEADLINE_TRYING] != TICK_NEVER) {
		txn->flags |= TXN_IS_SILENT;
		return;
	}
	uint16_t actions = server_step(txn, NON_INVITE_SERVER_TU_FINAL);
	server_respond(call, txn, actions & FSM_LINGER, SPAN_EMPTY, false);
	if (!call->datagram)
		txn_release(call->proxy, &txn->response);
}

void server_reply(struct call *call, struct txn *txn, uint16_t status)
{
	enum stage before = call_enter(call, STAGE_COMPOSE);
	struct span message = build_from_sent(call, txn, status);
	(void)call_enter(call, before);
	uint16_t actions = server_step(txn, server_tu_event(txn, status));
	const uint32_t sent_before = call->outbox->count;

	if (message.len == 0)
		actions &= (uint16_t) ~(FSM_SEND | FSM_RETAIN);
	server_respond(call, txn, actions, message, false);
	call_sent_as(call, sent_before, OUTBOX_OWN);
}

struct verdict server_retransmission(struct call *call, struct txn *txn)
{
	struct proxy *proxy = call->proxy;
	uint16_t actions = server_step(txn, txn->flags & TXN_IS_INVITE ?
						    (unsigned int)INVITE_SERVER_INVITE :
						    (unsigned int)NON_INVITE_SERVER_REQUEST);

	proxy->stats.request_retransmissions_seen++;
	peer_note_copy(call, txn);
	if (actions & FSM_RESEND) {
		if (txn->response) {
			call_send_held(call, txn->response);
			proxy->stats.responses_resent++;
		} else if ((txn->flags & TXN_IS_INVITE) && txn->request) {
			/* The 100 is cheaper to make again than to keep. */
			struct span trying = build_from_sent(call, txn, 100);
			if (trying.len) {
				call_send_own(call, trying, txn->ingress, &txn->local,
					      &txn->answer);
				proxy->stats.responses_resent++;
			}
		}
	}
	return verdict_of(VERDICT_ABSORB, REASON_RETRANSMISSION);
}

struct verdict server_ack(struct call *call, struct txn *txn)
{
	uint16_t actions = server_step(txn, INVITE_SERVER_ACK);

	if (actions & FSM_PASS_UP)
		return verdict_of(VERDICT_FORWARD, REASON_ACK);
	if (actions & FSM_QUIET)
		txn_deadline_clear(txn, DEADLINE_SERVER_RETRANSMIT);
	if (actions & FSM_LINGER)
		linger(call, txn);
	if (actions & FSM_RELEASE)
		txn_release(call->proxy, &txn->response);
	return verdict_of(VERDICT_ABSORB, REASON_ACK_NON_2XX);
}

void server_retransmit_due(struct call *call, struct txn *txn)
{
	uint16_t actions = server_step(txn, INVITE_SERVER_TIMER_G);

	txn_deadline_clear(txn, DEADLINE_SERVER_RETRANSMIT);
	if ((actions & FSM_RESEND) && txn->response) {
		call_send_held(call, txn->response);
		call->proxy->stats.responses_resent++;
	}
	if (actions & FSM_BACK_OFF) {
		txn->server_interval_ms = MIN(txn->server_interval_ms * 2,
					      timers_of_server(call, txn)->t2_ms);
		txn_deadline_in(call, txn, DEADLINE_SERVER_RETRANSMIT, txn->server_interval_ms);
	}
}

void server_end_due(struct call *call, struct txn *txn)
{
	txn_deadline_clear(txn, DEADLINE_SERVER_END);
	if (!(txn->flags & TXN_IS_INVITE)) {
		(void)server_step(txn, NON_INVITE_SERVER_TIMER_J);
	} else if (txn->server_state == INVITE_SERVER_COMPLETED) {
		/* Timer H: no ACK came; a proxy has nothing more to do about it. */
		(void)server_step(txn, INVITE_SERVER_TIMER_H);
		txn_deadline_clear(txn, DEADLINE_SERVER_RETRANSMIT);
	} else if (txn->server_state == INVITE_SERVER_CONFIRMED) {
		(void)server_step(txn, INVITE_SERVER_TIMER_I);
	} else {
		(void)server_step(txn, INVITE_SERVER_TIMER_L);
	}
	txn_release(call->proxy, &txn->response);
}

/* RFC 4320 §4.1: a non-INVITE not answered when the client's Timer E has reached T2 gets a 100. */
void server_trying_due(struct call *call, struct txn *txn)
{
	txn_deadline_clear(txn, DEADLINE_TRYING);
	if (txn->server_state == NON_INVITE_SERVER_TRYING && txn->request)
		server_reply(call, txn, 100);
	if (!(txn->flags & TXN_IS_SILENT))
		return;
	uint16_t actions = server_step(txn, NON_INVITE_SERVER_TU_FINAL);
	server_respond(call, txn, actions & FSM_LINGER, SPAN_EMPTY, false);
}
