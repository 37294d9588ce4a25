/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What control was told of targets, and what targets count:
 *
 *	expect [not] told TARGET WHAT [DETAIL]... [times N]
 *		WHAT: timeout (no response at all), slow (a timeout after a provisional one),
 *		transport-error, provisional STATUS, STATUS, anything,
 *		probe STATUS|timeout|slow|unreachable|not-sent
 *		DETAIL: retry-after SECONDS|none, after DURATION (from the first sending on),
 *		call CALL-ID (of a timeout)
 *	expect target TARGET NAME N     a member of struct target_status
 *	expect calls TARGET N           the same of `calls`
 */
#include "play.h"

#include <stdlib.h>

#include "balance/policy.h"

/* ---- outcomes */

struct wanted {
	enum outcome_kind kind;
	bool is_any;
	int value;             /* -1: any */
	uint8_t flags;         /* without OUTCOME_IS_INVITE */
	uint64_t retry_after;  /* UINT64_MAX: any */
	tick_t delay;          /* TICK_NEVER: any */
	int times;             /* -1: at least once */
	const char *call_id;   /* NULL: any */
	uint32_t call;         /* its hash */
};

static bool is_status(const char *word)
{
	return word && atoi(word) >= 100;
}

static bool probe_wanted(const char *word, struct wanted *wanted)
{
	static const struct {
		const char *word;
		uint8_t flags;
	} ends[] = {
		{ "timeout", 0 },
		{ "slow", OUTCOME_WAS_ANSWERED },
		{ "unreachable", OUTCOME_WAS_UNREACHABLE },
		{ "not-sent", OUTCOME_WAS_NOT_SENT },
	};

	wanted->kind = OUTCOME_PROBE;
	wanted->value = 0;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		if (!word || !text_is(word, ends[i].word))
			continue;
		wanted->flags = ends[i].flags;
		return true;
	}
	wanted->value = word ? atoi(word) : 0;
	return is_status(word);
}

/* WHAT at words[*at], which moves on. */
static bool what_wanted(struct play *play, int *at, struct wanted *wanted)
{
	const char *word = play->words[(*at)++];
	const char *next = *at < play->word_count ? play->words[*at] : NULL;

	if (text_is(word, "probe")) {
		++*at;
		return probe_wanted(next, wanted);
	}
	if (text_is(word, "provisional")) {
		++*at;
		wanted->kind = OUTCOME_PROVISIONAL;
		wanted->value = next ? atoi(next) : 0;
		return is_status(next);
	}
	if (text_is(word, "timeout") || text_is(word, "slow")) {
		wanted->kind = OUTCOME_TIMEOUT;
		wanted->flags = text_is(word, "slow") ? OUTCOME_WAS_ANSWERED : 0;
		return true;
	}
	if (text_is(word, "transport-error")) {
		wanted->kind = OUTCOME_TRANSPORT_ERROR;
		return true;
	}
	wanted->is_any = text_is(word, "anything");
	wanted->kind = OUTCOME_RESPONSE;
	wanted->value = atoi(word);
	return wanted->is_any || is_status(word);
}

static bool detail_wanted(const char *name, const char *value, struct wanted *wanted)
{
	if (text_is(name, "retry-after"))
		wanted->retry_after = text_is(value, "none") ? OUTCOME_NO_RETRY_AFTER :
							       strtoull(value, NULL, 10);
	else if (text_is(name, "after"))
		wanted->delay = script_duration(value);
	else if (text_is(name, "call"))
		wanted->call_id = value;
	else if (text_is(name, "times"))
		wanted->times = atoi(value);
	else
		return false;
	return true;
}

static bool outcome_fits(const struct outcome *outcome, const struct wanted *wanted)
{
	/* Whether a final response was the first one is nobody's question here. */
	const uint8_t unasked = OUTCOME_IS_INVITE |
				(outcome->kind == OUTCOME_RESPONSE ? OUTCOME_WAS_ANSWERED : 0);

	if (wanted->is_any)
		return true;
	return outcome->kind == wanted->kind &&
	       (wanted->value < 0 || outcome->value == wanted->value) &&
	       (outcome->flags & ~unasked) == wanted->flags &&
	       (wanted->retry_after == UINT64_MAX || outcome->retry_after_s == wanted->retry_after) &&
	       (!wanted->call_id || outcome->call == wanted->call) &&
	       (wanted->delay == TICK_NEVER || outcome->delay_us == wanted->delay);
}

static void expect_told(struct play *play)
{
	const struct world *world = play->world;
	bool negated = text_is(play->words[1], "not");
	const char *name = play->words[2 + negated];
	uint16_t target = snapshot_fixture_target(world->fixture, name);
	struct wanted wanted = {
		.value = -1, .retry_after = UINT64_MAX, .delay = TICK_NEVER, .times = -1
	};
	int at = 3 + negated, found = 0;
	bool good = target != BALANCE_NONE && what_wanted(play, &at, &wanted);

	for (; good && at + 1 < play->word_count; at += 2)
		good = detail_wanted(play->words[at], play->words[at + 1], &wanted);
	if (!good || at < play->word_count) {
		play_fail(play, "'%s' is not understood", play->command->text);
		return;
	}
	if (wanted.call_id)
		wanted.call = (uint32_t)balance_call_hash(world->snapshot,
							  span_of_string(wanted.call_id));
	for (int i = 0; i < world->outcome_count; i++) {
		if (world->outcomes[i].target_id == world->snapshot->targets[target].id)
			found += outcome_fits(&world->outcomes[i], &wanted);
	}
	if (wanted.times >= 0 && found != wanted.times)
		play_fail(play, "control was told so %d times, expected %d", found, wanted.times);
	else if (wanted.times < 0 && (found > 0) == negated)
		play_fail(play, "control was %stold so of %s", negated ? "" : "not ", name);
}

/* ---- what targets count */

static void expect_target(struct play *play, const char *target, const char *name,
			  const char *wanted)
{
#define FIELD(name) { #name, offsetof(struct target_status, name) }
	static const struct {
		const char *name;
		size_t offset;
	} fields[] = {
		FIELD(requests), FIELD(responses_2xx), FIELD(responses_other), FIELD(timeouts),
		FIELD(errors), FIELD(outstanding), FIELD(unacknowledged), FIELD(calls),
	};
#undef FIELD
	const struct target_status *status = snapshot_fixture_status(play->world->fixture, target);

	for (size_t i = 0; status && i < ARRAY_SIZE(fields); i++) {
		int64_t value;
		if (!text_is(fields[i].name, name))
			continue;
		memcpy(&value, (const char *)status + fields[i].offset, sizeof(value));
		if (value != atoll(wanted))
			play_fail(play, "%s of %s: %lld, expected %s", name, target,
				  (long long)value, wanted);
		return;
	}
	play_fail(play, "no such target, or it does not count '%s'", name);
}

bool expect_outcome_command(struct play *play)
{
	bool is_told = text_is(play->words[1], "told") ||
		       (play->word_count > 2 && text_is(play->words[1], "not") &&
			text_is(play->words[2], "told"));

	if (is_told && play->word_count >= 4 + text_is(play->words[1], "not"))
		expect_told(play);
	else if (play_words(play, 1, "target", "*", "*", "*", NULL))
		expect_target(play, play->words[2], play->words[3], play->words[4]);
	else if (play_words(play, 1, "calls", "*", "*", NULL))
		expect_target(play, play->words[2], "calls", play->words[3]);
	else
		return false;
	return true;
}
