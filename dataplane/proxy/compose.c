/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The edits that turn a message received into the one sent: Via pushed and popped, Record-Route,
 * Path, Route, Request-URI, Max-Forwards, Max-Breadth (RFC 3261 §16.6, §16.7 item 3; RFC 5658;
 * RFC 3327; RFC 5393 §5.3.3).  All that is inserted goes in front of the first header row, in one
 * piece, so that an edit in place moves no more than the start line.
 */
#include "proxy/engine.h"
#include "sip/request_uri.h"

void compose_via_source(const struct sip_message *msg, const struct endpoint *source,
			struct via_source *out)
{
	const struct sip_via *via = &msg->via;
	struct ip_address host;

	out->received_len = 0;
	out->rport = via->has_rport ? source->port : 0;
	/* RFC 3581 §4: with rport, received always; else only where sent-by is not the source. */
	if (!via->has_rport && ip_address_parse(via->host, &host) &&
	    ip_address_equal(&host, &source->address))
		return;
	struct text_writer w = text_writer_of(out->received, sizeof(out->received));
	ip_address_put(&w, &source->address);
	out->received_len = text_written(&w).len;
}

/* maddr could aim our answers at anyone: it counts towards peers, of whom we are none, and towards
 * the sender itself. */
static bool maddr_decode(const struct balance_snapshot *snapshot, const struct sip_via *via,
			 const struct proxy_datagram *datagram, struct ip_address *maddr)
{
	const struct ip_address *source = &datagram->source.address;

	return via->maddr.len && balance_host_find(snapshot, via->maddr, maddr) &&
	       maddr->family == source->family &&
	       (ip_address_equal(maddr, source) ||
		balance_is_peer(snapshot, datagram->interface, maddr)) &&
	       !balance_is_own_address(snapshot, maddr);
}

void compose_answer(const struct balance_snapshot *snapshot, const struct sip_message *msg,
		    const struct proxy_datagram *datagram, struct endpoint *answer)
{
	const struct sip_via *via = &msg->via;
	struct ip_address maddr;

	*answer = datagram->source;
	/* RFC 3581 §4: rport decides only where there is no maddr. */
	if (maddr_decode(snapshot, via, datagram, &maddr))
		answer->address = maddr;
	else if (via->has_rport)
		return;
	answer->port = via->port ? via->port : SIP_PORT;
}

bool compose_answer_is_usable(const struct balance_snapshot *snapshot,
			      const struct endpoint *answer)
{
	return answer->port != 0 && !ip_address_is_bogus(&answer->address) &&
	       !balance_is_own_endpoint(snapshot, answer);
}

/* ";a=b;received=..;rport" without any received and rport, and with ours. */
static void put_via_params(struct text_writer *w, struct span params,
			   const struct via_source *source)
{
	while (params.len) {
		size_t end = 1;
		bool quoted = false;
		for (; end < params.len && (quoted || params.data[end] != ';'); end++) {
			if (params.data[end] == '\\' && quoted)
				end++;
			else if (params.data[end] == '"')
				quoted = !quoted;
		}
		end = MIN(end, params.len);
		struct span one = span_of(params.data, end);
		struct span name = span_from(one, 1);
		name = span_trim(span_of(name.data, span_find(name, '=')));
		if (!span_equal_nocase(name, SPAN("received")) &&
		    !span_equal_nocase(name, SPAN("rport")))
			text_put(w, one);
		params = span_from(params, end);
	}
	if (source->received_len) {
		text_put(w, SPAN(";received="));
		text_put(w, span_of(source->received, source->received_len));
	}
	if (source->rport) {
		text_put(w, SPAN(";rport="));
		text_put_u64(w, source->rport);
	}
}

static void edit_top_via(const struct sip_message *msg, const struct endpoint *source,
			 struct sip_edit_list *edits)
{
	const struct sip_via *via = &msg->via;
	struct via_source via_source;

	compose_via_source(msg, source, &via_source);
	if (!via->has_rport && via->received.len == 0 && via_source.received_len == 0)
		return;
	struct text_writer w = sip_edit_open(edits);
	put_via_params(&w, via->params, &via_source);
	const char *at = via->params.len ? via->params.data : via->value.data + via->value.len;
	sip_edit_commit(edits, &w, (uint32_t)(at - msg->bytes), (uint32_t)via->params.len);
}

void compose_put_via(struct text_writer *w, const struct balance_snapshot *snapshot,
		     const struct compose *compose, const struct endpoint *source)
{
	char text[BRANCH_TEXT_LEN];
	struct text_writer branch = text_writer_of(text, sizeof(text));

	branch_put(&branch, compose->key, compose->loop_part);
	text_put(w, SPAN("Via: SIP/2.0/UDP "));
	endpoint_put(w, source);
	text_put(w, SPAN(";branch="));
	text_put(w, text_written(&branch));
	text_put(w, SPAN(";" SIP_VIA_HINT "="));
	via_hint_encode(snapshot, &compose->hint, text_written(&branch), w);
	text_put(w, SPAN("\r\n"));
}

/* One URI of ours with its token, as a row of `name`. */
static void put_route_row(struct text_writer *w, const struct balance_snapshot *snapshot,
			  struct span name, const struct endpoint *own,
			  const struct route_token *token, struct span call_id,
			  struct span creator_tag)
{
	text_put(w, name);
	text_put(w, SPAN(": <sip:"));
	endpoint_put(w, own);
	text_put(w, SPAN(";lr;" ROUTE_PARAM "="));
	route_token_encode(snapshot, token, call_id, creator_tag, w);
	text_put(w, SPAN(">\r\n"));
}

static bool has_option(const struct sip_message *msg, enum sip_header_id id, struct span option)
{
	struct sip_value_cursor at;

	for (bool more = sip_value_first(msg, id, &at); more; more = sip_value_next(msg, &at))
		if (span_equal_nocase(at.value, option))
			return true;
	return false;
}

/* "Record-Route", "Path", or nothing for this request (RFC 3261 §16.6 item 4, RFC 3327 §5.2;
 * NOTIFY always, RFC 6665 §4.3). */
static struct span route_header(const struct balance_snapshot *snapshot,
				const struct sip_message *msg, const struct route *route)
{
	if (msg->method == SIP_METHOD_ACK || msg->method == SIP_METHOD_CANCEL ||
	    route->service == BALANCE_NONE)
		return SPAN_EMPTY;
	if (msg->method == SIP_METHOD_REGISTER)
		return has_option(msg, SIP_HEADER_SUPPORTED, SPAN("path")) ? SPAN("Path") :
									     SPAN_EMPTY;
	if (!snapshot->services[route->service].record_route && msg->method != SIP_METHOD_NOTIFY)
		return SPAN_EMPTY;
	return SPAN("Record-Route");
}

/* The outgoing side on top, the incoming one below where they differ (RFC 5658 §5). */
static void put_routes(struct text_writer *w, const struct balance_snapshot *snapshot,
		       const struct sip_message *msg, struct span name,
		       const struct route_token *base, bool towards_creator,
		       const struct endpoint *out, const struct endpoint *in)
{
	struct span call_id = sip_slice_span(msg, msg->call_id);
	struct span tag = sip_slice_span(msg, towards_creator ? msg->to_tag : msg->from_tag);
	struct route_token token = *base;
	bool is_double = base->ingress != base->egress ||
			 out->address.family != in->address.family;

	if (is_double) {
		token.inner = !towards_creator;
		put_route_row(w, snapshot, name, out, &token, call_id, tag);
		token.inner = towards_creator;
		put_route_row(w, snapshot, name, in, &token, call_id, tag);
		return;
	}
	token.inner = false;
	put_route_row(w, snapshot, name, in, &token, call_id, tag);
}

static struct route_token new_token(const struct call *call, const struct sip_message *msg,
				    const struct route *route)
{
	const struct balance_service *service = &call->snapshot->services[route->service];
	struct route_token token = {
		.ingress = (uint8_t)call->datagram->interface,
		.egress = (uint8_t)route->egress,
		.service = route->service,
	};

	/* Only the first hop's own address helps, and only a creator with one Via is it. */
	if (service->nat == NAT_AUTO && msg->via_values == 1) {
		token.has_source = true;
		token.source = call->datagram->source;
	}
	return token;
}

static void put_record_route(struct text_writer *w, struct call *call,
			     const struct sip_message *msg, const struct route *route,
			     const struct endpoint *source)
{
	struct span name = route_header(call->snapshot, msg, route);

	if (name.len == 0)
		return;
	if (route->has_token) {
		put_routes(w, call->snapshot, msg, name, &route->token,
			   route->side == ROUTE_TOKEN_TO_CREATOR, source, &call->datagram->local);
		return;
	}
	struct route_token token = new_token(call, msg, route);
	put_routes(w, call->snapshot, msg, name, &token, false, source, &call->datagram->local);
}

static void put_pushed_route(struct text_writer *w, const struct balance_snapshot *snapshot,
			     const struct route *route)
{
	if (!route->is_balanced || route->service == BALANCE_NONE ||
	    !snapshot->services[route->service].push_route)
		return;
	text_put(w, SPAN("Route: <sip:"));
	endpoint_put(w, &route->next_hop);
	text_put(w, SPAN(";lr>\r\n"));
}

static void edit_max_forwards(const struct sip_message *msg, struct text_writer *top,
			      struct sip_edit_list *edits, char *digits)
{
	const struct sip_header *header = sip_message_find(msg, SIP_HEADER_MAX_FORWARDS);

	if (!header || msg->max_forwards < 0) {
		text_put(top, SPAN("Max-Forwards: "));
		text_put_u64(top, MAX_FORWARDS_DEFAULT);
		text_put(top, SPAN("\r\n"));
		return;
	}
	struct text_writer w = text_writer_of(digits, 8);
	text_put_u64(&w, (uint64_t)(msg->max_forwards > 0 ? msg->max_forwards - 1 : 0));
	sip_edit_replace(edits, header->value, header->value_len, text_written(&w));
}

/* `share`: of a request that may fork; 0: all of what came in, at most our maximum. */
static void edit_max_breadth(const struct sip_message *msg, uint8_t share, struct text_writer *top,
			     struct sip_edit_list *edits)
{
	const struct sip_header *header = sip_message_find(msg, SIP_HEADER_MAX_BREADTH);
	uint64_t breadth;

	if (msg->method == SIP_METHOD_ACK || msg->method == SIP_METHOD_CANCEL)
		return; /* RFC 5393 §5.4.1 */
	if (header && !share &&
	    text_parse_u64(sip_header_value(msg, header), MAX_BREADTH, &breadth))
		return;
	struct text_writer w = header ? sip_edit_open(edits) : *top;
	if (!header)
		text_put(&w, SPAN("Max-Breadth: "));
	text_put_u64(&w, share ? share : MAX_BREADTH);
	if (header) {
		sip_edit_commit(edits, &w, header->value, header->value_len);
		return;
	}
	text_put(&w, SPAN("\r\n"));
	*top = w;
}

/* The Request-URI as it counts after §16.4: a strict router's exchange undone, maddr gone. */
static void put_received_uri(struct text_writer *w, const struct sip_message *msg,
			     const struct route *route)
{
	struct span text = route->was_strict ? route->strict_uri :
					       sip_slice_span(msg, msg->request_uri);
	struct sip_uri uri;

	if ((route->was_strict || route->strips_maddr) && sip_uri_decode(text, &uri))
		sip_request_uri_put(w, &uri, route->strips_maddr, SPAN_EMPTY);
	else
		text_put(w, text);
}

/* Rewrites one Route row to the values kept; a row that keeps none goes. */
struct route_row {
	const struct sip_header *header;
	uint16_t values, kept;
};

static bool route_value_is_removed(const struct route *route, uint16_t i, uint16_t total)
{
	uint16_t removed_first = route->own_routes;

	if (route->strict_next_hop)
		removed_first++; /* moved into the Request-URI */
	return i < removed_first || (route->was_strict && i == total - 1);
}

/* `appended`: the route whose Request-URI is to be the last value, or NULL. */
static void close_row(struct sip_edit_list *edits, const struct route_row *row,
		      struct text_writer *w, const struct sip_message *msg,
		      const struct route *appended)
{
	if (!row->header)
		return;
	if (appended) {
		text_put(w, row->kept ? SPAN(", <") : SPAN("<"));
		put_received_uri(w, msg, appended);
		text_put_char(w, '>');
	} else if (row->kept == row->values) {
		return;
	} else if (row->kept == 0) {
		sip_edit_remove(edits, row->header->offset,
				(uint32_t)(row->header->end - row->header->offset));
		return;
	}
	sip_edit_commit(edits, w, row->header->value, row->header->value_len);
}

/* Takes our own values off, and does what strict routers before and after us need. */
static void edit_routes(const struct sip_message *msg, const struct route *route,
			struct sip_edit_list *edits)
{
	struct sip_value_cursor at;
	struct route_row row = { .header = NULL };
	struct text_writer w = { .overflow = false };
	uint16_t total = 0, i = 0;

	if (!route->own_routes && !route->was_strict && !route->strict_next_hop)
		return;
	for (bool more = sip_value_first(msg, SIP_HEADER_ROUTE, &at); more;
	     more = sip_value_next(msg, &at))
		total++;
	for (bool more = sip_value_first(msg, SIP_HEADER_ROUTE, &at); more;
	     more = sip_value_next(msg, &at), i++) {
		if (at.row != row.header) {
			close_row(edits, &row, &w, msg, NULL);
			row = (struct route_row){ .header = at.row };
			w = sip_edit_open(edits);
		}
		row.values++;
		if (route_value_is_removed(route, i, total))
			continue;
		if (row.kept++)
			text_put(&w, SPAN(", "));
		text_put(&w, at.value);
	}
	close_row(edits, &row, &w, msg, route->strict_next_hop ? route : NULL);
}

/* A strict next hop's URI, else the one received, its host replaced where the service wants it. */
static void edit_request_uri(const struct balance_snapshot *snapshot, const struct sip_message *msg,
			     const struct route *route, struct sip_edit_list *edits)
{
	struct span text = route->strict_next_hop ? route->strict_hop :
			   route->was_strict	  ? route->strict_uri :
						    sip_slice_span(msg, msg->request_uri);
	bool is_moved = route->strict_next_hop || route->was_strict;
	bool rewrites = route->is_balanced && route->service != BALANCE_NONE &&
			snapshot->services[route->service].rewrite_host && !is_moved;
	char host[ENDPOINT_TEXT_MAX];
	struct sip_uri uri;

	if (!is_moved && !rewrites && !route->strips_maddr)
		return;
	if (!sip_uri_decode(text, &uri))
		return;
	struct text_writer host_port = text_writer_of(host, sizeof(host));
	if (rewrites)
		endpoint_put(&host_port, &route->next_hop);
	struct text_writer w = sip_edit_open(edits);
	sip_request_uri_put(&w, &uri, route->strips_maddr && !route->strict_next_hop,
			    text_written(&host_port));
	sip_edit_commit(edits, &w, msg->request_uri.offset, msg->request_uri.len);
}

bool compose_request(struct call *call, const struct sip_message *msg,
		     const struct compose *compose, struct sip_edit_list *edits,
		     struct endpoint *source)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	const struct route *route = compose->route;
	char digits[8], text[1024];

	if (!balance_own_endpoint(snapshot, route->egress, route->next_hop.address.family, source))
		return false;
	sip_edit_init(edits);
	struct text_writer top = text_writer_of(text, sizeof(text));
	compose_put_via(&top, snapshot, compose, source);
	put_record_route(&top, call, msg, route, source);
	put_pushed_route(&top, snapshot, route);
	edit_max_forwards(msg, &top, edits, digits);
	edit_max_breadth(msg, compose->breadth, &top, edits);
	sip_edit_insert(edits, msg->start_line_end, text_written(&top));
	edit_top_via(msg, &call->datagram->source, edits);
	edit_routes(msg, route, edits);
	edit_request_uri(snapshot, msg, route, edits);
	return !edits->overflow && !top.overflow;
}

/* Our Record-Route (or Path) rows on top of what was sent: removed, made anew for the new egress. */
static void renew_routes(struct call *call, const struct sip_message *sent,
			 const struct compose *compose, const struct endpoint *source,
			 struct text_writer *top, struct sip_edit_list *edits)
{
	struct span name = route_header(call->snapshot, sent, compose->route);
	struct sip_name_addr addr;
	struct sip_uri uri;
	struct span text;
	struct route_token token;

	if (name.len == 0)
		return;
	const struct sip_header *row = sip_message_find(
		sent, sent->method == SIP_METHOD_REGISTER ? SIP_HEADER_PATH :
							    SIP_HEADER_RECORD_ROUTE);
	if (!row || !sip_name_addr_decode(sip_header_value(sent, row), &addr) ||
	    !sip_uri_decode(addr.uri, &uri) ||
	    !sip_param_find(uri.params, SPAN(ROUTE_PARAM), &text) ||
	    route_token_decode(call->snapshot, text, sip_slice_span(sent, sent->call_id),
			       sip_slice_span(sent, sent->from_tag), SPAN_EMPTY,
			       &token) == ROUTE_TOKEN_FORGED)
		return;
	sip_edit_remove(edits, row->offset, (uint32_t)(row->end - row->offset));
	const struct sip_header *below = sip_message_find_next(sent, row);
	if (token.inner && below)
		sip_edit_remove(edits, below->offset, (uint32_t)(below->end - below->offset));
	token.egress = (uint8_t)compose->route->egress;
	put_routes(top, call->snapshot, sent, name, &token, false, source, &compose->hint.local);
}

bool compose_next_attempt(struct call *call, const struct sip_message *sent,
			  const struct compose *compose, struct sip_edit_list *edits,
			  struct endpoint *source)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	const struct route *route = compose->route;
	const struct sip_header *via = sip_message_find(sent, SIP_HEADER_VIA);
	char text[1024];

	if (!via ||
	    !balance_own_endpoint(snapshot, route->egress, route->next_hop.address.family, source))
		return false;
	sip_edit_init(edits);
	struct text_writer top = text_writer_of(text, sizeof(text));
	compose_put_via(&top, snapshot, compose, source);
	sip_edit_remove(edits, via->offset, (uint32_t)(via->end - via->offset));
	renew_routes(call, sent, compose, source, &top, edits);
	if (route->service != BALANCE_NONE && snapshot->services[route->service].push_route) {
		const struct sip_header *pushed = sip_message_find(sent, SIP_HEADER_ROUTE);
		if (pushed)
			sip_edit_remove(edits, pushed->offset,
					(uint32_t)(pushed->end - pushed->offset));
		put_pushed_route(&top, snapshot, route);
	}
	if (compose->breadth)
		edit_max_breadth(sent, compose->breadth, &top, edits);
	sip_edit_insert(edits, sent->start_line_end, text_written(&top));
	edit_request_uri(snapshot, sent, route, edits);
	return !edits->overflow && !top.overflow;
}

void compose_pop_via(const struct sip_message *msg, struct sip_edit_list *edits)
{
	struct sip_value_cursor at;

	if (!sip_value_first(msg, SIP_HEADER_VIA, &at))
		return;
	const struct sip_header *row = at.row;
	if (at.last_in_row) {
		sip_edit_remove(edits, row->offset, (uint32_t)(row->end - row->offset));
		return;
	}
	uint16_t from = row->value;
	if (sip_value_next(msg, &at))
		sip_edit_remove(edits, from, (uint32_t)(at.offset - from));
}
