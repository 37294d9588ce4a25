/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an outcome, of a real request or a probe, makes of a target's record; see health.h.
 */
#include <stdio.h>

#include "health/internal.h"

/* 64*T1, for what timed out and does not say when it was sent. */
#define TIMEOUT_UNKNOWN TICK_SECONDS(32)

static tick_t sent_at(tick_t now, uint64_t delay_us)
{
	return now > delay_us ? now - delay_us : 0;
}

/* Does the outcome of what was sent then say anything of the target as it is now? */
static bool is_evidence(const struct health_record *record, tick_t sent)
{
	return sent >= record->returned && record->entry.state == BLACKLIST_CLEAR &&
	       !record->prober.is_down;
}

static bool is_trial(const struct health_record *record, tick_t sent)
{
	return record->health == TARGET_TRIAL && sent >= record->entry.since;
}

static void trial_pass(struct health *health, struct health_record *record, tick_t now,
		       const char *why)
{
	blacklist_pass(&record->entry, &health_settings_of(health, record)->blacklist, now);
	health_return(health, record, now, why);
}

/* `is_passing`: whoever answers so takes calls. */
static void on_answer(struct health *health, struct health_record *record,
		      const struct outcome *outcome, bool is_passing, tick_t now)
{
	const struct traffic_request request = {
		.is_invite = outcome->flags & OUTCOME_IS_INVITE,
		.sent = sent_at(now, outcome->delay_us),
	};

	traffic_answer(&record->traffic, &health_settings_of(health, record)->blacklist, &request,
		       now);
	if (!is_trial(record, request.sent))
		return;
	if (!is_passing || (record->entry.cause == BLACKLIST_NO_INVITE && !request.is_invite))
		health_apply(health, record, now);
	else
		trial_pass(health, record, now, "the call that tried it was answered");
}

/* Full is not dead (RFC 3261 §21.5.4: temporarily unable, overloaded or in maintenance). */
static void on_full(struct health *health, struct health_record *record, uint32_t retry_after_s,
		    const char *what, tick_t now)
{
	const struct blacklist_settings *settings = &health_settings_of(health, record)->blacklist;
	char reason[BLACKLIST_REASON_MAX], most[HEALTH_TIME_MAX];

	if (!settings->honour_retry_after || retry_after_s == OUTCOME_NO_RETRY_AFTER ||
	    !retry_after_s) {
		share_answer(&record->share, true, now);
		health_apply(health, record, now);
		return;
	}
	bool is_clamped = TICK_SECONDS((uint64_t)retry_after_s) > settings->max_us;
	snprintf(reason, sizeof(reason), "%s503 with Retry-After: %u%s%s", what, retry_after_s,
		 is_clamped ? ", at most " : "",
		 is_clamped ? health_time(settings->max_us, most) : "");
	health_list(health, record, BLACKLIST_RETRY_AFTER,
		    blacklist_retry_after_us(settings, retry_after_s), reason, now);
}

static void on_response(struct health *health, struct health_record *record,
			const struct outcome *outcome, tick_t now)
{
	bool honours = health_settings_of(health, record)->blacklist.honour_retry_after;
	tick_t sent = sent_at(now, outcome->delay_us);

	if (outcome->value != 503) {
		share_answer(&record->share, false, now);
		on_answer(health, record, outcome, true, now);
		return;
	}
	bool names_time = outcome->retry_after_s != OUTCOME_NO_RETRY_AFTER && outcome->retry_after_s;
	if (is_trial(record, sent) && record->entry.cause == BLACKLIST_RETRY_AFTER && !names_time) {
		health_list(health, record, BLACKLIST_RETRY_AFTER, 0,
			    "503 to the call that tried it", now);
		return;
	}
	/* With a time it is listed anew, and was not back in between. */
	on_answer(health, record, outcome, !names_time || !honours, now);
	on_full(health, record, outcome->retry_after_s, "", now);
}

static void on_provisional(struct health *health, struct health_record *record,
			   const struct outcome *outcome, tick_t now)
{
	uint64_t limit = health_settings_of(health, record)->blacklist.slow_answer_us;

	traffic_delay(&record->traffic, outcome->delay_us);
	if (limit && outcome->delay_us > limit) {
		share_answer(&record->share, true, now);
		health_apply(health, record, now);
	}
	/* 100 says that somebody is there, not that there is room: 503 may follow. */
	on_answer(health, record, outcome,
		  outcome->value != 100 || record->entry.cause != BLACKLIST_RETRY_AFTER, now);
}

static void on_verdict(struct health *health, struct health_record *record,
		       enum traffic_verdict verdict, tick_t now)
{
	struct traffic *traffic = &record->traffic;
	const struct blacklist_settings *settings = &health_settings_of(health, record)->blacklist;
	char reason[BLACKLIST_REASON_MAX];
	uint32_t failures, all;

	switch (verdict) {
	case TRAFFIC_FINE:
		return;
	case TRAFFIC_TIMEOUTS:
		snprintf(reason, sizeof(reason), "%u %s timed out, and no answer to anything since",
			 traffic->timeouts_invite,
			 traffic->timeouts_invite == 1 ? "INVITE" : "INVITEs in a row");
		health_list(health, record, BLACKLIST_TIMEOUT, 0, reason, now);
		return;
	case TRAFFIC_IGNORED:
		snprintf(reason, sizeof(reason),
			 "answers other requests but no INVITE: %u in a row timed out",
			 traffic->ignored.count);
		health_list(health, record, BLACKLIST_NO_INVITE, 0, reason, now);
		return;
	case TRAFFIC_ERRORS:
		snprintf(reason, sizeof(reason), "%u ICMP %s", traffic->errors,
			 traffic->errors == 1 ? "error" : "errors in a row");
		health_list(health, record, BLACKLIST_TRANSPORT_ERROR, 0, reason, now);
		return;
	case TRAFFIC_FAILURES:
		traffic_window(traffic, settings, now, &failures, &all);
		snprintf(reason, sizeof(reason), "%u of %u requests failed", failures, all);
		health_list(health, record, BLACKLIST_FAILURES, 0, reason, now);
		return;
	}
}

static void on_timeout(struct health *health, struct health_record *record,
		       const struct outcome *outcome, tick_t now)
{
	const struct traffic_request request = {
		.is_invite = outcome->flags & OUTCOME_IS_INVITE,
		.call = outcome->call,
		.sent = sent_at(now, outcome->delay_us ? outcome->delay_us : TIMEOUT_UNKNOWN),
	};
	bool is_call_trial = request.is_invite && is_trial(record, request.sent) &&
			     !record->entry.tries_by_probe;

	if (outcome->flags & OUTCOME_WAS_ANSWERED)
		return;
	if (is_call_trial && health_trial_answered(record) <= request.sent) {
		health_list(health, record, record->entry.cause, 0,
			    "the call that tried it was not answered", now);
		return;
	}
	/* Calls that try it in vain, one by one, while it answers others are such a row too. */
	if (!is_call_trial && !is_evidence(record, request.sent))
		return;
	on_verdict(health, record,
		   traffic_timeout(&record->traffic,
				   &health_settings_of(health, record)->blacklist, &request, now),
		   now);
}

static void on_error(struct health *health, struct health_record *record,
		     const struct outcome *outcome, tick_t now)
{
	tick_t sent = sent_at(now, outcome->delay_us);

	if (is_trial(record, sent)) {
		health_list(health, record, BLACKLIST_TRANSPORT_ERROR, 0,
			    "ICMP error to what tried it", now);
		return;
	}
	if (!is_evidence(record, sent))
		return;
	on_verdict(health, record,
		   traffic_error(&record->traffic, &health_settings_of(health, record)->blacklist,
				 now),
		   now);
}

/* ---- probes */

static const char *probe_words(const struct prober *prober, char text[32])
{
	if (prober->last_status)
		snprintf(text, 32, "the last answered %u", prober->last_status);
	else
		snprintf(text, 32, prober->was_unreachable ? "the last met an ICMP error" :
							     "the last not answered");
	return text;
}

static void went_down(struct health *health, struct health_record *record, tick_t now)
{
	const struct health_settings *settings = health_settings_of(health, record);
	char words[32];

	/* From here on it is its probes that say when it returns. */
	if (record->entry.state != BLACKLIST_CLEAR && blacklist_is_absence(&record->entry))
		blacklist_pass(&record->entry, &settings->blacklist, now);
	snprintf(record->down, sizeof(record->down), "%u %s in a row failed, %s",
		 record->prober.bad, record->prober.bad == 1 ? "probe" : "probes",
		 probe_words(&record->prober, words));
	health_apply(health, record, now);
	health_tell(health, HEALTH_EVENT_TARGET, record, record->pool, "down: %s", record->down);
}

static void came_up(struct health *health, struct health_record *record, tick_t now)
{
	char why[96];

	snprintf(why, sizeof(why), "%u %s in a row answered, the last with %u", record->prober.good,
		 record->prober.good == 1 ? "probe" : "probes", record->prober.last_status);
	health_return(health, record, now, why);
}

/* What a probe says of a target that is on the list, or half-open. */
static void entry_probed(struct health *health, struct health_record *record, enum prober_sign sign,
			 tick_t now)
{
	const struct health_settings *settings = health_settings_of(health, record);
	struct blacklist_entry *entry = &record->entry;

	/* OPTIONS tells nothing of calls that are refused or ignored. */
	if (!blacklist_is_absence(entry))
		return;
	if (entry->state == BLACKLIST_HALF_OPEN && sign != PROBER_BAD)
		trial_pass(health, record, now, "the probe that tried it was answered");
	else if (entry->state == BLACKLIST_HALF_OPEN)
		health_list(health, record, entry->cause, 0, "the probe that tried it failed", now);
	/* It answers again: no need to sit a long time out, as far as it was for absence. */
	else if (entry->state == BLACKLIST_LISTED && record->prober.good >= settings->probe.rise &&
		 now - entry->since >= settings->blacklist.base_us)
		trial_pass(health, record, now, "its probes are answered again");
}

static void on_probe(struct health *health, struct health_record *record,
		     const struct outcome *outcome, tick_t now)
{
	const struct probe_settings *settings = &health_settings_of(health, record)->probe;
	struct prober *prober = &record->prober;
	bool heard = record->traffic.heard > prober->sent;
	enum prober_sign sign;

	if (outcome->flags & OUTCOME_WAS_NOT_SENT) {
		prober_not_sent(prober, outcome->probe);
		health_apply(health, record, now);
		return;
	}
	if (!prober_end(prober, settings, outcome->probe, outcome->value, outcome->delay_us, heard,
			now, &sign))
		return;
	prober->was_unreachable = outcome->flags & OUTCOME_WAS_UNREACHABLE;
	if (outcome->value)
		traffic_alive(&record->traffic, prober->sent, now);
	switch (prober_judge(prober, settings, sign)) {
	case PROBER_DOWN:
		went_down(health, record, now);
		break;
	case PROBER_UP:
		came_up(health, record, now);
		break;
	case PROBER_SAME:
		entry_probed(health, record, sign, now);
		break;
	}
	if (sign == PROBER_FULL)
		on_full(health, record, outcome->retry_after_s, "probe answered ", now);
	health_apply(health, record, now);
}

void health_outcome(struct health *health, const struct outcome *outcome, tick_t now)
{
	struct health_record *record = health_record_find(health, outcome->target_id);

	if (!record || !record->target)
		return;
	switch ((enum outcome_kind)outcome->kind) {
	case OUTCOME_RESPONSE:
		on_response(health, record, outcome, now);
		break;
	case OUTCOME_PROVISIONAL:
		on_provisional(health, record, outcome, now);
		break;
	case OUTCOME_TIMEOUT:
		on_timeout(health, record, outcome, now);
		break;
	case OUTCOME_TRANSPORT_ERROR:
		on_error(health, record, outcome, now);
		break;
	case OUTCOME_PROBE:
		on_probe(health, record, outcome, now);
		break;
	}
}
