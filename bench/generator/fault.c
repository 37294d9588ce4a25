/* SPDX-License-Identifier: BSD-3-Clause */
/* Fault reports and the names of what can go wrong; see fault.h. */
#include "generator/fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "generator/engine.h"

static const struct {
	const char *name, *clause, *text;
} fault_kinds[TRAFFIC_FAULT_COUNT] = {
#define X(id, name, clause, text) [TRAFFIC_FAULT_##id] = { name, clause, text },
	TRAFFIC_FAULTS(X)
#undef X
};

static const struct {
	const char *name, *text;
} failures[TRAFFIC_FAILURE_COUNT] = {
#define X(id, name, text) [TRAFFIC_FAILURE_##id] = { name, text },
	TRAFFIC_FAILURES(X)
#undef X
}, delays[TRAFFIC_DELAY_COUNT] = {
#define X(id, name, text) [TRAFFIC_DELAY_##id] = { name, text },
	TRAFFIC_DELAYS(X)
#undef X
};

const char *traffic_fault_name(enum traffic_fault_kind kind)
{
	return kind < TRAFFIC_FAULT_COUNT ? fault_kinds[kind].name : "unknown";
}

const char *traffic_fault_clause(enum traffic_fault_kind kind)
{
	return kind < TRAFFIC_FAULT_COUNT ? fault_kinds[kind].clause : "";
}

const char *traffic_fault_text(enum traffic_fault_kind kind)
{
	return kind < TRAFFIC_FAULT_COUNT ? fault_kinds[kind].text : "";
}

const char *traffic_failure_name(enum traffic_failure failure)
{
	return failure < TRAFFIC_FAILURE_COUNT ? failures[failure].name : "unknown";
}

const char *traffic_failure_text(enum traffic_failure failure)
{
	return failure < TRAFFIC_FAILURE_COUNT ? failures[failure].text : "";
}

const char *traffic_delay_name(enum traffic_delay delay)
{
	return delay < TRAFFIC_DELAY_COUNT ? delays[delay].name : "unknown";
}

const char *traffic_delay_text(enum traffic_delay delay)
{
	return delay < TRAFFIC_DELAY_COUNT ? delays[delay].text : "";
}

bool fault_store_create(struct fault_store *store, uint32_t max)
{
	store->max = max;
	store->kept = calloc((size_t)TRAFFIC_FAULT_COUNT * MAX(max, 1u), sizeof(*store->kept));
	return store->kept;
}

void fault_store_destroy(struct fault_store *store)
{
	free(store->kept);
}

void fault_store_clear(struct fault_store *store)
{
	memset(store->counts, 0, sizeof(store->counts));
}

static void copy_text(char *to, size_t size, struct span text)
{
	size_t len = MIN(text.len, size - 1);

	if (len)
		memcpy(to, text.data, len);
	to[len] = '\0';
}

/* Of a message whose call is not known: its own Call-ID, if it has one. */
static void put_call_id(struct traffic_fault *fault, const struct traffic *t,
			const struct call *call)
{
	struct span call_id;

	if (call)
		snprintf(fault->call_id, sizeof(fault->call_id), "%.*s%s", (int)NUMBER_DIGITS,
			 call->digits, template_call_id_rest(t->templates));
	else if (t->incoming.len &&
		 sip_message_peek_call_id(t->incoming.data, t->incoming.len, &call_id))
		copy_text(fault->call_id, sizeof(fault->call_id), call_id);
}

void fault_report(struct traffic *t, enum traffic_fault_kind kind, struct call *call,
		  struct span expected, const char *what, ...)
{
	struct fault_store *store = &t->faults;
	va_list arguments;

	if (t->config.check == TRAFFIC_CHECK_OFF)
		return;
	t->results.faults[kind]++;
	if (call)
		call->flags |= CALL_FAULTY;
	if (store->counts[kind] >= store->max)
		return;
	struct traffic_fault *fault = &store->kept[kind * store->max + store->counts[kind]++];
	*fault = (struct traffic_fault){
		.kind = (uint8_t)kind,
		.side = t->incoming.side,
		.flow = call ? call->flow : TRAFFIC_FLOW_COUNT,
		.local = t->incoming.local,
		.at_s = (double)(t->now_tsc - t->trial_tsc) / (double)t->config.tsc_hz,
	};
	if (t->incoming.source)
		fault->source = *t->incoming.source;
	put_call_id(fault, t, call);
	va_start(arguments, what);
	vsnprintf(fault->what, sizeof(fault->what), what, arguments);
	va_end(arguments);
	copy_text(fault->expected, sizeof(fault->expected), expected);
	fault->message_len = MIN(t->incoming.len, TRAFFIC_FAULT_MESSAGE_MAX);
	if (fault->message_len)
		memcpy(fault->message, t->incoming.data, fault->message_len);
	if (t->config.fault)
		t->config.fault(t->config.fault_context, fault);
}

const struct traffic_fault *traffic_fault(const struct traffic *t, enum traffic_fault_kind kind,
					  uint32_t n)
{
	if (kind >= TRAFFIC_FAULT_COUNT || n >= t->faults.counts[kind])
		return NULL;
	return &t->faults.kept[kind * t->faults.max + n];
}
