/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One target's record: what its machines say together, written where workers read it; what is due
 * of it; on the blacklist and back.  See health.h.
 */
#include <stdio.h>

#include "health/internal.h"

/* One call tries: whoever calls a target that is dead waits for 64*T1.  Another one may when that
 * time is over and nothing was heard, for the outcome may be lost; sooner when the target answers,
 * for then only the end is open.  Until it is taken, a trial is looked at as often. */
#define TRIAL_SILENCE  TICK_SECONDS(40)
#define TRIAL_PATIENCE TICK_SECONDS(5)
#define TRIALS         1u

static enum target_health record_health(const struct health_record *record)
{
	if (record->entry.state == BLACKLIST_LISTED)
		return TARGET_BLACKLISTED;
	if (record->prober.is_down)
		return TARGET_DOWN;
	return record->entry.state == BLACKLIST_HALF_OPEN ? TARGET_TRIAL : TARGET_UP;
}

static bool is_tried_by_call(const struct health_record *record)
{
	return record->health == TARGET_TRIAL && !record->entry.tries_by_probe;
}

tick_t health_trial_answered(const struct health_record *record)
{
	return record->entry.cause == BLACKLIST_NO_INVITE ? record->traffic.invite_answered :
							    record->traffic.answered;
}

static tick_t trial_due(const struct health_record *record)
{
	bool is_taken = !__atomic_load_n(&record->status->trials, __ATOMIC_RELAXED);
	bool is_silent = is_taken && health_trial_answered(record) < record->trial_given;

	return tick_add(record->trial_given, is_silent ? TRIAL_SILENCE : TRIAL_PATIENCE);
}

static tick_t record_due(const struct health_record *record)
{
	tick_t due = MIN(prober_due(&record->prober), blacklist_due(&record->entry));

	due = MIN(due, share_due(&record->share));
	if (is_tried_by_call(record))
		due = MIN(due, trial_due(record));
	return due;
}

static void trial_give(struct health_record *record, uint32_t trials, tick_t now)
{
	record->trial_given = now;
	__atomic_store_n(&record->status->trials_are_calls,
			 record->entry.cause == BLACKLIST_NO_INVITE, __ATOMIC_RELAXED);
	__atomic_store_n(&record->status->trials, trials, __ATOMIC_RELAXED);
}

void health_apply(struct health *health, struct health_record *record, tick_t now)
{
	enum target_health to = record_health(record);
	struct target_status *status = record->status;

	__atomic_store_n(&status->withheld, share_withheld(&record->share, now), __ATOMIC_RELAXED);
	if (to != record->health) {
		record->health = to;
		record->since = now;
		health->pools[record->pool].is_stale = true;
		/* Before the health that says to look at it. */
		trial_give(record, is_tried_by_call(record) ? TRIALS : 0, now);
		__atomic_store_n(&status->health, to, __ATOMIC_RELEASE);
	}
	due_set(&health->due, &record->due, record_due(record));
}

void health_return(struct health *health, struct health_record *record, tick_t now, const char *why)
{
	uint64_t slow_start_us = health_settings_of(health, record)->slow_start_us;
	char time[HEALTH_TIME_MAX];

	record->returned = now;
	traffic_reset(&record->traffic);
	share_start(&record->share, slow_start_us, now);
	health_apply(health, record, now);
	if (record->health == TARGET_UP)
		health_tell(health, HEALTH_EVENT_TARGET, record, record->pool, "up: %s%s%s", why,
			    slow_start_us ? "; slow start over " : "",
			    slow_start_us ? health_time(slow_start_us, time) : "");
}

void health_list(struct health *health, struct health_record *record, enum blacklist_cause cause,
		 uint64_t for_us, const char *reason, tick_t now)
{
	struct blacklist_entry *entry = &record->entry;
	char text[HEALTH_TIME_MAX];

	if (!blacklist_list(entry, &health_settings_of(health, record)->blacklist, cause, for_us,
			    now, health_random(health), reason)) {
		health_apply(health, record, now);
		return;
	}
	traffic_reset(&record->traffic);
	record->prober.good = 0; /* what it answered before proves nothing of the time after */
	health_apply(health, record, now);
	if (entry->until == TICK_NEVER)
		health_tell(health, HEALTH_EVENT_TARGET, record, record->pool,
			    "blacklisted until it is removed: %s", entry->reason);
	else
		health_tell(health, HEALTH_EVENT_TARGET, record, record->pool,
			    "blacklisted for %s: %s", health_time(entry->duration, text),
			    entry->reason);
}

const char *health_why(const struct health_record *record, char text[HEALTH_WHY_MAX])
{
	text[0] = '\0';
	if (record->health == TARGET_BLACKLISTED)
		snprintf(text, HEALTH_WHY_MAX, "%s", record->entry.reason);
	else if (record->health == TARGET_DOWN)
		snprintf(text, HEALTH_WHY_MAX, "%s", record->down);
	else if (record->health == TARGET_TRIAL)
		snprintf(text, HEALTH_WHY_MAX, "%s tries it after: %s",
			 record->entry.tries_by_probe ? "a probe" : "the next call",
			 record->entry.reason);
	return text;
}

tick_t health_returns(const struct health_record *record)
{
	return record->health == TARGET_BLACKLISTED ? record->entry.until : TICK_NEVER;
}

/* ---- what is due */

static void probe_send(struct health *health, struct health_record *record, tick_t now)
{
	const struct probe_settings *settings = &health_settings_of(health, record)->probe;
	uint32_t number = ++health->number ? health->number : ++health->number;

	if (health->calls.probe(health->calls.context, record->id, number,
				(uint32_t)tick_to_ms(settings->timeout_us)) < 0)
		prober_put_off(&record->prober, now);
	else
		prober_sent(&record->prober, settings, number, now, health_random(health));
}

static bool was_heard(const struct health_record *record, tick_t since)
{
	if (record->entry.cause == BLACKLIST_NO_INVITE)
		return record->traffic.invite_heard > since;
	if (!blacklist_is_absence(&record->entry))
		return false;
	return record->prober.good || record->traffic.heard > since;
}

/* Its time on the list is over. */
static void entry_over(struct health *health, struct health_record *record, tick_t now)
{
	const struct blacklist_settings *settings = &health_settings_of(health, record)->blacklist;
	struct blacklist_entry *entry = &record->entry;
	bool by_probe = blacklist_is_absence(entry) && record->prober.is_on;
	tick_t since = entry->since;
	char why[HEALTH_WHY_MAX];

	blacklist_expire(entry, settings, by_probe, now);
	if (record->prober.is_down && entry->cause == BLACKLIST_NO_INVITE) {
		/* When its probes have brought it back, a call tries it. */
		health_apply(health, record, now);
		return;
	}
	if (record->prober.is_down || entry->state == BLACKLIST_CLEAR) {
		/* Down: its probes say when it returns. */
		blacklist_pass(entry, settings, now);
		health_return(health, record, now, "its time on the blacklist is over");
		return;
	}
	if (was_heard(record, since)) {
		blacklist_pass(entry, settings, now);
		health_return(health, record, now, "it answered while it was on the blacklist");
		return;
	}
	if (by_probe)
		prober_hurry(&record->prober, now);
	health_apply(health, record, now);
	health_tell(health, HEALTH_EVENT_TARGET, record, record->pool, "on trial: %s",
		    health_why(record, why));
}

static void load_step(struct health *health, struct health_record *record, tick_t now)
{
	uint32_t refusals = record->share.refusals, answers = record->share.answers;

	share_step(&record->share, now);
	if (share_is_full(&record->share) == record->was_full)
		return;
	record->was_full = !record->was_full;
	if (record->was_full)
		health_tell(health, HEALTH_EVENT_LOAD, record, record->pool,
			    "full: %u of %u answers said so or came late; it gets less", refusals,
			    answers);
	else
		health_tell(health, HEALTH_EVENT_LOAD, record, record->pool,
			    "not full any more: it has its whole weight");
}

static void trial_renew(struct health_record *record, tick_t now)
{
	if (now >= trial_due(record))
		trial_give(record, TRIALS, now);
}

void health_trial_by_call(struct health_record *record, tick_t now)
{
	if (!record->entry.tries_by_probe)
		return;
	record->entry.tries_by_probe = false;
	if (is_tried_by_call(record))
		trial_give(record, TRIALS, now);
}

void health_record_tick(struct health *health, struct health_record *record, tick_t now)
{
	(void)prober_give_up(&record->prober, now);
	if (record->entry.state == BLACKLIST_LISTED && now >= record->entry.until)
		entry_over(health, record, now);
	blacklist_forget(&record->entry, now);
	if (prober_wants(&record->prober, now))
		probe_send(health, record, now);
	if (now >= share_due(&record->share))
		load_step(health, record, now);
	if (is_tried_by_call(record))
		trial_renew(record, now);
	health_apply(health, record, now);
}

/* ---- by hand */

bool health_blacklist_add(struct health *health, uint64_t id, uint64_t for_us, const char *reason,
			  tick_t now)
{
	struct health_record *record = health_record_find(health, id);

	if (!record || !record->target)
		return false;
	health_list(health, record, BLACKLIST_BY_HAND, for_us ? for_us : TICK_NEVER, reason, now);
	return true;
}

bool health_blacklist_remove(struct health *health, uint64_t id, tick_t now)
{
	struct health_record *record = health_record_find(health, id);

	if (!record || record->entry.state == BLACKLIST_CLEAR)
		return false;
	blacklist_remove(&record->entry, now);
	if (record->target)
		health_return(health, record, now, "removed from the blacklist by hand");
	return true;
}
