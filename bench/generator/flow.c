/* SPDX-License-Identifier: BSD-3-Clause */
/* Flows and mixes; see flow.h. */
#include "generator/flow.h"

#include "base/text.h"

const struct flow flows[TRAFFIC_FLOW_COUNT] = {
	[TRAFFIC_FLOW_CALL] = {
		.request = MESSAGE_INVITE,
		.answers = { MESSAGE_TRYING, MESSAGE_RINGING, MESSAGE_NONE },
		.after_ringing = MESSAGE_OK,
	},
	[TRAFFIC_FLOW_REGISTER] = {
		.request = MESSAGE_REGISTER,
		.answers = { MESSAGE_REGISTER_OK, MESSAGE_NONE },
	},
	[TRAFFIC_FLOW_OPTIONS] = {
		.request = MESSAGE_OPTIONS,
		.answers = { MESSAGE_OPTIONS_OK, MESSAGE_NONE },
	},
	[TRAFFIC_FLOW_CANCEL] = {
		.request = MESSAGE_INVITE,
		.answers = { MESSAGE_TRYING, MESSAGE_RINGING, MESSAGE_NONE },
		.cancels = true,
	},
	[TRAFFIC_FLOW_CHALLENGE] = {
		.request = MESSAGE_INVITE,
		.answers = { MESSAGE_CHALLENGE, MESSAGE_NONE },
		.second = MESSAGE_INVITE_AUTH,
		.second_answers = { MESSAGE_TRYING, MESSAGE_RINGING, MESSAGE_NONE },
		.after_ringing = MESSAGE_OK,
	},
};

static const char *const flow_names[TRAFFIC_FLOW_COUNT] = {
#define X(id, name, text) [TRAFFIC_FLOW_##id] = name,
	TRAFFIC_FLOWS(X)
#undef X
};

const char *traffic_flow_name(enum traffic_flow flow)
{
	return flow < TRAFFIC_FLOW_COUNT ? flow_names[flow] : "unknown";
}

static bool entry_parse(struct span entry, struct traffic_mix *mix, const char **error)
{
	size_t at = span_find(entry, '=');
	struct span name = span_trim(span_of(entry.data, at));
	uint64_t weight = 1;

	if (at < entry.len &&
	    !text_parse_u64(span_trim(span_from(entry, at + 1)), TRAFFIC_WEIGHTS_MAX, &weight)) {
		*error = "a weight is a whole number from 0 to 1000";
		return false;
	}
	for (int flow = 0; flow < TRAFFIC_FLOW_COUNT; flow++) {
		if (!span_equal(name, span_of_string(flow_names[flow])))
			continue;
		mix->weights[flow] = (uint16_t)weight;
		return true;
	}
	*error = "unknown flow; accepted: call, register, options, cancel, challenge";
	return false;
}

bool traffic_mix_parse(struct span text, struct traffic_mix *mix, const char **error)
{
	struct traffic_mix read = { .weights = { 0 } };
	const char *unused;
	uint32_t sum = 0;

	if (!error)
		error = &unused;
	for (struct span rest = text;; rest = span_from(rest, span_find(rest, ',') + 1)) {
		size_t end = span_find(rest, ',');
		if (!entry_parse(span_of(rest.data, end), &read, error))
			return false;
		if (end == rest.len)
			break;
	}
	for (int flow = 0; flow < TRAFFIC_FLOW_COUNT; flow++)
		sum += read.weights[flow];
	if (sum == 0 || sum > TRAFFIC_WEIGHTS_MAX) {
		*error = "the weights of a mix add up to 1 at least and 1000 at most";
		return false;
	}
	*mix = read;
	return true;
}

uint32_t flow_order_make(const struct traffic_mix *mix, uint8_t order[TRAFFIC_WEIGHTS_MAX])
{
	int32_t credit[TRAFFIC_FLOW_COUNT] = { 0 };
	uint32_t sum = 0;

	for (int flow = 0; flow < TRAFFIC_FLOW_COUNT; flow++)
		sum += mix->weights[flow];
	if (sum > TRAFFIC_WEIGHTS_MAX)
		return 0;
	/* Each turn everybody earns its weight; the richest has the turn and pays the sum. */
	for (uint32_t turn = 0; turn < sum; turn++) {
		int richest = 0;
		for (int flow = 0; flow < TRAFFIC_FLOW_COUNT; flow++) {
			credit[flow] += mix->weights[flow];
			if (credit[flow] > credit[richest])
				richest = flow;
		}
		credit[richest] -= (int32_t)sum;
		order[turn] = (uint8_t)richest;
	}
	return sum;
}
