/* SPDX-License-Identifier: BSD-3-Clause */
/* Events of the engines; see engine_events.h. */
#include "events/engine_events.h"

#include <time.h>

#include "api/json_text.h"

static bool may_tell(struct engine_events *to, uint8_t kind)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec != to->second) {
		to->second = now.tv_sec;
		memset(to->told, 0, sizeof(to->told));
	}
	if (to->told[kind] == ENGINE_EVENTS_A_SECOND) {
		to->left_out[kind]++;
		return false;
	}
	to->told[kind]++;
	return true;
}

static const char *side_name(uint8_t side)
{
	return side ? "callee" : "caller";
}

static const char *service_name(const struct engine_events *to, uint16_t service)
{
	return service < to->snapshot->service_count ? to->snapshot->services[service].name : "-";
}

static const char *target_name(const struct engine_events *to, uint64_t id)
{
	for (uint32_t i = 0; id && i < to->snapshot->target_count; i++) {
		if (to->snapshot->targets[i].id == id)
			return to->snapshot->targets[i].name;
	}
	return NULL;
}

static json_t *fields_of(const struct engine_events *to, const struct engine_event *event)
{
	const char *target = target_name(to, event->target_id);

	return json_pack("{s:s, s:o, s:o, s:I, s:I, s:s, s:o, s:I}", "service",
			 service_name(to, event->service), "call_id", json_text(event->call_id),
			 "method", json_text(event->method), "cseq", (json_int_t)event->cseq,
			 "cseq_expected", (json_int_t)event->expected, "from",
			 side_name(event->side), "target", target ? json_text(target) : json_null(),
			 "left_out", (json_int_t)to->left_out[event->kind]);
}

/* " (12 more were left out)" */
static const char *more(const struct engine_events *to, uint8_t kind, char text[48])
{
	text[0] = '\0';
	if (to->left_out[kind])
		snprintf(text, 48, " (%llu more were not told of)",
			 (unsigned long long)to->left_out[kind]);
	return text;
}

static void tell_cseq(struct engine_events *to, const struct engine_event *event)
{
	char text[48];

	events_raise(to->events, "cseq", fields_of(to, event),
		     "service %s: %s from the %s with CSeq %u, at least %u was due, %s, Call-ID "
		     "%s%s",
		     service_name(to, event->service), event->method, side_name(event->side),
		     event->cseq, event->expected,
		     event->flags & ENGINE_EVENT_REFUSED ? "refused" : "forwarded", event->call_id,
		     more(to, event->kind, text));
}

static void tell_unacknowledged(struct engine_events *to, const struct engine_event *event)
{
	const char *target = target_name(to, event->target_id);
	char text[48];

	events_raise(to->events, "ack", fields_of(to, event),
		     "service %s: no ACK from the %s for its INVITE with CSeq %u, answered 2xx%s%s%s, "
		     "Call-ID %s%s",
		     service_name(to, event->service), side_name(event->side), event->cseq,
		     target ? " by " : "", target ? target : "",
		     event->flags & ENGINE_EVENT_ENDED ? ", ended with BYE" : "", event->call_id,
		     more(to, event->kind, text));
}

static void tell_peer(struct engine_events *to, const struct engine_event *event)
{
	char peer[ENDPOINT_TEXT_MAX], text[48];

	ip_address_to_string(&event->peer, peer);
	events_raise(to->events, "peer",
		     json_pack("{s:s, s:s, s:I, s:I, s:I}", "service",
			       service_name(to, event->service), "peer", peer, "t1_ms",
			       (json_int_t)event->theirs_ms, "t1_ms_here",
			       (json_int_t)event->ours_ms, "left_out",
			       (json_int_t)to->left_out[event->kind]),
		     "service %s: %s sends requests again after about %u ms, T1 here is %u ms: set "
		     "both alike (RFC 4321 §1.6)%s",
		     service_name(to, event->service), peer, event->theirs_ms, event->ours_ms,
		     more(to, event->kind, text));
}

void engine_events_tell(void *engine_events, const struct engine_event *event)
{
	struct engine_events *to = engine_events;

	if (event->kind >= ENGINE_EVENT_KINDS || !may_tell(to, event->kind))
		return;
	switch ((enum engine_event_kind)event->kind) {
	case ENGINE_EVENT_CSEQ_OUT_OF_ORDER:
		tell_cseq(to, event);
		break;
	case ENGINE_EVENT_UNACKNOWLEDGED:
		tell_unacknowledged(to, event);
		break;
	case ENGINE_EVENT_PEER_T1:
		tell_peer(to, event);
		break;
	case ENGINE_EVENT_KINDS:
		break;
	}
	to->left_out[event->kind] = 0;
}
