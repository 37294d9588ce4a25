/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A request received: match it to its transaction, else validate, route and forward it
 * (RFC 3261 §16.3 to §16.6), statefully, or without state for ACK and a stray CANCEL.
 */
#include "proxy/dialog.h"
#include "proxy/note_add.h"
#include "proxy/timers.h"
#include "sip/index.h"

#define ROWS_ADDED_MAX 8

/* ---- validation, RFC 3261 §16.3 */

static bool is_own_via(const struct balance_snapshot *snapshot, const struct sip_via *via)
{
	struct endpoint endpoint = { .port = via->port ? via->port : SIP_PORT };

	return ip_address_parse(via->host, &endpoint.address) &&
	       balance_is_own_endpoint(snapshot, &endpoint);
}

/* RFC 5393 §4.2.2: a Via of ours whose second part is what this request would get now. */
static bool is_looping(struct call *call, const struct sip_message *msg, uint32_t loop_part)
{
	struct sip_value_cursor at;
	struct sip_via via;
	struct hash128 key;
	uint32_t part;

	for (bool more = sip_value_first(msg, SIP_HEADER_VIA, &at); more;
	     more = sip_value_next(msg, &at)) {
		/* Cheap first: only a Via of ours has our parameter. */
		if (!memmem(at.value.data, at.value.len, ";" SIP_VIA_HINT "=",
			    sizeof(";" SIP_VIA_HINT "=") - 1))
			continue;
		if (sip_via_decode(at.value, &via) && is_own_via(call->snapshot, &via) &&
		    branch_parse(via.branch, &key, &part) && part == loop_part)
			return true;
	}
	return false;
}

/* §21.5.4: so that the sender does not come back while Tandem is away. */
static struct span retry_after_row(struct call *call)
{
	struct text_writer w = call_scratch(call);

	text_put(&w, SPAN("Retry-After: "));
	text_put_u64(&w, call->snapshot->closing_retry_s);
	text_put(&w, SPAN("\r\n"));
	return w.overflow ? SPAN_EMPTY : call_scratch_done(call, &w);
}

/* The rows of a 420's Unsupported: every option of Proxy-Require, since none is supported. */
static struct span unsupported_rows(struct call *call, const struct sip_message *msg)
{
	struct text_writer w = call_scratch(call);
	struct sip_value_cursor at;
	const char *separator = "Unsupported: ";

	for (bool more = sip_value_first(msg, SIP_HEADER_PROXY_REQUIRE, &at); more;
	     more = sip_value_next(msg, &at)) {
		if (at.value.len == 0)
			continue;
		text_put(&w, span_of_string(separator));
		text_put(&w, at.value);
		separator = ", ";
	}
	if (text_written(&w).len)
		text_put(&w, SPAN("\r\n"));
	return w.overflow ? SPAN_EMPTY : call_scratch_done(call, &w);
}

/* What we send is parsed again, for ACK, CANCEL, the next attempt and our own responses: the rows
 * that we add (Via, two Record-Route, Route, Max-Forwards, Max-Breadth) must not push others out
 * of the parser's tables. */
static bool leaves_room(const struct sip_message *msg)
{
	uint32_t lines = 1u + msg->header_count;

	if (msg->header_count > SIP_HEADERS_MAX - ROWS_ADDED_MAX)
		return false;
	for (uint32_t i = 0; i < msg->header_count; i++) {
		const struct sip_header *row = &msg->headers[i];
		if (!(row->flags & SIP_HEADER_FOLDED))
			continue;
		for (const char *at = msg->bytes + row->offset, *end = msg->bytes + row->end - 1;
		     (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
			lines++;
	}
	/* A line has two marks at most: its start and its colon. */
	return 2 * (lines + ROWS_ADDED_MAX) <= SIP_INDEX_MARKS_MAX;
}

/* What came in, at most our maximum (RFC 5393 §5.3.3). */
static uint8_t breadth_of(const struct sip_message *msg)
{
	const struct sip_header *header = sip_message_find(msg, SIP_HEADER_MAX_BREADTH);
	uint64_t breadth = MAX_BREADTH;

	if (header)
		(void)text_parse_u64(sip_header_value(msg, header), MAX_BREADTH, &breadth);
	return (uint8_t)breadth;
}

enum verdict_reason request_validate(const struct sip_message *msg)
{
	struct sip_uri uri;

	if (!leaves_room(msg))
		return REASON_TOO_MANY_HEADERS;
	if (!sip_uri_decode(sip_slice_span(msg, msg->request_uri), &uri))
		return REASON_REQUEST_URI_SYNTAX;
	/* sips: would need TLS. */
	if (uri.scheme == SIP_URI_OTHER || uri.scheme == SIP_URI_SIPS)
		return REASON_URI_SCHEME;
	if (msg->max_forwards == 0)
		return REASON_MAX_FORWARDS_ZERO;
	if (breadth_of(msg) == 0 && msg->method != SIP_METHOD_ACK &&
	    msg->method != SIP_METHOD_CANCEL)
		return REASON_MAX_BREADTH;
	if (msg->first[SIP_HEADER_PROXY_REQUIRE] && msg->method != SIP_METHOD_ACK &&
	    msg->method != SIP_METHOD_CANCEL)
		return REASON_BAD_EXTENSION;
	return VERDICT_REASON_NONE;
}

static struct verdict refuse(struct call *call, struct sip_message *msg, enum verdict_reason reason)
{
	struct span extra = SPAN_EMPTY;

	if (msg->method == SIP_METHOD_ACK)
		return verdict_of(VERDICT_DROP, reason == VERDICT_REASON_NONE ?
							REASON_ACK_UNROUTABLE :
							reason);
	if (reason == REASON_BAD_EXTENSION)
		extra = unsupported_rows(call, msg);
	if (reason == REASON_CLOSING)
		extra = retry_after_row(call);
	return reply_stateless(call, msg, verdict_reasons[reason].status, extra, reason);
}

struct verdict request_refuse(struct call *call, struct sip_message *msg,
			      enum verdict_reason reason)
{
	mark_leave(call, msg, reason);
	return refuse(call, msg, reason);
}

/* ---- forwarding */

static struct via_hint hint_of(struct call *call, const struct endpoint *answer)
{
	return (struct via_hint){
		.shard = call->proxy->config.worker,
		.instance = call->snapshot->instance,
		.epoch = call->snapshot->epoch,
		.sent_second = call_second(call),
		.ingress = (uint8_t)call->datagram->interface,
		.answer = *answer,
		.local = call->datagram->local,
	};
}

/* Edits the datagram in place; where its room does not suffice, a copy in the scratch. */
static bool apply_edits(struct call *call, const struct sip_message *msg, struct span *message,
			bool *in_place)
{
	struct proxy *proxy = call->proxy;
	struct proxy_datagram *datagram = call->datagram;
	char *out;
	uint32_t len;

	*in_place = sip_edit_apply(&proxy->edits, datagram->data, msg->len, datagram->headroom,
				   datagram->tailroom, &out, &len);
	if (*in_place) {
		*message = span_of(out, len);
		return len <= SIP_PAYLOAD_MAX;
	}
	struct text_writer w = call_scratch(call);
	len = sip_edit_copy(&proxy->edits, msg->bytes, msg->len, w.at, (uint32_t)(w.end - w.at));
	if (len == 0 || len > SIP_PAYLOAD_MAX)
		return false;
	w.at += len;
	*message = call_scratch_done(call, &w);
	return true;
}

struct verdict request_forward_stateless(struct call *call, struct sip_message *msg,
					 struct route *route, enum verdict_reason reason)
{
	struct endpoint source, answer;
	struct span message;
	bool in_place;

	(void)call_enter(call, STAGE_COMPOSE);
	compose_answer(call->snapshot, msg, call->datagram, &answer);
	struct hash128 server_key = branch_server_key(call->snapshot, msg);
	struct compose compose = {
		.route = route,
		.key = branch_client_key(call->snapshot, server_key, msg, 0),
		.loop_part = branch_loop_part(call->snapshot, msg, route->service),
		.hint = hint_of(call, &answer),
	};
	/* Each copy of the request leaves alike, whoever sends it and when. */
	compose.hint = (struct via_hint){
		.stateless = true,
		.ingress = compose.hint.ingress,
		.answer = compose.hint.answer,
		.local = compose.hint.local,
	};
	if (!compose_request(call, msg, &compose, &call->proxy->edits, &source))
		return request_refuse(call, msg, REASON_NO_ROUTE);
	if (!apply_edits(call, msg, &message, &in_place))
		return request_refuse(call, msg, REASON_TOO_LARGE);
	call_send(call, message, in_place, (uint8_t)route->egress, &source, &route->next_hop);
	return verdict_of(VERDICT_FORWARD, reason);
}

/* RFC 4320 §4.1: when the client's Timer E reaches T2 (3.5 s by default). */
static uint64_t trying_delay_ms(const struct balance_timers *timers)
{
	uint64_t at = 0;

	for (uint64_t interval = timers->timer_e_ms; interval < timers->t2_ms; interval *= 2)
		at += interval;
	return at;
}

static void txn_describe(struct call *call, struct txn *txn, const struct sip_message *msg,
			 const struct route *route, struct hash128 server_key, uint32_t loop_part)
{
	const struct balance_snapshot *snapshot = call->snapshot;

	txn->server_timers = balance_server_timers(snapshot, route->service);
	txn->client_timers = balance_client_timers(snapshot, route->service, route->pool);
	txn->received_ms = (uint32_t)tick_to_ms(call->now);
	txn->server_key = server_key;
	txn->client_key = branch_client_key(snapshot, server_key, msg, 0);
	txn->loop_part = loop_part;
	txn->method = msg->method;
	if (msg->method == SIP_METHOD_INVITE)
		txn->flags |= TXN_IS_INVITE;
	if (msg->to_tag.len)
		txn->flags |= TXN_HAS_TO_TAG;
	if (msg->body < msg->len)
		txn->flags |= TXN_HAS_OFFER;
	if (route->is_balanced)
		txn->flags |= TXN_IS_BALANCED;
	txn->server_state = txn->flags & TXN_IS_INVITE ? INVITE_SERVER_PROCEEDING :
							 NON_INVITE_SERVER_TRYING;
	txn->ingress = (uint8_t)call->datagram->interface;
	txn->local = call->datagram->local;
	compose_answer(snapshot, msg, call->datagram, &txn->answer);
	txn->service = route->service;
	txn->pool = route->pool;
	txn->breadth_left = breadth_of(msg);
	if (attempt_may_fork(call, txn)) {
		txn->flags |= TXN_FORKS;
		txn->breadth = attempt_breadth(&snapshot->pools[txn->pool], txn);
		txn->breadth_left -= txn->breadth;
	}
	if (route->is_balanced) {
		txn->call_hash = balance_call_hash(snapshot, route->balance_call_id);
		txn->call_key = branch_call_key(snapshot, route->service, route->balance_call_id);
	}
}

/* Where the call went, unless its hash tells that again. */
static void remember(struct call *call, struct txn *txn, const struct route *route)
{
	const struct balance_snapshot *snapshot = call->snapshot;

	if (!route->is_balanced || !route->is_remembered)
		return;
	txn->flags |= TXN_REMEMBERED;
	call_memory_put(call->proxy->calls, txn->call_key, snapshot->targets[route->target].id,
			tick_add(call->now, TICK_MS(timers_call_ms(timers_of_client(call, txn)))),
			call->now);
}

/* §17.2.1: at once, since a target may take longer than 200 ms. */
static void send_trying(struct call *call, const struct sip_message *msg, const struct txn *txn)
{
	struct via_source via_source;

	compose_via_source(msg, &call->datagram->source, &via_source);
	const struct sip_response_options options = {
		.status = 100,
		.received = span_of(via_source.received, via_source.received_len),
		.rport = via_source.rport,
	};
	struct text_writer w = call_scratch(call);
	sip_build_response(&w, msg, &options);
	if (!w.overflow)
		call_send_own(call, call_scratch_done(call, &w), txn->ingress, &txn->local,
			      &txn->answer);
}

static void keep_message(struct call *call, struct held *held, struct span message)
{
	(void)call_enter(call, STAGE_RETAIN);
	memcpy(held->message, message.data, message.len);
}

/* Sends the request and keeps a copy; VERDICT_REASON_NONE, or why it could not be done (nothing
 * was sent then). */
static enum verdict_reason send_first_attempt(struct call *call, struct txn *txn,
					      struct sip_message *msg, const struct route *route)
{
	struct proxy *proxy = call->proxy;
	struct endpoint source;
	struct span message;
	bool in_place;
	struct compose compose = {
		.route = route,
		.key = txn->client_key,
		.loop_part = txn->loop_part,
		.breadth = txn->breadth,
		.hint = hint_of(call, &txn->answer),
	};

	compose.hint.slot = txn->index;
	compose.hint.generation = slot_pool_generation(&proxy->txns, txn->index);
	(void)call_enter(call, STAGE_COMPOSE);
	if (!compose_request(call, msg, &compose, &proxy->edits, &source))
		return REASON_NO_ROUTE;
	/* The copy first: it is what can be refused while the message is still whole. */
	uint32_t len = sip_edit_length(&proxy->edits, msg->len);
	if (len > SIP_PAYLOAD_MAX)
		return REASON_TOO_LARGE;
	(void)call_enter(call, STAGE_RETAIN);
	struct retained *copy = txn_reserve(proxy, PROXY_OWED_REQUEST, len);
	if (!copy)
		return REASON_RETAIN_FULL;
	txn->request = copy;
	struct held *held = held_of(copy);
	held->interface = (uint8_t)route->egress;
	held->source = source;
	held->destination = route->next_hop;
	(void)call_enter(call, STAGE_COMPOSE);
	if (txn->flags & TXN_IS_INVITE)
		send_trying(call, msg, txn);
	if (!apply_edits(call, msg, &message, &in_place))
		return REASON_TOO_LARGE;
	keep_message(call, held, message);
	call_send(call, message, in_place, (uint8_t)route->egress, &source, &route->next_hop);
	return VERDICT_REASON_NONE;
}

static struct verdict start(struct call *call, struct sip_message *msg, struct route *route,
			    struct hash128 server_key, uint32_t loop_part)
{
	struct proxy *proxy = call->proxy;
	(void)call_enter(call, STAGE_TRANSACTION);
	/* Anybody can write a To tag: the reserve is for who knows the dialog, or us. */
	enum verdict_reason refusal = proxy_memory_refusal(
		proxy, msg->to_tag.len && (route->has_token || !route->is_stranger));

	if (refusal != VERDICT_REASON_NONE)
		return request_refuse(call, msg, refusal);
	struct txn *txn = txn_create(proxy);
	if (!txn)
		return request_refuse(call, msg, REASON_TXN_POOL_FULL);
	txn_describe(call, txn, msg, route, server_key, loop_part);
	enum verdict_reason failure = REASON_TXN_POOL_FULL;
	if (!compose_answer_is_usable(call->snapshot, &txn->answer))
		failure = REASON_RESPONSE_ADDRESS;
	else if (txn_table_insert(proxy->table, txn->server_key, txn->index) &&
	    txn_table_insert(proxy->table, txn->client_key, txn->index))
		failure = send_first_attempt(call, txn, msg, route);
	(void)call_enter(call, STAGE_TRANSACTION);
	if (failure != VERDICT_REASON_NONE) {
		txn_destroy(proxy, txn);
		return request_refuse(call, msg, failure);
	}
	remember(call, txn, route);
	txn->flags |= TXN_IS_OPEN;
	txn->open = txn->attempts = 1;
	client_use_target(call, txn, txn, route);
	client_start(call, txn);
	attempt_wait(call, txn);
	if (!(txn->flags & TXN_IS_INVITE))
		txn_deadline_in(call, txn, DEADLINE_TRYING, trying_delay_ms(timers_of_server(call, txn)));
	txn_settle(call, txn);
	return verdict_of(VERDICT_FORWARD, route->reason);
}

/* RFC 3261 §11: an answer to OPTIONS for ourselves tells whether calls would find a target. */
static enum verdict_reason options_reason(const struct balance_snapshot *snapshot,
					  const struct route *route)
{
	if (route->service == BALANCE_NONE)
		return REASON_OPTIONS_NO_TARGET;
	const struct balance_pool *pool = &snapshot->pools[snapshot->services[route->service].pool];
	if (pool->is_request_uri)
		return REASON_OPTIONS_ALIVE;
	/* Full is not dead: who asks would leave a pool alone that has calls to end. */
	return balance_pool_is_usable(snapshot, snapshot->services[route->service].pool) ?
		       REASON_OPTIONS_ALIVE :
		       REASON_OPTIONS_NO_TARGET;
}

enum verdict_reason request_decide(struct call *call, const struct sip_message *msg,
				   struct route *route, uint32_t *loop_part, bool peek)
{
	(void)call_enter(call, STAGE_ROUTE);
	enum verdict_reason failure = request_validate(msg);

	*route = (struct route){ .service = BALANCE_NONE };
	if (failure != VERDICT_REASON_NONE)
		return failure;
	route_find(call->snapshot, &call->proxy->names, call->now, msg, call->datagram, route);
	if (route->kind == ROUTE_REJECT)
		return route->reason;
	bool follows_invite = msg->method == SIP_METHOD_ACK || msg->method == SIP_METHOD_CANCEL;
	/* What is under way goes on.  Without transactions nobody can tell what is. */
	if (call->snapshot->closing_retry_s && !follows_invite && msg->to_tag.len == 0 &&
	    !stateless_serves(call->snapshot, route->service))
		return REASON_CLOSING;
	if (!route->is_balanced)
		note_routed(call, route);
	if (route->kind == ROUTE_LOCAL) {
		route->reason = options_reason(call->snapshot, route);
		return VERDICT_REASON_NONE;
	}
	*loop_part = branch_loop_part(call->snapshot, msg, route->service);
	if (!follows_invite && is_looping(call, msg, *loop_part))
		return REASON_LOOP;
	if (stateless_serves(call->snapshot, route->service))
		return stateless_decide(call, msg, route);
	if (!route->is_balanced)
		return VERDICT_REASON_NONE;
	if (follows_invite)
		return request_select_stray(call, route) ? VERDICT_REASON_NONE : REASON_NO_TARGET;
	route->is_call = msg->method == SIP_METHOD_INVITE;
	return request_select(call, route, NULL, peek);
}

static struct verdict take_new(struct call *call, struct sip_message *msg,
			       struct hash128 server_key)
{
	struct route route;
	uint32_t loop_part;
	enum verdict_reason failure;

	if (mark_find(call, server_key, msg->method, &failure)) {
		(void)refuse(call, msg, failure);
		call->proxy->stats.request_retransmissions_seen++;
		return verdict_of(VERDICT_ABSORB, REASON_RETRANSMISSION);
	}
	failure = request_decide(call, msg, &route, &loop_part, false);
	struct verdict waits;
	if (failure == REASON_NAME_UNKNOWN &&
	    names_wait(call, msg, &route, server_key, &waits, &failure))
		return waits;
	if (failure != VERDICT_REASON_NONE)
		return request_refuse(call, msg, failure);
	if (route.kind == ROUTE_LOCAL)
		return reply_stateless(call, msg, verdict_reasons[route.reason].status, SPAN_EMPTY,
				       route.reason);
	if (route.is_stateless)
		return stateless_forward(call, msg, &route);
	struct dialog_pass pass;
	failure = dialog_check(call, msg, &route, &pass);
	if (failure != VERDICT_REASON_NONE)
		return request_refuse(call, msg, failure);
	struct verdict verdict = start(call, msg, &route, server_key, loop_part);
	if (verdict.kind == VERDICT_FORWARD)
		dialog_request_sent(call, msg, &route, &pass);
	return verdict;
}

/* ---- ACK */

static bool is_ack_to_our_tag(struct call *call, const struct sip_message *msg)
{
	char tag[TAG_TEXT_LEN];

	if (msg->to_tag.len != TAG_TEXT_LEN)
		return false;
	branch_tag(call->snapshot, msg, tag);
	return span_equal(sip_slice_span(msg, msg->to_tag), span_of(tag, TAG_TEXT_LEN));
}

/* `matched`: the ACK belongs to an INVITE in Accepted (a peer without the cookie, whose ACK to a
 * 2xx looks like one to its INVITE). */
static struct verdict forward_ack(struct call *call, struct sip_message *msg, bool matched)
{
	struct route route;
	uint32_t loop_part;
	enum verdict_reason failure = request_decide(call, msg, &route, &loop_part, false);
	struct verdict waits;

	if (failure == REASON_NAME_UNKNOWN &&
	    names_wait(call, msg, &route, branch_server_key(call->snapshot, msg), &waits, &failure))
		return waits;
	if (failure != VERDICT_REASON_NONE)
		return verdict_of(VERDICT_DROP, failure);
	if (route.kind == ROUTE_LOCAL)
		return verdict_of(VERDICT_DROP, REASON_ACK_UNROUTABLE);
	bool is_stray = route.is_balanced && !matched;
	dialog_take_ack(call, msg, &route);
	return request_forward_stateless(call, msg, &route,
					 is_stray ? REASON_STRAY_ACK : REASON_ACK);
}

static struct verdict take_ack(struct call *call, struct sip_message *msg)
{
	struct tombstone *tombstone;
	enum verdict_reason rejection;
	struct hash128 server_key = branch_server_key(call->snapshot, msg);
	struct txn *txn = txn_find_server(call->proxy, server_key, SIP_METHOD_INVITE, &tombstone);

	if (txn) {
		(void)call_enter(call, STAGE_TRANSACTION);
		struct verdict verdict = server_ack(call, txn);
		txn_settle(call, txn);
		return verdict.kind == VERDICT_FORWARD ? forward_ack(call, msg, true) : verdict;
	}
	if (tombstone && tombstone->server_state == INVITE_SERVER_ACCEPTED)
		return forward_ack(call, msg, true);
	if (tombstone)
		return verdict_of(VERDICT_ABSORB, REASON_ACK_NON_2XX);
	if (is_ack_to_our_tag(call, msg) ||
	    mark_find(call, server_key, SIP_METHOD_INVITE, &rejection))
		return verdict_of(VERDICT_ABSORB, REASON_ACK_STATELESS);
	return forward_ack(call, msg, false);
}

struct verdict request_receive(struct call *call, struct sip_message *msg)
{
	struct proxy *proxy = call->proxy;
	struct tombstone *tombstone;

	(void)call_enter(call, STAGE_FIND);
	if (msg->method == SIP_METHOD_ACK)
		return take_ack(call, msg);
	if (msg->method == SIP_METHOD_CANCEL)
		return cancel_receive(call, msg);
	struct hash128 server_key = branch_server_key(call->snapshot, msg);
	struct txn *txn = txn_find_server(proxy, server_key, msg->method, &tombstone);
	if (txn) {
		(void)call_enter(call, STAGE_TRANSACTION);
		struct verdict verdict = server_retransmission(call, txn);
		txn_settle(call, txn);
		return verdict;
	}
	if (tombstone) {
		proxy->stats.request_retransmissions_seen++;
		/* INVITE: Accepted and Confirmed absorb; the copy there is the client's ACK. */
		if (!tombstone->is_invite && tombstone->copy &&
		    tombstone->server_state == NON_INVITE_SERVER_COMPLETED) {
			call_send_held(call, tombstone->copy);
			proxy->stats.responses_resent++;
		}
		return verdict_of(VERDICT_ABSORB, REASON_RETRANSMISSION);
	}
	return take_new(call, msg, server_key);
}
