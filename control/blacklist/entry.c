/* SPDX-License-Identifier: BSD-3-Clause */
/* A target's place on the blacklist; see entry.h. */
#include "blacklist/entry.h"

#include <stdio.h>

#define RETRY_AFTER_LEAST TICK_SECONDS(1)
#define ROW_MAX           24 /* doublings; base is less than max long before */

const char *blacklist_cause_name(enum blacklist_cause cause)
{
	static const char *const names[BLACKLIST_CAUSES] = {
		[BLACKLIST_TIMEOUT] = "timeout",
		[BLACKLIST_TRANSPORT_ERROR] = "transport-error",
		[BLACKLIST_FAILURES] = "failures",
		[BLACKLIST_RETRY_AFTER] = "503",
		[BLACKLIST_NO_INVITE] = "no-invite",
		[BLACKLIST_BY_HAND] = "by-hand",
	};
	return cause < BLACKLIST_CAUSES ? names[cause] : "?";
}

void blacklist_entry_init(struct blacklist_entry *entry)
{
	*entry = (struct blacklist_entry){ .until = TICK_NEVER, .forgotten = TICK_NEVER };
}

static uint64_t backed_off_us(const struct blacklist_entry *entry,
			      const struct blacklist_settings *settings, uint64_t random)
{
	uint64_t us = settings->base_us << MIN(entry->row, (uint32_t)ROW_MAX);

	us = MIN(us, settings->max_us);
	return MIN(us + random % (us / 10 + 1), settings->max_us);
}

uint64_t blacklist_retry_after_us(const struct blacklist_settings *settings, uint32_t seconds)
{
	return MAX(MIN(TICK_SECONDS((uint64_t)seconds), settings->max_us), RETRY_AFTER_LEAST);
}

bool blacklist_list(struct blacklist_entry *entry, const struct blacklist_settings *settings,
		    enum blacklist_cause cause, uint64_t for_us, tick_t now, uint64_t random,
		    const char *reason)
{
	uint64_t duration = for_us ? for_us : backed_off_us(entry, settings, random);
	tick_t until = tick_add(now, duration);

	if (entry->state == BLACKLIST_LISTED && cause != BLACKLIST_BY_HAND) {
		/* The failures of one outage come in a crowd; they are one listing. */
		if (entry->cause == BLACKLIST_BY_HAND || !for_us || until <= entry->until)
			return false;
		entry->until = until;
		entry->duration = until - entry->since;
		return false;
	}
	/* A time that the server or the operator named is no sign that it should be longer. */
	if (!for_us && entry->row < ROW_MAX)
		entry->row++;
	entry->state = BLACKLIST_LISTED;
	entry->cause = cause;
	entry->since = now;
	entry->until = until;
	entry->duration = duration;
	entry->forgotten = TICK_NEVER;
	entry->times++;
	snprintf(entry->reason, sizeof(entry->reason), "%s", reason);
	return true;
}

static void entry_clear(struct blacklist_entry *entry, tick_t now)
{
	entry->state = BLACKLIST_CLEAR;
	entry->since = now;
	entry->until = TICK_NEVER;
}

void blacklist_expire(struct blacklist_entry *entry, const struct blacklist_settings *settings,
		      bool tries_by_probe, tick_t now)
{
	if (entry->cause == BLACKLIST_BY_HAND) {
		blacklist_pass(entry, settings, now);
		return;
	}
	entry->state = BLACKLIST_HALF_OPEN;
	entry->since = now;
	entry->until = TICK_NEVER;
	entry->tries_by_probe = tries_by_probe;
}

void blacklist_pass(struct blacklist_entry *entry, const struct blacklist_settings *settings,
		    tick_t now)
{
	entry_clear(entry, now);
	/* Twice as long in good order as it was listed, and at least ten times the base. */
	if (entry->row)
		entry->forgotten =
			tick_add(now, MAX(10 * settings->base_us, 2 * entry->duration));
}

void blacklist_remove(struct blacklist_entry *entry, tick_t now)
{
	entry_clear(entry, now);
	entry->row = 0;
	entry->forgotten = TICK_NEVER;
}

tick_t blacklist_due(const struct blacklist_entry *entry)
{
	if (entry->state == BLACKLIST_LISTED)
		return entry->until;
	return entry->state == BLACKLIST_CLEAR ? entry->forgotten : TICK_NEVER;
}

void blacklist_forget(struct blacklist_entry *entry, tick_t now)
{
	if (entry->state != BLACKLIST_CLEAR || now < entry->forgotten)
		return;
	entry->row = 0;
	entry->forgotten = TICK_NEVER;
}
