/* SPDX-License-Identifier: BSD-3-Clause */
/* Outcomes of real requests to one target; see traffic.h. */
#include "health/traffic.h"

#include <string.h>

void traffic_reset(struct traffic *traffic)
{
	traffic->timeouts_invite = traffic->timeouts_other = traffic->errors = 0;
	traffic->ignored.count = 0;
	memset(traffic->parts, 0, sizeof(traffic->parts));
}

static void window_turn(struct traffic *traffic, const struct blacklist_settings *settings,
			tick_t now)
{
	uint64_t part = now / MAX(settings->window_us / TRAFFIC_PARTS, 1ull);

	/* Also backwards: another length of the window has other numbers. */
	if (part < traffic->part || part - traffic->part >= TRAFFIC_PARTS)
		memset(traffic->parts, 0, sizeof(traffic->parts));
	else
		for (uint64_t i = traffic->part + 1; i <= part; i++)
			memset(&traffic->parts[i % TRAFFIC_PARTS], 0, sizeof(traffic->parts[0]));
	traffic->part = part;
}

static void window_count(struct traffic *traffic, const struct blacklist_settings *settings,
			 bool is_failure, tick_t now)
{
	window_turn(traffic, settings, now);
	traffic->parts[traffic->part % TRAFFIC_PARTS].all++;
	traffic->parts[traffic->part % TRAFFIC_PARTS].failures += is_failure;
}

void traffic_window(struct traffic *traffic, const struct blacklist_settings *settings, tick_t now,
		    uint32_t *failures, uint32_t *all)
{
	window_turn(traffic, settings, now);
	*failures = *all = 0;
	for (size_t i = 0; i < TRAFFIC_PARTS; i++) {
		*failures += traffic->parts[i].failures;
		*all += traffic->parts[i].all;
	}
}

void traffic_alive(struct traffic *traffic, tick_t sent, tick_t now)
{
	traffic->heard = MAX(traffic->heard, sent);
	traffic->answered = now;
	traffic->timeouts_invite = traffic->timeouts_other = traffic->errors = 0;
}

void traffic_answer(struct traffic *traffic, const struct blacklist_settings *settings,
		    const struct traffic_request *request, tick_t now)
{
	traffic_alive(traffic, request->sent, now);
	if (request->is_invite) {
		traffic->invite_heard = MAX(traffic->invite_heard, request->sent);
		traffic->invite_answered = now;
		traffic->ignored.count = 0;
	}
	window_count(traffic, settings, false, now);
}

void traffic_delay(struct traffic *traffic, uint32_t delay_us)
{
	/* An eighth of each new one, as a round-trip time is smoothed. */
	if (!traffic->delay_us)
		traffic->delay_us = delay_us;
	else
		traffic->delay_us += (uint32_t)(((int64_t)delay_us - traffic->delay_us) / 8);
}

static enum traffic_verdict window_verdict(struct traffic *traffic,
					   const struct blacklist_settings *settings, tick_t now)
{
	uint32_t failures, all;

	if (!settings->failure_ratio)
		return TRAFFIC_FINE;
	traffic_window(traffic, settings, now, &failures, &all);
	if (failures < settings->failures ||
	    (uint64_t)failures * 100 < (uint64_t)all * settings->failure_ratio)
		return TRAFFIC_FINE;
	return TRAFFIC_FAILURES;
}

/* One call counts once, however often it is tried again. */
static void ignored_count(struct traffic *traffic, uint32_t call, tick_t sent)
{
	if (!traffic->ignored.count)
		traffic->ignored.first = traffic->ignored.last = sent;
	traffic->ignored.first = MIN(traffic->ignored.first, sent);
	for (uint32_t i = 0; i < traffic->ignored.count; i++) {
		if (traffic->ignored.calls[i] == call)
			return;
	}
	traffic->ignored.last = MAX(traffic->ignored.last, sent);
	if (traffic->ignored.count < TRAFFIC_IGNORED_MAX)
		traffic->ignored.calls[traffic->ignored.count++] = call;
}

/* Over some time, so that one bad moment, or one burst of a stranger's, is not enough. */
static enum traffic_verdict ignored_verdict(const struct traffic *traffic,
					    const struct blacklist_settings *settings)
{
	if (!settings->invite_timeouts || traffic->ignored.count < settings->invite_timeouts ||
	    traffic->ignored.last - traffic->ignored.first < settings->window_us)
		return TRAFFIC_FINE;
	/* All silent: that is for `timeouts`. */
	return traffic->answered > traffic->ignored.first ? TRAFFIC_IGNORED : TRAFFIC_FINE;
}

static enum traffic_verdict silence_verdict(struct traffic *traffic,
					    const struct blacklist_settings *settings,
					    bool is_invite, tick_t now)
{
	if (!is_invite) {
		traffic->timeouts_other++;
	} else {
		traffic->timeouts_invite++;
		window_count(traffic, settings, true, now);
	}
	if (!traffic->timeouts_invite)
		return TRAFFIC_FINE;
	if (settings->timeouts &&
	    traffic->timeouts_invite + traffic->timeouts_other >= settings->timeouts)
		return TRAFFIC_TIMEOUTS;
	return window_verdict(traffic, settings, now);
}

enum traffic_verdict traffic_timeout(struct traffic *traffic,
				     const struct blacklist_settings *settings,
				     const struct traffic_request *request, tick_t now)
{
	enum traffic_verdict verdict = TRAFFIC_FINE;
	bool is_ignored = request->is_invite && traffic->invite_answered <= request->sent;

	if (is_ignored)
		ignored_count(traffic, request->call, request->sent);
	/* If it answered something since, it is slow, or unwilling, but there. */
	if (traffic->answered <= request->sent)
		verdict = silence_verdict(traffic, settings, request->is_invite, now);
	return verdict == TRAFFIC_FINE && is_ignored ? ignored_verdict(traffic, settings) : verdict;
}

enum traffic_verdict traffic_error(struct traffic *traffic,
				   const struct blacklist_settings *settings, tick_t now)
{
	traffic->errors++;
	window_count(traffic, settings, true, now);
	if (settings->errors && traffic->errors >= settings->errors)
		return TRAFFIC_ERRORS;
	return window_verdict(traffic, settings, now);
}
