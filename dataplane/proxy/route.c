/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a request goes: a pure function of snapshot, message and addresses (RFC 3261 §16.4,
 * §16.5, §16.6 items 6 and 7).  Choosing among a pool's targets comes after it.
 *
 * Never an open relay: every next hop is a configured target, lies in the egress interface's
 * peers, or is the source address that a signed Record-Route of ours carries; within a dialog, by a
 * signed route, also a target that was removed since.  And a stranger,
 * neither a target nor a peer itself, reaches by naming a way only what its service's pool holds:
 * calls on another service's trunk are not its to make.
 */
#include "proxy/engine.h"

/* FORGED: a token that does not verify; UNSIGNED: none at all. */
enum own_route { ROUTE_FOREIGN, ROUTE_OWN_SIGNED, ROUTE_OWN_UNSIGNED, ROUTE_OWN_FORGED };

static void reject(struct route *route, enum verdict_reason reason)
{
	route->kind = ROUTE_REJECT;
	route->reason = reason;
}

static bool uri_endpoint(const struct balance_snapshot *snapshot, const struct sip_uri *uri,
			 struct endpoint *out)
{
	struct endpoint endpoint = { .port = uri->port ? uri->port : SIP_PORT };

	if (!balance_host_find(snapshot, uri->maddr.len ? uri->maddr : uri->host,
			       &endpoint.address))
		return false;
	*out = endpoint;
	return true;
}

static bool uri_is_own(const struct balance_snapshot *snapshot, const struct sip_uri *uri)
{
	struct endpoint endpoint;

	return uri->scheme == SIP_URI_SIP && uri_endpoint(snapshot, uri, &endpoint) &&
	       balance_is_own_endpoint(snapshot, &endpoint);
}

static void note_passage(struct route *route, uint16_t service)
{
	for (uint8_t i = 0; i < route->passage_count; i++)
		if (route->passages[i] == service)
			return;
	if (route->passage_count < ROUTE_PASSAGES_MAX)
		route->passages[route->passage_count++] = service;
}

/* Is this URI ours, and does its token verify?  Fills the route's token when it does. */
static enum own_route own_route_of(const struct balance_snapshot *snapshot,
				   const struct sip_message *msg, const struct sip_uri *uri,
				   struct route *route)
{
	struct span text;

	if (!uri_is_own(snapshot, uri))
		return ROUTE_FOREIGN;
	/* What begins a dialog cannot be in it yet: a pre-loaded route, whatever it carries. */
	if (!sip_param_find(uri->params, SPAN(ROUTE_PARAM), &text) || msg->to_tag.len == 0)
		return ROUTE_OWN_UNSIGNED;
	struct route_token token;
	enum route_token_side side = route_token_decode(
		snapshot, text, sip_slice_span(msg, msg->call_id),
		sip_slice_span(msg, msg->from_tag), sip_slice_span(msg, msg->to_tag), &token);
	if (side == ROUTE_TOKEN_FORGED || token.ingress >= snapshot->interface_count ||
	    token.egress >= snapshot->interface_count)
		return ROUTE_OWN_FORGED;
	route->token = token;
	route->side = side;
	route->has_token = true;
	note_passage(route, token.service);
	return ROUTE_OWN_SIGNED;
}

/* The value's URI; false: malformed. */
static bool route_value_uri(struct span value, struct sip_uri *uri)
{
	struct sip_name_addr addr;

	return sip_name_addr_decode(value, &addr) && sip_uri_decode(addr.uri, uri);
}

static uint16_t count_routes(const struct sip_message *msg, struct sip_value_cursor *last)
{
	struct sip_value_cursor at;
	uint16_t n = 0;

	for (bool more = sip_value_first(msg, SIP_HEADER_ROUTE, &at); more;
	     more = sip_value_next(msg, &at)) {
		n++;
		*last = at;
	}
	return n;
}

static bool is_known(const struct balance_snapshot *snapshot, const struct ip_address *address,
		     uint16_t interface)
{
	const struct endpoint any_port = { .address = *address, .port = 0 };

	return balance_is_peer(snapshot, interface, address) ||
	       balance_target_find(snapshot, &any_port) != BALANCE_NONE;
}

static bool is_in_pool(const struct balance_snapshot *snapshot, uint16_t service,
		       const struct endpoint *endpoint)
{
	if (service == BALANCE_NONE)
		return false;
	const struct balance_pool *pool = &snapshot->pools[snapshot->services[service].pool];
	for (uint32_t i = 0; i < pool->target_count; i++)
		if (endpoint_equal(&snapshot->targets[pool->target_first + i].endpoint, endpoint))
			return true;
	return false;
}

/* An address that a request may be sent to; fills next hop and egress.  `named`: the interface
 * that a signed route names, or BALANCE_NONE. */
static bool use_next_hop(const struct balance_snapshot *snapshot, const struct endpoint *endpoint,
			 uint16_t named, bool is_signed_source, struct route *route)
{
	if (balance_is_own_address(snapshot, &endpoint->address)) {
		reject(route, REASON_NEXT_HOP_SELF);
		return false;
	}
	if (endpoint->port == 0 || ip_address_is_bogus(&endpoint->address)) {
		reject(route, REASON_RELAY_DENIED);
		return false;
	}
	uint16_t egress = balance_egress_find(snapshot, &endpoint->address);
	if (named != BALANCE_NONE && (is_signed_source || egress == BALANCE_NONE ||
				      balance_is_peer(snapshot, named, &endpoint->address)))
		egress = named;
	if (egress == BALANCE_NONE) {
		reject(route, REASON_NO_ROUTE);
		return false;
	}
	/* A dialog goes on with the target that answered it, also when that is configured no more. */
	bool is_allowed = is_signed_source || is_known(snapshot, &endpoint->address, egress) ||
			  (route->has_token && balance_was_target(snapshot, &endpoint->address));
	if (route->is_stranger && !route->has_token)
		is_allowed = is_in_pool(snapshot, route->service, endpoint);
	if (!is_allowed) {
		reject(route, REASON_RELAY_DENIED);
		return false;
	}
	route->next_hop = *endpoint;
	route->egress = egress;
	return true;
}

/* A name that `hosts` does not have; false: it is not known, or not yet. */
static bool name_endpoint(const struct sip_uri *uri, struct endpoint *endpoint, struct route *route)
{
	route->name = uri->maddr.len ? uri->maddr : uri->host;
	route->name_port = uri->port;
	return names_find(route->names, route->name, uri->port, route->now, endpoint) ==
	       NAME_FOUND;
}

static void follow_uri(const struct balance_snapshot *snapshot, const struct sip_uri *uri,
		       struct route *route)
{
	struct endpoint endpoint;
	uint16_t named = BALANCE_NONE;

	if (uri->scheme != SIP_URI_SIP) {
		reject(route, REASON_URI_SCHEME);
		return;
	}
	if (!uri_endpoint(snapshot, uri, &endpoint) && !name_endpoint(uri, &endpoint, route)) {
		reject(route, REASON_NAME_UNKNOWN);
		return;
	}
	if (route->has_token)
		named = route->side == ROUTE_TOKEN_FROM_CREATOR ? route->token.egress :
								  route->token.ingress;
	if (!use_next_hop(snapshot, &endpoint, named, false, route))
		return;
	route->kind = route->has_token ? ROUTE_DIALOG : ROUTE_NEXT_HOP;
	route->reason = REASON_DIALOG_REQUEST;
}

/* In-dialog, our signed Route was the last: towards the creator behind NAT by the address that it
 * came from, else by the Request-URI. */
static void follow_dialog(const struct balance_snapshot *snapshot, const struct sip_uri *uri,
			  struct route *route)
{
	if (route->side == ROUTE_TOKEN_TO_CREATOR && route->token.has_source) {
		if (!use_next_hop(snapshot, &route->token.source, route->token.ingress, true,
				  route))
			return;
		route->kind = ROUTE_DIALOG;
		route->reason = REASON_DIALOG_REQUEST;
		return;
	}
	follow_uri(snapshot, uri, route);
}

static bool domain_is_served(const struct balance_snapshot *snapshot,
			     const struct balance_service *service, struct span host)
{
	if (service->domain_count == 0)
		return true;
	for (uint32_t i = 0; i < service->domain_count; i++) {
		const char *domain = snapshot->domains[service->domain_first + i];
		if (span_equal_nocase(host, span_of_string(domain)))
			return true;
	}
	return false;
}

/* Replaces, Join and Target-Dialog name another call: the request follows that one (its value
 * starts with the Call-ID, RFC 3891 §6.1). */
static struct span balance_call_id(const struct sip_message *msg)
{
	static const uint8_t naming[] = { SIP_HEADER_REPLACES, SIP_HEADER_JOIN,
					  SIP_HEADER_TARGET_DIALOG };

	for (size_t i = 0; i < ARRAY_SIZE(naming); i++) {
		const struct sip_header *header = sip_message_find(msg, naming[i]);
		if (!header)
			continue;
		struct span value = sip_header_value(msg, header);
		struct span call_id = span_trim(span_of(value.data, span_find(value, ';')));
		if (call_id.len)
			return call_id;
	}
	return sip_slice_span(msg, msg->call_id);
}

/* To the service's pool. */
static void balance(const struct balance_snapshot *snapshot, const struct sip_message *msg,
		    const struct sip_uri *uri, struct route *route)
{
	if (route->service == BALANCE_NONE) {
		reject(route, REASON_NO_SERVICE);
		return;
	}
	const struct balance_service *service = &snapshot->services[route->service];
	if (!domain_is_served(snapshot, service, uri->host)) {
		reject(route, REASON_DOMAIN_NOT_SERVED);
		return;
	}
	route->pool = service->pool;
	if (snapshot->pools[service->pool].is_request_uri) {
		follow_uri(snapshot, uri, route);
		if (route->kind != ROUTE_REJECT)
			route->reason = REASON_INITIAL_REQUEST;
		return;
	}
	route->kind = ROUTE_TARGET;
	route->reason = REASON_INITIAL_REQUEST;
	route->is_balanced = true;
	route->balance_call_id = balance_call_id(msg);
}

static bool is_for_ourselves(const struct balance_snapshot *snapshot, const struct sip_message *msg,
			     const struct sip_uri *uri)
{
	return msg->method == SIP_METHOD_OPTIONS && uri->user.len == 0 && uri_is_own(snapshot, uri);
}

/* Removes leading Route values of ours in thought; false: rejected.  `at` is left on the first
 * foreign value, *left tells whether there is one. */
static bool take_own_routes(const struct balance_snapshot *snapshot, const struct sip_message *msg,
			    uint16_t count, struct sip_value_cursor *at, struct sip_uri *first,
			    bool *left, struct route *route)
{
	bool more = count > 0 && sip_value_first(msg, SIP_HEADER_ROUTE, at);
	bool to_tag = msg->to_tag.len != 0;

	*left = false;
	for (uint16_t i = 0; more && i < count; i++, more = sip_value_next(msg, at)) {
		if (!route_value_uri(at->value, first)) {
			reject(route, REASON_ROUTE_SYNTAX);
			return false;
		}
		enum own_route own = own_route_of(snapshot, msg, first, route);
		if (own == ROUTE_FOREIGN) {
			*left = true;
			return true;
		}
		/* Without a signature that holds: a pre-loaded route at the start of a dialog, a
		 * forgery within one.  The ACK to a non-2xx repeats its INVITE's unsigned Route
		 * with a To tag (§17.1.1.3). */
		if (own != ROUTE_OWN_SIGNED && to_tag &&
		    (own == ROUTE_OWN_FORGED || msg->method != SIP_METHOD_ACK)) {
			reject(route, REASON_ROUTE_FORGED);
			return false;
		}
		if (route->own_routes == UINT8_MAX) {
			reject(route, REASON_ROUTE_SYNTAX);
			return false;
		}
		route->own_routes++;
	}
	return true;
}

/*
 * §16.4: a Request-URI whose maddr names us.  Come by the port and transport that it names, it loses
 * maddr and port, and all goes on as if it had none.  Else it is for the proxy at that port: this
 * one, by the service that listens there; for a stranger that would be a way around whatever keeps
 * it from that port.  False: rejected.
 */
static bool take_own_maddr(const struct balance_snapshot *snapshot,
			   const struct proxy_datagram *datagram, struct sip_uri *uri,
			   struct route *route)
{
	struct endpoint named = datagram->local;
	struct ip_address maddr;

	if (uri->scheme != SIP_URI_SIP || uri->maddr.len == 0 ||
	    !balance_host_find(snapshot, uri->maddr, &maddr) ||
	    !balance_is_own_address(snapshot, &maddr))
		return true;
	if (uri->transport.len && !span_equal_nocase(uri->transport, SPAN("udp"))) {
		reject(route, REASON_NO_ROUTE);
		return false;
	}
	named.port = uri->port ? uri->port : SIP_PORT;
	if (named.port != datagram->local.port) {
		if (route->is_stranger || !balance_is_own_endpoint(snapshot, &named)) {
			reject(route, route->is_stranger ? REASON_RELAY_DENIED :
							   REASON_NEXT_HOP_SELF);
			return false;
		}
		route->service = balance_service_find(snapshot, &named, &datagram->source);
	}
	route->strips_maddr = true;
	uri->maddr = SPAN_EMPTY;
	uri->port = 0;
	return true;
}

void route_find(const struct balance_snapshot *snapshot, const struct names *names, tick_t now,
		const struct sip_message *msg, const struct proxy_datagram *datagram,
		struct route *route)
{
	struct sip_value_cursor at, last;
	struct sip_uri uri, first;
	bool left;

	*route = (struct route){
		.kind = ROUTE_REJECT,
		.service = balance_service_find(snapshot, &datagram->local, &datagram->source),
		.pool = BALANCE_NONE,
		.target = BALANCE_NONE,
		.egress = BALANCE_NONE,
		.names = names,
		.now = now,
		.is_stranger = !is_known(snapshot, &datagram->source.address, datagram->interface),
	};
	if (!sip_uri_decode(sip_slice_span(msg, msg->request_uri), &uri)) {
		reject(route, REASON_REQUEST_URI_SYNTAX);
		return;
	}
	uint16_t routes = msg->first[SIP_HEADER_ROUTE] ? count_routes(msg, &last) : 0;
	/* §16.4: a strict router before us put our Record-Route value into the Request-URI. */
	if (routes && uri.params.len &&
	    own_route_of(snapshot, msg, &uri, route) == ROUTE_OWN_SIGNED) {
		if (!route_value_uri(last.value, &uri)) {
			reject(route, REASON_ROUTE_SYNTAX);
			return;
		}
		route->was_strict = true;
		route->strict_uri = uri.all;
		routes--;
	}
	if (!take_own_maddr(snapshot, datagram, &uri, route))
		return;
	if (!take_own_routes(snapshot, msg, routes, &at, &first, &left, route))
		return;
	/* A dialog stays with the service that began it, whichever address it comes back to. */
	if (route->has_token && route->token.service < snapshot->service_count)
		route->service = route->token.service;
	bool for_ourselves = !left && msg->to_tag.len == 0 &&
			     is_for_ourselves(snapshot, msg, &uri);
	/* Whom no service takes in gets nowhere by naming a way: only a signed route leads on. */
	if (route->service == BALANCE_NONE && !route->has_token && !for_ourselves) {
		reject(route, REASON_NO_SERVICE);
		return;
	}
	if (left) {
		route->strict_next_hop = !first.has_lr;
		route->strict_hop = first.all;
		follow_uri(snapshot, &first, route);
		return;
	}
	if (route->has_token && !uri_is_own(snapshot, &uri)) {
		follow_dialog(snapshot, &uri, route);
		return;
	}
	if (for_ourselves) {
		route->kind = ROUTE_LOCAL;
		route->reason = REASON_OPTIONS_ALIVE;
		return;
	}
	/* Initial requests; CANCEL and ACK after their INVITE; and what names us, in a dialog. */
	if (msg->to_tag.len == 0 || msg->method == SIP_METHOD_ACK) {
		balance(snapshot, msg, &uri, route);
		return;
	}
	if (!uri_is_own(snapshot, &uri)) {
		follow_uri(snapshot, &uri, route);
		return;
	}
	balance(snapshot, msg, &uri, route);
	if (route->kind == ROUTE_REJECT)
		reject(route, REASON_NO_DIALOG);
	else if (route->kind == ROUTE_TARGET)
		route->reason = REASON_DIALOG_REQUEST;
}

bool route_follow(const struct balance_snapshot *snapshot, const struct sip_uri *uri, bool is_last,
		  struct route *route)
{
	if (is_last)
		follow_dialog(snapshot, uri, route);
	else
		follow_uri(snapshot, uri, route);
	return route->kind == ROUTE_DIALOG;
}

bool route_is_own_signed(const struct balance_snapshot *snapshot, const struct sip_message *msg,
			 struct span value, struct route *route)
{
	struct sip_uri uri;

	return route_value_uri(value, &uri) &&
	       own_route_of(snapshot, msg, &uri, route) == ROUTE_OWN_SIGNED;
}

bool route_use_target(const struct balance_snapshot *snapshot, uint16_t target, struct route *route)
{
	const struct balance_target *t = &snapshot->targets[target];
	uint16_t egress = t->interface != BALANCE_NONE ?
				  t->interface :
				  balance_egress_find(snapshot, &t->endpoint.address);

	if (egress == BALANCE_NONE)
		return false;
	route->target = target;
	route->next_hop = t->endpoint;
	route->egress = egress;
	return true;
}
