/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the call engine share: the call, the engine, and the few steps that callers
 * and targets have in common.  Inside the call engine only.
 */
#ifndef GENERATOR_ENGINE_H
#define GENERATOR_ENGINE_H

#include "base/hash.h"
#include "base/tick.h"
#include "sip/message.h"
#include "state/timer_wheel.h"

#include "generator/fault.h"
#include "generator/flow.h"
#include "generator/schedule.h"
#include "generator/shape.h"
#include "generator/template.h"
#include "generator/traffic.h"

#define CALL_NONE    UINT32_MAX
#define CALL_VIA_MAX 320u
#define CALL_RR_MAX  464u
#define T1_COUNT     64u /* 64*T1: Timers B, F, H, and the UAS's patience (RFC 3261 §17, §13.3.1.4) */

enum caller_state {
	CALLER_CALLING,    /* the first request is out, no response to it */
	CALLER_PROCEEDING, /* a provisional response came */
	CALLER_CANCELLING, /* CANCEL is out */
	CALLER_CHALLENGED, /* 407 acknowledged, the second INVITE waits for that ACK to arrive */
	CALLER_TALKING,    /* 2xx acknowledged */
	CALLER_ENDING,     /* BYE is out */
	CALLER_OVER,       /* nothing more to do */
};

enum target_state {
	TARGET_IDLE,
	TARGET_RINGING,
	TARGET_ANSWERED,   /* 2xx sent, no ACK yet */
	TARGET_REFUSED,    /* 407 or 487 sent, no ACK yet */
	TARGET_CHALLENGED, /* ACK to the 407 came; waits for the second INVITE */
	TARGET_TALKING,
	TARGET_HANGING_UP, /* BYE for want of an ACK is out */
	TARGET_OVER,
};

enum call_flag {
	CALL_FAULTY = 1 << 0,     /* a message of it was at fault */
	CALL_RANG = 1 << 1,       /* the caller saw 180 */
	CALL_CANCEL_DUE = 1 << 2, /* the caller wants to cancel once it has seen 180 */
	CALL_CANCEL_DONE = 1 << 3, /* CANCEL was answered */
	CALL_INVITE_DONE = 1 << 4, /* the INVITE has its final response */
	CALL_BYE_WAITS = 1 << 5,  /* the hold time is over; the ACK has not arrived yet */
	CALL_NO_ACK = 1 << 6,     /* the target hung up for want of an ACK */
};

enum call_list { LIST_NONE, LIST_RING, LIST_HOLD, LISTS };

/* A client or server transaction that sends again. */
struct resend {
	tick_t next, give_up; /* TICK_NEVER: not running */
	uint32_t interval_ms;
	uint8_t kind;         /* enum message: what is sent again */
};

struct call {
	uint64_t serial;      /* generation and slot: what the number encodes */
	char digits[NUMBER_DIGITS];
	uint64_t due;         /* TSC: the first request */
	uint64_t list_due;    /* TSC: the end of ringing or holding; then when 200 or BYE was due */
	uint32_t next, prev;  /* in its list, or of the free calls */
	uint16_t caller, target;
	uint8_t flow, flags;
	uint8_t caller_state, target_state;
	uint8_t list;
	uint8_t cseq;         /* of the INVITE: a digit */
	bool is_live;
	uint8_t rr_count;

	struct resend of_caller, of_target;
	tick_t timer_at;
	timer_handle_t timer;
	uint64_t branch;      /* fingerprint of the proxy's branch in the INVITE */
	uint16_t via_len;
	uint16_t rr_len[RR_VALUES_MAX];
	char via[CALL_VIA_MAX]; /* Via rows of the INVITE as the target received it */
	char rr[CALL_RR_MAX];   /* Record-Route values of it, one behind the other */
};
static_assert(sizeof(struct call) <= 1024, "TRAFFIC_CALL_OCTETS leaves 128 for timer and lists");

struct call_queue {
	uint32_t first, last;
};

/* Who had a branch last, by its fingerprint. */
struct branch_owner {
	uint64_t fingerprint, owner;
};
#define BRANCHES_LOG2 16

/* What is being looked at, for reports. */
struct incoming {
	const char *data;
	uint32_t len;
	uint8_t side;
	uint16_t local;
	const struct endpoint *source;
};

struct traffic {
	struct traffic_config config;
	struct endpoint *addresses[TRAFFIC_SIDES]; /* callers, targets */
	uint16_t address_count[TRAFFIC_SIDES];
	uint64_t start_tsc;         /* tick 0 */
	uint64_t tick_ratio, ns_ratio; /* of a TSC cycle, shifted left by RATIO_SHIFT */
	uint64_t now_tsc;
	tick_t now;
	uint64_t number_key;

	struct traffic_trial trial;
	struct schedule schedule;
	uint64_t trial_tsc, ring_tsc, hold_tsc;
	bool has_begun;
	uint32_t order_count, order_next;
	uint8_t order[TRAFFIC_WEIGHTS_MAX]; /* of flows, turn by turn */

	struct call *calls;
	uint32_t free_call;
	struct call_queue queues[LISTS];
	struct timer_wheel *wheel;
	struct template_set *templates;
	struct shape_set *shapes;
	struct branch_owner *branches;
	struct fault_store faults;
	struct incoming incoming;
	uint32_t until_full;        /* messages until the next full parse */
	uint64_t random;            /* what that is drawn from */
	struct traffic_results results;

	struct traffic_outbox *outbox;
	struct sip_message parsed, expected_parsed;
	char expected[TRAFFIC_OCTETS_MAX + 64];
};
#define RATIO_SHIFT 32

__extension__ typedef unsigned __int128 wide_t;

/* `value` times a ratio: products of long times take more than 64 bits. */
static inline uint64_t ratio_of(uint64_t value, uint64_t ratio)
{
	return (uint64_t)(((wide_t)value * ratio) >> RATIO_SHIFT);
}

static inline uint64_t traffic_ns(const struct traffic *t, uint64_t cycles)
{
	return ratio_of(cycles, t->ns_ratio);
}

static inline uint32_t call_slot(const struct traffic *t, const struct call *call)
{
	return (uint32_t)(call - t->calls);
}

static inline void delay_add(struct traffic *t, enum traffic_delay delay, uint64_t due)
{
	histogram_add(&t->results.delays[delay],
		      t->now_tsc > due ? traffic_ns(t, t->now_tsc - due) : 0);
}

/* ---- traffic.c */
/* Time is now this, or what it was if that is later. */
void traffic_clock(struct traffic *t, uint64_t now_tsc);
/* The distance to the next message that is checked in full although its shape is known. */
void traffic_draw_full(struct traffic *t);

/* ---- call.c: what callers and targets have in common */

/* The call ends; `failure` TRAFFIC_FAILURE_COUNT: well, unless a message of it was at fault. */
void call_end(struct traffic *t, struct call *call, enum traffic_failure failure);
/* Ends it well when neither side has anything left to do. */
void call_end_if_over(struct traffic *t, struct call *call);
/* Into a list whose members all wait equally long, or out of the one it is in. */
void call_list_add(struct traffic *t, struct call *call, enum call_list list, uint64_t due);
void call_list_remove(struct traffic *t, struct call *call);
/* Lets a transaction send `kind` again from T1 on and give up after 64*T1. */
void resend_start(struct traffic *t, struct call *call, struct resend *resend, enum message kind);
void resend_stop(struct resend *resend);
/* After a change of a deadline to an earlier one. */
void call_timer_update(struct traffic *t, struct call *call);
/* The next interval, at most `max_ms`. */
void resend_advance(struct traffic *t, struct resend *resend, uint32_t max_ms);

/* Sends a message of the call's; `received` is what is answered, where the kind needs it. */
uint32_t call_render(struct traffic *t, const struct call *call, enum message kind,
		     const struct received *received, char *to, uint32_t max);
void call_transmit(struct traffic *t, struct call *call, enum message kind,
	       const struct received *received);

/* ---- caller.c */
void caller_start(struct traffic *t, struct call *call);
/* False: the call is in no state for it. */
[[nodiscard]] bool caller_receive(struct traffic *t, struct call *call,
				  const struct received *received);
void caller_timer(struct traffic *t, struct call *call);
void caller_cancel(struct traffic *t, struct call *call);
void caller_hold_over(struct traffic *t, struct call *call);
/* The target has the ACK that something waited for. */
void caller_ack_arrived(struct traffic *t, struct call *call);
/* A response for a call that has ended: where it is a final one to its INVITE, its ACK may have
 * been lost and is sent again (RFC 3261 §17.1.1.2, Completed; the call itself is not kept). */
void caller_late(struct traffic *t, uint64_t serial, const char *digits);

/* ---- target.c */
[[nodiscard]] bool target_receive(struct traffic *t, struct call *call,
				  const struct received *received);
void target_timer(struct traffic *t, struct call *call);
void target_ring_over(struct traffic *t, struct call *call);

#endif
