/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is expected of the dialogs that the engine keeps, and of the events that it raises:
 *
 *	expect dialogs NAME N           all services' struct proxy_dialog_stats
 *	expect event KIND N             so many so far
 *	expect event peer-t1 ADDRESS DURATION   a neighbour's T1 is about that
 *	expect event KIND METHOD CSEQ due CSEQ from caller|callee [refused|ended]
 */
#include "play.h"

#include <stdlib.h>

static void expect_dialogs(struct play *play)
{
#define STAT(name) { #name, offsetof(struct proxy_dialog_stats, name) }
	static const struct {
		const char *name;
		size_t offset;
	} fields[] = {
		STAT(live), STAT(created), STAT(ended), STAT(expired), STAT(full),
		STAT(out_of_order_caller), STAT(out_of_order_callee), STAT(unacknowledged_caller),
		STAT(unacknowledged_callee), STAT(unwatched), STAT(byes), STAT(bye_copies),
		STAT(bye_copies_refused),
	};
#undef STAT
	struct proxy_dialog_stats stats;

	if (!proxy_dialog_stats_read(play->world->proxy, BALANCE_NONE, &stats))
		play_fail(play, "the engine does not tell of its dialogs");
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		uint64_t value;
		if (!text_is(fields[i].name, play->words[2]))
			continue;
		memcpy(&value, (const char *)&stats + fields[i].offset, sizeof(value));
		if (value != strtoull(play->words[3], NULL, 10))
			play_fail(play, "%s: %llu, expected %s", fields[i].name,
				  (unsigned long long)value, play->words[3]);
		return;
	}
	play_fail(play, "no figure of dialogs is called '%s'", play->words[2]);
}

static const char *event_kind(const struct engine_event *event)
{
	static const char *const names[ENGINE_EVENT_KINDS] = {
		[ENGINE_EVENT_CSEQ_OUT_OF_ORDER] = "cseq-out-of-order",
		[ENGINE_EVENT_UNACKNOWLEDGED] = "unacknowledged",
		[ENGINE_EVENT_PEER_T1] = "peer-t1",
	};

	return names[event->kind];
}

static bool event_fits(const struct play *play, const struct engine_event *event)
{
	uint8_t flags = 0;

	if (play->word_count == 10)
		flags = text_is(play->words[9], "refused") ? ENGINE_EVENT_REFUSED :
							     ENGINE_EVENT_ENDED;
	return text_is(event_kind(event), play->words[2]) &&
	       text_is(event->method, play->words[3]) &&
	       event->cseq == strtoul(play->words[4], NULL, 10) &&
	       event->expected == strtoul(play->words[6], NULL, 10) &&
	       event->side == text_is(play->words[8], "callee") && event->flags == flags &&
	       event->call_id[0];
}

static void expect_event(struct play *play)
{
	const struct world *world = play->world;

	if (play->word_count == 4) {
		unsigned long count = 0;
		for (int i = 0; i < world->engine_event_count; i++)
			count += text_is(event_kind(&world->engine_events[i]), play->words[2]);
		if (count != strtoul(play->words[3], NULL, 10))
			play_fail(play, "%lu events %s, expected %s", count, play->words[2],
				  play->words[3]);
		return;
	}
	for (int i = 0; i < world->engine_event_count; i++) {
		if (event_fits(play, &world->engine_events[i]))
			return;
	}
	play_fail(play, "no such event was raised");
}

static void expect_peer(struct play *play)
{
	const struct world *world = play->world;
	tick_t t1 = script_duration(play->words[4]);
	struct ip_address peer;

	for (int i = 0; i < world->engine_event_count; i++) {
		const struct engine_event *event = &world->engine_events[i];
		if (event->kind == ENGINE_EVENT_PEER_T1 &&
		    ip_address_parse(span_of_string(play->words[3]), &peer) &&
		    ip_address_equal(&event->peer, &peer) && TICK_MS(event->theirs_ms) == t1)
			return;
	}
	play_fail(play, "nothing was told of the T1 of %s", play->words[3]);
}

bool expect_dialog_command(struct play *play)
{
	if (play_words(play, 1, "event", "peer-t1", "*", "*", NULL)) {
		expect_peer(play);
		return true;
	}
	if (play_words(play, 1, "dialogs", "*", "*", NULL))
		expect_dialogs(play);
	else if (play_words(play, 1, "event", "*", "*", NULL) ||
		 play_words(play, 1, "event", "*", "*", "*", "due", "*", "from", "*", NULL) ||
		 play_words(play, 1, "event", "*", "*", "*", "due", "*", "from", "*", "*", NULL))
		expect_event(play);
	else
		return false;
	return true;
}
