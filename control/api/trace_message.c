/* SPDX-License-Identifier: BSD-3-Clause */
/* A record of a trace as JSON, and its decisions as sentences; see trace.h. */
#include "api/trace.h"

#include <stdarg.h>
#include <stdio.h>

#include "api/json_text.h"
#include "balance/policy.h"
#include "events/events.h"
#include "targets/admin.h"

static const struct proxy_timer_info timers[PROXY_TIMER_KINDS] = {
#define X(name, text, what, clause) [PROXY_TIMER_##name] = { text, what, clause },
	PROXY_TIMERS(X)
#undef X
};

static json_t *name_or_null(const char *name)
{
	return name ? json_text(name) : json_null();
}

static const char *service_name(const struct balance_snapshot *snapshot, uint16_t service)
{
	return service < snapshot->service_count ? snapshot->services[service].name : NULL;
}

static const char *pool_name(const struct balance_snapshot *snapshot, uint16_t pool)
{
	return pool < snapshot->pool_count ? snapshot->pools[pool].name : NULL;
}

/* One that has gone since has no name any more. */
static const char *target_name(const struct balance_snapshot *snapshot, uint64_t id)
{
	for (uint32_t i = 0; id && i < snapshot->target_count; i++) {
		if (snapshot->targets[i].id == id)
			return snapshot->targets[i].name;
	}
	return NULL;
}

static const char *cause_name(uint8_t cause)
{
	switch (cause) {
	case FAILOVER_TIMEOUT:
		return "timeout";
	case FAILOVER_TRANSPORT_ERROR:
		return "transport-error";
	case FAILOVER_503:
		return "503";
	default:
		return "?";
	}
}

static const char *choice_name(uint8_t how)
{
	static const char *const names[] = {
		[NOTE_BY_POLICY] = "policy",
		[NOTE_BY_MEMORY] = "memory",
		[NOTE_BY_HASH] = "hash",
		[NOTE_BY_SETTLED] = "settled",
	};
	return how < ARRAY_SIZE(names) ? names[how] : "?";
}

static const char *route_name(uint8_t kind)
{
	static const char *const names[] = {
		[ROUTE_REJECT] = "reject",     [ROUTE_TARGET] = "target",
		[ROUTE_DIALOG] = "dialog",     [ROUTE_NEXT_HOP] = "next-hop",
		[ROUTE_LOCAL] = "local",       [ROUTE_RESPONSE] = "response",
	};
	return kind < ARRAY_SIZE(names) ? names[kind] : "?";
}

/* Sentences. */

static void say_chosen(const struct balance_snapshot *snapshot, const struct proxy_note *note,
		       char *text, size_t size)
{
	static const char *const by[] = {
		[NOTE_BY_POLICY] = "chose",
		[NOTE_BY_MEMORY] = "not asked, an earlier request of the call went to",
		[NOTE_BY_HASH] = "not asked, without its INVITE's transaction the Call-ID chose",
		[NOTE_BY_SETTLED] = "without transactions, by the settled wishes, chose",
	};
	const char *service = service_name(snapshot, note->service);
	const char *pool = pool_name(snapshot, note->pool);
	const char *target = target_name(snapshot, note->target_id);

	snprintf(text, size, "service %s, pool %s: %s%s%s%s %s (%s, %s)", service ? service : "?",
		 pool ? pool : "?", note->tried ? "next target, " : "",
		 balance_policy_name((enum balance_policy)note->policy), " ",
		 note->how < ARRAY_SIZE(by) ? by[note->how] : "?", target ? target : "?",
		 target_admin_name((enum target_admin)note->admin),
		 target_health_name((enum target_health)note->health));
}

static void say_timer(const struct balance_snapshot *snapshot, const struct proxy_note *note,
		      char *text, size_t size)
{
	const struct proxy_timer_info *info = &timers[note->timer];
	const char *target = target_name(snapshot, note->target_id);

	snprintf(text, size, "Timer %s: %s, %s%s%s", info->name, info->what, info->clause,
		 target ? "; target " : "", target ? target : "");
}

static void say(const struct balance_snapshot *snapshot, const struct proxy_note *note, char *text,
		size_t size)
{
	static const char *const routed[] = {
		[ROUTE_REJECT] = "is rejected",
		[ROUTE_TARGET] = "is balanced",
		[ROUTE_DIALOG] = "in a dialog: follows the signed Route",
		[ROUTE_NEXT_HOP] = "follows its Route or its Request-URI",
		[ROUTE_LOCAL] = "is answered by Tandem itself",
		[ROUTE_RESPONSE] = "is a response",
	};
	const char *target = target_name(snapshot, note->target_id);

	switch ((enum proxy_note_kind)note->kind) {
	case NOTE_CHOSEN:
		say_chosen(snapshot, note, text, size);
		return;
	case NOTE_ROUTED:
		snprintf(text, size, "%s", note->how < ARRAY_SIZE(routed) ? routed[note->how] : "?");
		return;
	case NOTE_TIMER:
		say_timer(snapshot, note, text, size);
		return;
	case NOTE_FAILED:
		snprintf(text, size, "attempt %u at %s failed: %s", note->attempt + 1u,
			 target ? target : "its next hop", cause_name(note->cause));
		return;
	case NOTE_NEXT:
		snprintf(text, size,
			 note->how == NOTE_BESIDE ?
				 "no answer yet: the next target is tried beside the last" :
				 "fail-over to the next target");
		return;
	case NOTE_KINDS:
		break;
	}
	snprintf(text, size, "?");
}

static json_t *decision(const struct balance_snapshot *snapshot, const struct proxy_note *note)
{
	static const char *const kinds[NOTE_KINDS] = {
		[NOTE_CHOSEN] = "target",  [NOTE_ROUTED] = "route", [NOTE_TIMER] = "timer",
		[NOTE_FAILED] = "failure", [NOTE_NEXT] = "next",
	};
	char text[256], hash[17];

	say(snapshot, note, text, sizeof(text));
	json_t *row = json_pack("{s:s, s:o, s:o, s:o, s:i, s:o}", "what",
				note->kind < NOTE_KINDS ? kinds[note->kind] : "?", "service",
				name_or_null(service_name(snapshot, note->service)), "pool",
				name_or_null(pool_name(snapshot, note->pool)), "target",
				name_or_null(target_name(snapshot, note->target_id)), "attempt",
				(int)note->attempt, "text", json_text(text));
	if (note->kind == NOTE_CHOSEN) {
		snprintf(hash, sizeof(hash), "%016llx", (unsigned long long)note->call_hash);
		json_object_set_new(row, "by", json_string(choice_name(note->how)));
		json_object_set_new(row, "policy",
				    json_string(balance_policy_name(
					    (enum balance_policy)note->policy)));
		json_object_set_new(row, "call_hash", json_string(hash));
		json_object_set_new(row, "admin",
				    json_string(target_admin_name((enum target_admin)note->admin)));
		json_object_set_new(
			row, "health",
			json_string(target_health_name((enum target_health)note->health)));
	} else if (note->kind == NOTE_ROUTED) {
		json_object_set_new(row, "by", json_string(route_name(note->how)));
	} else if (note->kind == NOTE_TIMER) {
		json_object_set_new(row, "timer", json_string(timers[note->timer].name));
		json_object_set_new(row, "clause", json_string(timers[note->timer].clause));
	} else if (note->kind == NOTE_FAILED) {
		json_object_set_new(row, "cause", json_string(cause_name(note->cause)));
	}
	return row;
}

/* Messages. */

static json_t *text_of(struct span text)
{
	char copy[DATAPLANE_OCTETS_MAX + 1];
	size_t len = MIN(text.len, sizeof(copy) - 1);

	if (len)
		memcpy(copy, text.data, len);
	copy[len] = '\0';
	return json_text(copy);
}

static struct span start_line_of(struct span message)
{
	message = span_trim(message);
	return span_trim(span_of(message.data, span_find(message, '\n')));
}

/* "1 INVITE" */
static struct span cseq_of(struct span message)
{
	for (size_t end; (end = span_find(message, '\n')) < message.len;) {
		message = span_from(message, end + 1);
		if (span_starts_with_nocase(message, SPAN("CSeq:")))
			return span_trim(span_of(message.data + 5,
						 span_find(message, '\n') - 5));
	}
	return SPAN_EMPTY;
}

static void put_message(json_t *row, const struct dataplane_traced *traced, bool has_message)
{
	static const char *const origins[] = {
		[OUTBOX_FORWARDED] = "forwarded",
		[OUTBOX_OWN] = "own",
		[OUTBOX_AGAIN] = "again",
	};
	char source[ENDPOINT_TEXT_MAX], destination[ENDPOINT_TEXT_MAX];

	if (traced->kind != TRACED_RECEIVED && traced->kind != TRACED_SENT)
		return;
	json_object_set_new(row, "from", json_string(endpoint_to_string(&traced->source, source)));
	json_object_set_new(row, "to",
			    json_string(endpoint_to_string(&traced->destination, destination)));
	json_object_set_new(row, "start_line", text_of(start_line_of(traced->message)));
	json_object_set_new(row, "cseq", text_of(cseq_of(traced->message)));
	json_object_set_new(row, "length", json_integer(traced->len));
	if (traced->kind == TRACED_SENT)
		json_object_set_new(row, "origin",
				    json_string(traced->origin < ARRAY_SIZE(origins) ?
							origins[traced->origin] : "?"));
	if (has_message)
		json_object_set_new(row, "message", text_of(traced->message));
}

static void put_verdict(json_t *row, struct verdict verdict)
{
	const struct verdict_reason_info *reason = &verdict_reasons[verdict.reason];

	json_object_set_new(row, "verdict", json_string(verdict_kind_name(verdict.kind)));
	json_object_set_new(row, "reason", json_string(reason->name));
	json_object_set_new(row, "help", json_string(reason->help));
	json_object_set_new(row, "clause", json_string(reason->clause));
}

json_t *trace_message(const struct balance_snapshot *snapshot,
		      const struct dataplane_traced *traced, bool has_message)
{
	static const char *const directions[] = {
		[TRACED_RECEIVED] = "in",
		[TRACED_SENT] = "out",
		[TRACED_TIMER] = "timer",
		[TRACED_ERROR] = "error",
	};
	const struct timespec wall = { .tv_sec = (time_t)(traced->wall_ns / 1000000000u),
				       .tv_nsec = (long)(traced->wall_ns % 1000000000u) };
	const char *interface = traced->interface < snapshot->interface_count ?
					snapshot->interfaces[traced->interface].name : NULL;
	char time[EVENTS_TIME_MAX];
	json_t *decisions = json_array();

	for (uint32_t i = 0; i < traced->note_count; i++)
		json_array_append_new(decisions, decision(snapshot, &traced->notes[i]));
	json_t *row = json_pack("{s:s, s:I, s:i, s:I, s:s, s:o, s:o, s:o}", "time",
				events_time(&wall, time), "time_ns", (json_int_t)traced->wall_ns,
				"worker", (int)traced->worker, "event", (json_int_t)traced->event,
				"direction", directions[traced->kind], "interface",
				traced->kind <= TRACED_SENT ? name_or_null(interface) : json_null(),
				"call_id", text_of(traced->call_id), "decisions", decisions);
	put_message(row, traced, has_message);
	if (traced->kind == TRACED_RECEIVED)
		put_verdict(row, traced->verdict);
	return row;
}
