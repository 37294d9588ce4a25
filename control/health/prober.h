/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One target's probes: when the next is due, and what those that ended say.  `fall` that failed in
 * a row: down; `rise` that succeeded in a row: up.  At most one is under way.  A pure state machine:
 * it sends nothing and knows no clock.  Control thread.
 */
#ifndef HEALTH_PROBER_H
#define HEALTH_PROBER_H

#include "base/tick.h"
#include "health/settings.h"

struct prober {
	bool is_on, is_down;
	uint32_t good, bad;     /* in a row */
	uint32_t number;        /* of the one under way; 0: none */
	tick_t next;            /* to be sent */
	tick_t sent, given_up;  /* of the one under way */
	/* The latest that ended. */
	uint16_t last_status;   /* 0: no answer */
	uint32_t last_delay_us;
	bool was_unreachable;   /* an ICMP error came in place of an answer */
	tick_t last;            /* 0: none ended yet */
	/* All since the start. */
	uint64_t count, answered, unanswered;
};

enum prober_change { PROBER_SAME, PROBER_DOWN, PROBER_UP };

/* What a probe that ended says of the target. */
enum prober_sign {
	PROBER_GOOD,
	PROBER_BAD,
	PROBER_FULL,    /* 503: alive, and says itself that it has no room */
	PROBER_UNSURE,  /* no answer, but calls sent later were answered meanwhile */
};

/* On: the first within one interval, by `random`, so that many targets are no burst.  With
 * settings of no interval: off, and up.  What was learnt is kept when it was on before. */
void prober_configure(struct prober *prober, const struct probe_settings *settings, tick_t now,
		      uint64_t random);
/* When a probe is to be sent, or the one under way to be given up; TICK_NEVER: never. */
tick_t prober_due(const struct prober *prober);
/* True: one is to be sent now. */
[[nodiscard]] bool prober_wants(const struct prober *prober, tick_t now);
/* It was sent under that number, not 0; the next is an interval later, give or take jitter. */
void prober_sent(struct prober *prober, const struct probe_settings *settings, uint32_t number,
		 tick_t now, uint64_t random);
/* It could not be sent: again soon. */
void prober_put_off(struct prober *prober, tick_t now);
/* As soon as none is under way. */
void prober_hurry(struct prober *prober, tick_t now);
/* The end of the one under way was lost on its way here: it says nothing. */
bool prober_give_up(struct prober *prober, tick_t now);

/* The end of probe `number`; false: it is not the one under way.  `status` 0: no answer.
 * `heard`: the target answered a request that was sent after the probe. */
[[nodiscard]] bool prober_end(struct prober *prober, const struct probe_settings *settings,
			      uint32_t number, uint16_t status, uint32_t delay_us, bool heard,
			      tick_t now, enum prober_sign *sign);
/* It was not sent after all: it says nothing. */
void prober_not_sent(struct prober *prober, uint32_t number);
/* What the sign makes of the state.  Separate, so that the owner can look at both. */
[[nodiscard]] enum prober_change prober_judge(struct prober *prober,
					      const struct probe_settings *settings,
					      enum prober_sign sign);

#endif
