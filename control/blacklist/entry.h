/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A target's place on the blacklist (RFC 4321 §1.3 asks that failed servers be remembered):
 *
 *	clear --list--> listed --its time is over--> half-open --passed--> clear
 *	                  ^                             |
 *	                  '--------- failed ------------'   for twice as long
 *
 * Half-open: a probe or a single call tries before all return.  How often it was listed in a row is
 * forgotten after good behaviour.  A pure state machine: the time is an argument, and whoever owns
 * the entry does what its state says.  Control thread.
 */
#ifndef BLACKLIST_ENTRY_H
#define BLACKLIST_ENTRY_H

#include "base/tick.h"
#include "health/settings.h"

enum blacklist_state { BLACKLIST_CLEAR, BLACKLIST_LISTED, BLACKLIST_HALF_OPEN };

enum blacklist_cause {
	BLACKLIST_TIMEOUT,         /* an INVITE without any answer, while all was silent */
	BLACKLIST_TRANSPORT_ERROR, /* ICMP errors */
	BLACKLIST_FAILURES,        /* too large a share of what was sent failed */
	BLACKLIST_RETRY_AFTER,     /* 503 with Retry-After */
	BLACKLIST_NO_INVITE,       /* INVITEs without any answer, while others were answered */
	BLACKLIST_BY_HAND,
	BLACKLIST_CAUSES,
};
/* "timeout", "transport-error", "failures", "503", "no-invite", "by-hand". */
const char *blacklist_cause_name(enum blacklist_cause cause);

#define BLACKLIST_REASON_MAX 128

struct blacklist_entry {
	enum blacklist_state state;
	enum blacklist_cause cause;
	bool tries_by_probe;  /* half-open: a probe tries; else a call */
	uint32_t row;         /* times listed in a row, for the back-off */
	tick_t since;         /* of the state */
	tick_t until;         /* listed; TICK_NEVER: until it is removed by hand */
	tick_t duration;      /* of the latest listing */
	tick_t forgotten;     /* clear: when `row` is; TICK_NEVER: nothing to forget */
	uint64_t times;       /* listed, in all */
	char reason[BLACKLIST_REASON_MAX];
};

void blacklist_entry_init(struct blacklist_entry *entry);

/*
 * Lists it, from any state.  `for_us` 0: base doubled for each time in a row, at most max, and up
 * to a tenth longer by `random`, so that targets that went together do not all come back together.
 * TICK_NEVER: until removed.  Another time is taken as it is.  While the entry is listed already,
 * only a later end is taken over, and a listing by hand only by another one.  True: it was not
 * listed before, or by hand anew.
 */
bool blacklist_list(struct blacklist_entry *entry, const struct blacklist_settings *settings,
		    enum blacklist_cause cause, uint64_t for_us, tick_t now, uint64_t random,
		    const char *reason);
/* What a 503 asked for, within 1 s and max. */
uint64_t blacklist_retry_after_us(const struct blacklist_settings *settings, uint32_t seconds);

/* Listed and over: half-open, but what was listed by hand is clear. */
void blacklist_expire(struct blacklist_entry *entry, const struct blacklist_settings *settings,
		      bool tries_by_probe, tick_t now);
/* To clear.  How often it was listed is remembered for a while. */
void blacklist_pass(struct blacklist_entry *entry, const struct blacklist_settings *settings,
		    tick_t now);
/* By hand: to clear, all forgotten. */
void blacklist_remove(struct blacklist_entry *entry, tick_t now);
/* When it wants blacklist_expire, or blacklist_forget; TICK_NEVER: nothing is due. */
tick_t blacklist_due(const struct blacklist_entry *entry);
void blacklist_forget(struct blacklist_entry *entry, tick_t now);

/* Listed because nothing came from it: then a probe can tell as well as a call. */
static inline bool blacklist_is_absence(const struct blacklist_entry *entry)
{
	return entry->cause == BLACKLIST_TIMEOUT || entry->cause == BLACKLIST_TRANSPORT_ERROR;
}

#endif
