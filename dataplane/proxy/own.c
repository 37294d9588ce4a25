/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Requests of our own, in dialogs of others or to a target: where they go is the caller's business,
 * here they are written, sent as non-INVITE client transactions (RFC 3261 §17.1.2), and their answers
 * end.
 */
#include "proxy/note_add.h"
#include "proxy/own.h"
#include "proxy/timers.h"

struct span own_compose(struct call *call, const struct own_request *own, const struct txn *slot,
			struct endpoint *source)
{
	struct proxy *proxy = call->proxy;
	const struct balance_snapshot *snapshot = call->snapshot;
	const struct route *route = own->route;

	if (!balance_own_endpoint(snapshot, route->egress, route->next_hop.address.family, source))
		return SPAN_EMPTY;
	const struct compose compose = {
		.route = route,
		.key = own->key,
		.hint = {
			.shard = proxy->config.worker,
			.instance = snapshot->instance,
			.epoch = snapshot->epoch,
			.sent_second = call_second(call),
			.slot = slot ? slot->index : SLOT_NONE,
			.generation = slot ? slot_pool_generation(&proxy->txns, slot->index) : 0,
			.ingress = (uint8_t)route->egress,
			.answer = route->next_hop,
			.local = *source,
		},
	};
	struct text_writer w = call_scratch(call);
	struct span method = sip_method_token(own->method);
	text_put(&w, method);
	text_put_char(&w, ' ');
	text_put(&w, own->request_uri);
	text_put(&w, SPAN(" SIP/2.0\r\n"));
	compose_put_via(&w, snapshot, &compose, source);
	text_put(&w, SPAN("Max-Forwards: 70\r\n"));
	text_put(&w, own->routes);
	text_put(&w, own->rows);
	text_put(&w, SPAN("From: "));
	text_put(&w, own->from);
	text_put(&w, SPAN("\r\nTo: "));
	text_put(&w, own->to);
	text_put(&w, SPAN("\r\nCall-ID: "));
	text_put(&w, own->call_id);
	text_put(&w, SPAN("\r\nCSeq: "));
	text_put_u64(&w, own->cseq);
	text_put_char(&w, ' ');
	text_put(&w, method);
	if (own->sdp.len)
		text_put(&w, SPAN("\r\nContent-Type: application/sdp"));
	text_put(&w, SPAN("\r\nContent-Length: "));
	text_put_u64(&w, own->sdp.len);
	text_put(&w, SPAN("\r\n\r\n"));
	text_put(&w, own->sdp);
	return w.overflow ? SPAN_EMPTY : call_scratch_done(call, &w);
}

/* Makes the transaction what answers will find.  False: no room, or nothing to send. */
static bool own_keep(struct call *call, const struct own_request *own, struct txn *txn,
		     struct span message, const struct endpoint *source)
{
	struct proxy *proxy = call->proxy;
	const struct route *route = own->route;

	txn->flags = TXN_IS_OWN | TXN_IS_OPEN | (own->is_probe ? TXN_IS_PROBE : 0);
	txn->open = txn->attempts = 1;
	txn->method = (uint8_t)own->method;
	txn->received_ms = (uint32_t)tick_to_ms(call->now);
	txn->service = own->service;
	txn->pool = BALANCE_NONE;
	txn->server_state = NON_INVITE_SERVER_TERMINATED;
	txn->client_key = own->key;
	txn->ingress = (uint8_t)route->egress;
	txn->local = *source;
	txn->answer = route->next_hop;
	txn->server_timers = txn->client_timers = balance_client_timers(
		call->snapshot, own->service, own->is_probe ? own->pool : BALANCE_NONE);
	return message.len && txn_table_insert(proxy->table, txn->client_key, txn->index) &&
	       txn_hold(call, &txn->request, PROXY_OWED_REQUEST, message, (uint8_t)route->egress,
			source, &route->next_hop);
}

struct txn *own_start(struct call *call, const struct own_request *own)
{
	struct proxy *proxy = call->proxy;
	const struct route *route = own->route;
	struct endpoint source;
	struct txn *txn = txn_create(proxy);
	struct span message = own_compose(call, own, txn, &source);
	bool is_kept = txn && own_keep(call, own, txn, message, &source);

	if (message.len && (is_kept || !own->is_probe))
		call_send_own(call, message, (uint8_t)route->egress, &source, &route->next_hop);
	if (!own->is_probe)
		proxy->stats.own_requests++;
	if (!is_kept) {
		if (txn)
			txn_destroy(proxy, txn);
		return NULL;
	}
	client_start(call, txn);
	return txn;
}

struct verdict own_response(struct call *call, struct txn *txn, const struct sip_message *msg)
{
	uint16_t actions = client_step(txn, client_event(txn, msg->status));

	if (actions & FSM_QUIET)
		txn_deadline_clear(txn, DEADLINE_CLIENT_RETRANSMIT);
	if (actions & FSM_LINGER)
		client_linger(call, txn);
	if (msg->status >= 200)
		context_branch_ended(txn, txn);
	return verdict_of(VERDICT_ABSORB, REASON_OWN_RESPONSE);
}
