/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dialogs, bounded: for each the CSeq numbers of both directions (RFC 3261 §12.2.2), the INVITE
 * answered last, and an end.  Found by a keyed hash that is the same from both sides.  One owner;
 * all memory is taken at creation, a full table refuses.
 *
 * Not here: what makes a key, when a dialog begins and ends, what a violation leads to (proxy/).
 */
#ifndef STATE_DIALOG_TABLE_H
#define STATE_DIALOG_TABLE_H

#include "base/hash.h"
#include "state/slot_pool.h"
#include "state/timer_wheel.h"

struct retained;
struct target_status;

enum dialog_side { DIALOG_CALLER, DIALOG_CALLEE, DIALOG_SIDES };

/* One direction's numbers. */
struct dialog_numbers {
	uint32_t cseq;      /* the highest seen */
	uint32_t closed;    /* bit i: cseq - 1 - i was seen, or is none that may still come */
	uint32_t raised_ms; /* when cseq was seen, in ms modulo 2^32 */
};
#define DIALOG_WINDOW 32 /* numbers below the highest that may come late */

enum dialog_flag {
	DIALOG_CALLER_IS_LOW = 1 << 0,   /* which of the two tags the caller has */
	DIALOG_CALLER_STARTED = 1 << 1,  /* numbers[DIALOG_CALLER] holds something */
	DIALOG_CALLEE_STARTED = 1 << 2,
	DIALOG_INVITE_SEEN = 1 << 3,     /* invite_cseq holds something */
	DIALOG_INVITE_BY_CALLEE = 1 << 4,
	DIALOG_ENDED = 1 << 5,           /* a BYE was answered */
	DIALOG_BYE_SENT = 1 << 6,        /* a BYE is on its way */
};

struct dialog {
	uint64_t key;         /* with `bucket` the part of the key that is kept */
	timer_handle_t timer;
	uint32_t bucket;
	uint32_t next;        /* in the bucket; SLOT_NONE: the last */
	struct dialog_numbers numbers[DIALOG_SIDES];
	uint32_t expires_ms;  /* modulo 2^32 */
	uint32_t invite_cseq; /* of the INVITE whose 2xx was seen last */
	uint32_t watch;       /* slot of the watch for its ACK, or SLOT_NONE */
	uint16_t target;      /* whose live calls it is one of, as proxy/ counts them; 0: nobody's */
	uint8_t service;
	uint8_t flags;        /* enum dialog_flag */
};
static_assert(sizeof(struct dialog) == 64, "a dialog is a cache line");

/* A 2xx to INVITE that waits for its ACK. */
struct dialog_watch {
	struct target_status *status; /* of the target that answered, or NULL.  Not owned. */
	uint64_t target_id;           /* 0: none */
	struct retained *copy;        /* of whoever set it, who takes it back; or NULL */
	uint32_t due_ms;              /* modulo 2^32 */
	char call_id[100];            /* cut off where it does not fit, NUL-terminated */
};
static_assert(sizeof(struct dialog_watch) == 128, "a watch is two cache lines");

/* A watch lasts 64*T1 at most, a dialog minutes. */
#define DIALOGS_A_WATCH 16
/* What a dialog of the capacity takes: slot, its generation and place in the free list, bucket,
 * timer (state/timer_wheel.h), and its share of a watch. */
#define DIALOG_OCTETS (sizeof(struct dialog) + 8 + 4 + (32 + 8) + (128 + 8) / DIALOGS_A_WATCH)
static_assert(DIALOG_OCTETS <= 128, "a dialog takes at most 128 octets, index and timer included");

/* Longest time that an end may lie ahead: milliseconds modulo 2^32 are compared. */
#define DIALOG_AGE_MAX_MS (UINT32_C(7) * 24 * 3600 * 1000)

struct dialog_table;

/* For `capacity` dialogs.  Each has one timer in `wheel`, which must have room; its word is the
 * slot's generation << 32 | `word_bits` | the slot's index.  NULL: out of memory. */
[[nodiscard]] struct dialog_table *dialog_table_create(uint32_t capacity, struct timer_wheel *wheel,
						       uint32_t word_bits);
void dialog_table_destroy(struct dialog_table *table);

[[nodiscard]] struct dialog *dialog_table_find(const struct dialog_table *table,
					       struct hash128 key);
/* A new dialog, zeroed but for its links, without a watch, whose timer runs out at `until`.  The
 * key must not be there.  NULL: full. */
[[nodiscard]] struct dialog *dialog_table_insert(struct dialog_table *table, struct hash128 key,
						 tick_t until, tick_t now);
/* With its timer and its watch, whose copy must have been taken back. */
void dialog_table_remove(struct dialog_table *table, struct dialog *dialog);

/* The dialog of a timer that ran out, which then has none; NULL: it is no more.  To be followed
 * by dialog_table_rearm or dialog_table_remove. */
[[nodiscard]] struct dialog *dialog_table_due(struct dialog_table *table, uint32_t index,
					      uint32_t generation);
/* Starts the timer for the earlier of the end and the watch. */
void dialog_table_rearm(struct dialog_table *table, struct dialog *dialog, tick_t now);
/* Moves the end; a timer that would run out too late is started anew, one that runs out too early
 * is left to be armed again then. */
void dialog_table_end_in(struct dialog_table *table, struct dialog *dialog, uint64_t ms,
			 tick_t now);
/* True when the end has come. */
[[nodiscard]] bool dialog_is_over(const struct dialog *dialog, tick_t now);

/* The watch, or NULL. */
[[nodiscard]] struct dialog_watch *dialog_table_watch(const struct dialog_table *table,
						      const struct dialog *dialog);
/* A zeroed watch due in `ms`; there must be none.  NULL: no slot left. */
[[nodiscard]] struct dialog_watch *dialog_table_start_watch(struct dialog_table *table,
							    struct dialog *dialog, uint64_t ms,
							    tick_t now);
/* Nothing when there is none.  Its copy must have been taken back. */
void dialog_table_stop_watch(struct dialog_table *table, struct dialog *dialog);
[[nodiscard]] bool dialog_watch_is_due(const struct dialog_watch *watch, tick_t now);

/*
 * RFC 3261 §12.2.2.  A number below the highest is in order when it can have been overtaken on the
 * way: it is among the DIALOG_WINDOW numbers below, was not seen yet, is above the one that the
 * dialog began with, and the highest came at most `late_ms` ago.
 */
[[nodiscard]] bool dialog_number_is_in_order(const struct dialog *dialog, enum dialog_side side,
					     uint32_t cseq, uint32_t late_ms, tick_t now);
/* The number that a direction begins with: none below it can be of this dialog. */
void dialog_number_begin(struct dialog *dialog, enum dialog_side side, uint32_t cseq, tick_t now);
/* Takes note of a number in order.  A direction that has none yet may have begun a little below. */
void dialog_number_take(struct dialog *dialog, enum dialog_side side, uint32_t cseq,
			uint32_t late_ms, tick_t now);
[[nodiscard]] static inline bool dialog_has_numbers(const struct dialog *dialog,
						    enum dialog_side side)
{
	return dialog->flags & (DIALOG_CALLER_STARTED << side);
}
static_assert(DIALOG_CALLER_STARTED << DIALOG_CALLEE == DIALOG_CALLEE_STARTED);

[[nodiscard]] uint32_t dialog_table_count(const struct dialog_table *table);
[[nodiscard]] uint32_t dialog_table_capacity(const struct dialog_table *table);
[[nodiscard]] uint32_t dialog_table_watches(const struct dialog_table *table);
/* Memory taken, without the timers. */
[[nodiscard]] size_t dialog_table_octets(const struct dialog_table *table);
[[nodiscard]] size_t dialog_table_octets_for(uint32_t capacity);
/* The dialog in a slot below the capacity; NULL: none is there. */
[[nodiscard]] struct dialog *dialog_table_at(const struct dialog_table *table, uint32_t index);

/* Checks every invariant of the structure; for tests.  NULL when sound, else what is wrong. */
[[nodiscard]] const char *dialog_table_check(const struct dialog_table *table);

#endif
