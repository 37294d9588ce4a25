/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A message received: whose it is, whether it is as it should be, and on to caller or target.
 */
#include "generator/check.h"

static void number_split(const struct traffic *t, uint64_t number, uint32_t *slot, uint64_t *serial)
{
	*serial = number_to_serial(t->number_key, number);
	*slot = (uint32_t)(*serial & (TRAFFIC_CALLS_MAX - 1));
}

static bool is_response(const char *data, uint32_t len)
{
	return len >= 12 && memcmp(data, "SIP/2.0 ", 8) == 0;
}

static void count_status(struct traffic *t, const char *data, uint32_t len)
{
	uint64_t status;

	if (is_response(data, len) &&
	    text_parse_u64(span_of(data + 8, 3), TRAFFIC_STATUSES - 1, &status))
		t->results.statuses[status]++;
}

/* An earlier run, cut short, may have left calls that the proxy still has messages for. */
static bool is_of_another_run(const struct traffic *t, const char *digits)
{
	const struct incoming *in = &t->incoming;
	const char *rest = digits + NUMBER_DIGITS;

	return (size_t)(in->data + in->len - rest) >= CALL_ID_REST_LEN && is_call_id_rest(rest) &&
	       memcmp(rest, template_call_id_rest(t->templates), CALL_ID_REST_LEN) != 0;
}

/* The live call that the message belongs to; NULL: none, which was dealt with. */
static struct call *find_call(struct traffic *t, const char **digits)
{
	const struct incoming *in = &t->incoming;
	uint64_t number, serial;
	uint32_t slot;

	*digits = shape_find_number(t->shapes, in->side, in->data, in->len);
	if (!*digits || !number_read(*digits, &number)) {
		fault_report(t, TRAFFIC_FAULT_UNKNOWN_CALL, NULL, SPAN_EMPTY,
			     "no Call-ID of the form that callers use");
		return NULL;
	}
	number_split(t, number, &slot, &serial);
	struct call *call = slot < t->config.calls_max ? &t->calls[slot] : NULL;
	if (LIKELY(call && call->is_live && call->serial == serial))
		return call;
	if (is_of_another_run(t, *digits)) {
		t->results.strangers++;
		return NULL;
	}
	if (!call || serial > call->serial || serial == slot) {
		fault_report(t, TRAFFIC_FAULT_UNKNOWN_CALL, NULL, SPAN_EMPTY,
			     "no call ever had this Call-ID");
		return NULL;
	}
	t->results.late++;
	if (in->side == TRAFFIC_CALLERS && is_response(in->data, in->len) && in->data[8] >= '3')
		caller_late(t, serial, *digits);
	return NULL;
}

static bool has_shape(struct traffic *t, const struct shape_place *place, const char *digits,
		      struct received *received)
{
	const struct incoming *in = &t->incoming;

	if (t->config.check == TRAFFIC_CHECK_ALL)
		return false;
	if (t->config.check == TRAFFIC_CHECK_OFF)
		return shape_match(t->shapes, place, in->data, in->len, digits, false, received);
	if (--t->until_full == 0)
		return false;
	return shape_match(t->shapes, place, in->data, in->len, digits, true, received);
}

/* Fills *received; false: the message is not to be looked at further. */
static bool recognise(struct traffic *t, struct call *call, const char *digits,
		      struct received *received)
{
	const struct shape_place place = {
		.side = t->incoming.side, .local = t->incoming.local,
		.caller = call->caller, .target = call->target,
	};

	if (LIKELY(has_shape(t, &place, digits, received))) {
		t->results.checked_masked++;
		return true;
	}
	const bool sampled = t->until_full == 0;
	if (sampled) {
		traffic_draw_full(t);
		t->results.sampled[t->incoming.side]++;
	}
	t->results.checked_full++;
	enum check_result result = check_message(t, call, received);
	/* Rejections are few, and each is looked at as it was parsed. */
	if (result == CHECK_GOOD && !sampled && t->config.check != TRAFFIC_CHECK_ALL &&
	    received->kind != MESSAGE_OTHER_FINAL)
		t->results.shapes_learnt += shape_learn(t->shapes, &place, digits, received);
	return result != CHECK_DROP;
}

static void receive(struct traffic *t)
{
	const struct incoming *in = &t->incoming;
	const bool at_target = in->side == TRAFFIC_TARGETS;
	struct received received;
	const char *digits;

	if (!at_target)
		count_status(t, in->data, in->len);
	struct call *call = find_call(t, &digits);
	if (!call)
		return;
	/* The first that gets a call's request has the call from then on. */
	if (at_target && call->target_state == TARGET_IDLE && !t->config.direct)
		call->target = in->local;
	if (!check_addresses(t, call) || !recognise(t, call, digits, &received))
		return;
	if (at_target && !received.status)
		check_branch(t, call, &received);
	if (!at_target && (received.kind == MESSAGE_RINGING || received.kind == MESSAGE_OK))
		check_record_route(t, call, &received);
	const uint64_t serial = call->serial;
	if (!(at_target ? target_receive(t, call, &received) : caller_receive(t, call, &received)))
		fault_report(t, TRAFFIC_FAULT_UNEXPECTED, call, SPAN_EMPTY,
			     "%s in caller's state %u, target's state %u",
			     messages[received.kind].text, call->caller_state, call->target_state);
	if (call->is_live && call->serial == serial)
		call_end_if_over(t, call);
}

void traffic_receive(struct traffic *t, enum traffic_side side, uint16_t local, const char *data,
		     uint32_t len, const struct endpoint *source, uint64_t now_tsc,
		     struct traffic_outbox *outbox)
{
	if (!t->has_begun || local >= t->address_count[side] || len > SIP_DATAGRAM_MAX)
		return;
	traffic_clock(t, now_tsc);
	t->outbox = outbox;
	t->incoming = (struct incoming){
		.data = data, .len = len, .side = (uint8_t)side, .local = local, .source = source,
	};
	t->results.messages_received++;
	receive(t);
	t->incoming = (struct incoming){ .len = 0 };
}

void traffic_prefetch(const struct traffic *t, enum traffic_side side, const char *data,
		      uint32_t len)
{
	const char *digits = shape_guess_number(t->shapes, (uint8_t)side, data, len);
	uint64_t number, serial;
	uint32_t slot;

	if (!digits || !number_read(digits, &number))
		return;
	number_split(t, number, &slot, &serial);
	if (slot >= t->config.calls_max)
		return;
	const char *call = (const char *)&t->calls[slot];
	for (size_t at = 0; at < offsetof(struct call, rr); at += CACHE_LINE_SIZE)
		PREFETCH_W(call + at);
}
