/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The two legs of a dialog as its 2xx tells them: what a request of our own towards one party
 * needs (RFC 3261 §12.1, §12.2.1.1), as the other party would send it.
 */
#include "proxy/dialog.h"

/* Proxies between us and a party. */
#define ROUTES_MAX 16

struct leg_routes {
	struct span values[ROUTES_MAX];
	uint32_t count;
};

/* Is this a value of the passage that `service` served, and not of another one of the same call?
 * Only then `route` is filled. */
static bool is_of_passage(struct call *call, const struct sip_message *msg, struct span value,
			  uint16_t service, struct route *route)
{
	struct route probe = *route;

	if (!route_is_own_signed(call->snapshot, msg, value, &probe) ||
	    probe.token.service != service)
		return false;
	*route = probe;
	return true;
}

/* Record-Route values from the answering party down to ours.  False: ours is not among them. */
static bool routes_above(struct call *call, const struct sip_message *msg, uint16_t service,
			 struct leg_routes *routes, struct route *route)
{
	struct sip_value_cursor at;

	for (bool more = sip_value_first(msg, SIP_HEADER_RECORD_ROUTE, &at); more;
	     more = sip_value_next(msg, &at)) {
		if (is_of_passage(call, msg, at.value, service, route))
			return true;
		if (routes->count == ROUTES_MAX)
			return false;
		routes->values[routes->count++] = at.value;
	}
	return false;
}

/* Those below ours, down to the party that asked. */
static bool routes_below(struct call *call, const struct sip_message *msg, uint16_t service,
			 struct leg_routes *routes, struct route *route)
{
	struct sip_value_cursor at;
	bool is_below = false;

	for (bool more = sip_value_first(msg, SIP_HEADER_RECORD_ROUTE, &at); more;
	     more = sip_value_next(msg, &at)) {
		if (is_of_passage(call, msg, at.value, service, route)) {
			is_below = true;
			routes->count = 0;
			continue;
		}
		if (is_below && routes->count == ROUTES_MAX)
			return false;
		if (is_below)
			routes->values[routes->count++] = at.value;
	}
	return is_below;
}

/* The caller's route set is the list from its end (§12.1.2), the callee's from its beginning
 * (§12.1.1). */
static void reverse(struct leg_routes *routes)
{
	for (uint32_t i = 0; i < routes->count / 2; i++) {
		struct span value = routes->values[i];
		routes->values[i] = routes->values[routes->count - 1 - i];
		routes->values[routes->count - 1 - i] = value;
	}
}

/* Values of another passage with nobody before them lead to ourselves: as on a request received all
 * of ours are taken off, and the last one's token tells the way (RFC 3261 §16.4). */
static void pass_ourselves(struct call *call, const struct sip_message *msg,
			   struct leg_routes *routes, struct route *route)
{
	uint32_t own = 0;

	while (own < routes->count &&
	       route_is_own_signed(call->snapshot, msg, routes->values[own], route))
		own++;
	routes->count -= own;
	memmove(routes->values, routes->values + own, routes->count * sizeof(routes->values[0]));
}

static void put_route_row(struct text_writer *w, struct span value)
{
	text_put(w, SPAN("Route: "));
	text_put(w, value);
	text_put(w, SPAN("\r\n"));
}

static bool collect(struct call *call, const struct sip_message *msg, uint16_t service,
		    enum leg_end end, struct leg_routes *routes, struct route *route)
{
	if (end == LEG_ANSWERER) {
		bool found = routes_above(call, msg, service, routes, route);
		reverse(routes);
		pass_ourselves(call, msg, routes, route);
		return found;
	}
	bool found = routes_below(call, msg, service, routes, route);
	pass_ourselves(call, msg, routes, route);
	/* As if the answering party sent it. */
	route->side = route->side == ROUTE_TOKEN_FROM_CREATOR ? ROUTE_TOKEN_TO_CREATOR :
								ROUTE_TOKEN_FROM_CREATOR;
	return found;
}

struct span leg_contact(const struct sip_message *msg)
{
	struct sip_value_cursor at;
	struct sip_name_addr contact;

	return sip_value_first(msg, SIP_HEADER_CONTACT, &at) &&
			       sip_name_addr_decode(at.value, &contact) ?
		       contact.uri :
		       SPAN_EMPTY;
}

bool leg_resolve(struct call *call, const struct sip_message *msg, uint16_t service,
		 enum leg_end end, struct span contact, struct leg *leg)
{
	struct leg_routes routes = { .count = 0 };
	struct sip_name_addr first;
	struct sip_uri uri;
	bool is_strict = false;

	leg->route = (struct route){ .service = BALANCE_NONE, .target = BALANCE_NONE };
	if (contact.len == 0 || !collect(call, msg, service, end, &routes, &leg->route))
		return false;
	struct text_writer w = call_scratch(call);
	leg->request_uri = contact;
	struct span next = contact;
	if (routes.count) {
		if (!sip_name_addr_decode(routes.values[0], &first) ||
		    !sip_uri_decode(first.uri, &uri))
			return false;
		next = first.uri;
		is_strict = !uri.has_lr;
		if (is_strict) /* a strict router takes the Request-URI's place */
			leg->request_uri = first.uri;
	}
	for (uint32_t i = is_strict ? 1 : 0; i < routes.count; i++)
		put_route_row(&w, routes.values[i]);
	if (is_strict) {
		text_put(&w, SPAN("Route: <"));
		text_put(&w, contact);
		text_put(&w, SPAN(">\r\n"));
	}
	if (w.overflow)
		return false;
	leg->routes = call_scratch_done(call, &w);
	leg->route.names = &call->proxy->names;
	leg->route.now = call->now;
	return sip_uri_decode(next, &uri) &&
	       route_follow(call->snapshot, &uri, routes.count == 0, &leg->route);
}
