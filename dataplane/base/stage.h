/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where a worker's cycles go: the stages of the packet path, and a clock that gives each its share.
 *
 * An instrument, no source of time: nothing may be decided by it.  The room that owns a clock
 * hands in the function that reads cycles; here, as in all pure rooms, none is read.  Of the passes
 * of the poll loop that find something to do one in so many is sampled, drawn at random so that no
 * rhythm of the traffic meets it.  In all others a change of stage is one branch that is not taken.
 * Reads are no fences: a few dozen cycles may count for the stage beside.
 */
#ifndef BASE_STAGE_H
#define BASE_STAGE_H

#include "base/compiler.h"

/* In the order of the packet path (dataplane/README.md).  What a function does for another stage on
 * its way counts for its own: a stage lasts until the next is entered. */
#define STAGE_LIST(STAGE)                                                                          \
	STAGE(RX, "rx", "receive burst: driver, mbufs")                                            \
	STAGE(VALIDATE, "validate", "Ethernet, ARP, IP, fragments, ICMP, UDP")                     \
	STAGE(STEER, "steer", "Call-ID peeked at, owner of the call")                              \
	STAGE(HANDOFF, "hand-off", "rings to and from other workers")                              \
	STAGE(PARSE, "parse", "message parsed and checked")                                        \
	STAGE(FIND, "find", "classified, transaction found: keys, hint, table")                    \
	STAGE(ROUTE, "route", "request validated, routed, target selected")                        \
	STAGE(COMPOSE, "compose", "edits composed and applied, own messages built")                \
	STAGE(RETAIN, "retain", "copies of messages: kept, given back")                            \
	STAGE(TRANSACTION, "transaction", "state machines, slots, table, timers armed, dialogs")   \
	STAGE(EXPIRE, "expire", "timers due, and what they do")                                    \
	STAGE(EGRESS, "egress", "next hop, headers, checksums, fragments")                         \
	STAGE(TX, "tx", "transmit burst: driver")                                                  \
	STAGE(OTHER, "other", "the rest of the loop: neighbours, errors, failures, wake-ups")

enum stage {
#define STAGE_ENUM(id, name, help) STAGE_##id,
	STAGE_LIST(STAGE_ENUM)
#undef STAGE_ENUM
	STAGES
};

struct stage_info {
	const char *name, *help;
};
extern const struct stage_info stage_infos[STAGES];

/* Of the sampled passes alone.  Worker: rw, control: ro (relaxed).  All members are counters of one
 * type.  busy_cycles is the sum of cycles[] and clock_cycles. */
struct stage_totals {
	uint64_t cycles[STAGES];     /* without what reading the clock took */
	uint64_t entries[STAGES];    /* how often the stage was entered */
	uint64_t busy_cycles;        /* from begin to end of the passes */
	uint64_t clock_cycles;       /* of them, taken for the clock itself */
	uint64_t passes, messages;
	uint64_t broken_passes;      /* left out: something else had the core meanwhile */
};

typedef uint64_t (*stage_read_fn)(void);

struct stage_clock_config {
	stage_read_fn read;          /* cycles, monotonic */
	uint64_t seed;               /* any value */
	uint32_t passes_a_sample;    /* on average; at least 1 */
	uint64_t stay_max;           /* cycles without a change of stage that nothing of ours takes */
};

struct stage_clock {
	bool is_sampling;            /* within a sampled pass */
	uint8_t current;
	uint64_t passes_left;        /* busy ones, until the next sample */
	uint64_t begin, last;        /* cycles: of the pass, of the last change */
	uint64_t longest;            /* without a change, in this pass */
	uint64_t read_cost;          /* cycles that a change of stage takes itself */
	uint64_t random;
	uint64_t cycles[STAGES];     /* of this pass */
	uint64_t entries[STAGES];
	struct stage_clock_config config;
	struct stage_totals totals;
};

/* Never samples and is never written: for whoever has no clock. */
extern struct stage_clock stage_clock_off;

/* Measures what a change costs, a few thousand reads. */
void stage_clock_init(struct stage_clock *clock, const struct stage_clock_config *config);

/* What the inline functions do in a sampled pass. */
enum stage stage_change(struct stage_clock *clock, enum stage stage);
void stage_sample_begin(struct stage_clock *clock, enum stage stage, uint64_t now);
void stage_sample_end(struct stage_clock *clock, bool is_busy, uint64_t messages, uint64_t now);

/* From here on cycles count for `stage`.  Returns the stage before, to be entered again by who
 * interrupts another. */
static ALWAYS_INLINE enum stage stage_enter(struct stage_clock *clock, enum stage stage)
{
	if (LIKELY(!clock->is_sampling))
		return stage;
	return stage_change(clock, stage);
}

/* A pass begins, in `stage`; `now`: cycles, as config.read gives them. */
static ALWAYS_INLINE void stage_pass_begin(struct stage_clock *clock, enum stage stage, uint64_t now)
{
	if (UNLIKELY(clock->passes_left == 0))
		stage_sample_begin(clock, stage, now);
}

/* A pass ends.  One that was not busy leaves no trace; `messages` of it were received. */
static ALWAYS_INLINE void stage_pass_end(struct stage_clock *clock, bool is_busy, uint64_t messages,
					 uint64_t now)
{
	if (UNLIKELY(clock->is_sampling))
		stage_sample_end(clock, is_busy, messages, now);
	else
		clock->passes_left -= is_busy;
}

/* Adds `from` to `into`; `from` may be written meanwhile. */
void stage_totals_add(struct stage_totals *into, const struct stage_totals *from);

#endif
