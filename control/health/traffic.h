/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the outcomes of real requests say of one target: is it there at all?  Answers of any kind
 * say yes (486 and 600 are about a user, not about a server); ICMP errors say no; an INVITE that
 * timed out says no when the target answered nothing at all since it was sent.  That last condition
 * keeps strangers from branding a target by requests that it silently drops, and a slow answer from
 * being taken for an absent one (RFC 4321 §1.3).  A non-INVITE that timed out never says no alone.
 *
 * A target may answer OPTIONS and ignore every INVITE.  So INVITEs are also counted by themselves:
 * those of different calls that timed out in a row while no INVITE at all was answered.
 * A pure state machine.  Control thread.
 */
#ifndef HEALTH_TRAFFIC_H
#define HEALTH_TRAFFIC_H

#include "base/tick.h"
#include "health/settings.h"

#define TRAFFIC_PARTS 10 /* of the window */
#define TRAFFIC_IGNORED_MAX 16 /* invite_timeouts at most */

struct traffic {
	tick_t heard;            /* sending of the latest request that was answered; 0: none */
	tick_t answered;         /* when that answer came */
	tick_t invite_heard, invite_answered; /* the same of INVITEs alone */
	uint32_t timeouts_invite, timeouts_other, errors; /* in a row: no answer in between */
	/* INVITEs that timed out in a row, whatever else was answered. */
	struct {
		uint32_t count;
		uint32_t calls[TRAFFIC_IGNORED_MAX]; /* hashes of their Call-IDs, each once */
		tick_t first, last;                  /* sending of the earliest and the latest */
	} ignored;
	uint64_t part;           /* number of the current one */
	struct {
		uint32_t failures, all;
	} parts[TRAFFIC_PARTS];  /* by number modulo */
	uint32_t delay_us;       /* to the first answer to an INVITE, smoothed; 0: none yet */
};

enum traffic_verdict {
	TRAFFIC_FINE,
	TRAFFIC_TIMEOUTS,
	TRAFFIC_ERRORS,
	TRAFFIC_FAILURES,
	TRAFFIC_IGNORED, /* it answers, but no INVITE */
};

/* What an outcome is of. */
struct traffic_request {
	bool is_invite;
	uint32_t call; /* of one that timed out: hash of its Call-ID */
	tick_t sent;
};

/* Forgets what it counts on, keeps what it heard. */
void traffic_reset(struct traffic *traffic);

/* An answer to a request; to an INVITE also a provisional one. */
void traffic_answer(struct traffic *traffic, const struct blacklist_settings *settings,
		    const struct traffic_request *request, tick_t now);
/* The same for a probe: it lives; the window is of real requests. */
void traffic_alive(struct traffic *traffic, tick_t sent, tick_t now);
/* The time from an INVITE to its first answer. */
void traffic_delay(struct traffic *traffic, uint32_t delay_us);
[[nodiscard]] enum traffic_verdict traffic_timeout(struct traffic *traffic,
						   const struct blacklist_settings *settings,
						   const struct traffic_request *request,
						   tick_t now);
[[nodiscard]] enum traffic_verdict traffic_error(struct traffic *traffic,
						 const struct blacklist_settings *settings,
						 tick_t now);
/* Of the window that ends now. */
void traffic_window(struct traffic *traffic, const struct blacklist_settings *settings, tick_t now,
		    uint32_t *failures, uint32_t *all);

#endif
