/* SPDX-License-Identifier: BSD-3-Clause */
/* The call engine: creation, trials, what is due; see traffic.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "generator/check.h"

#define POLL_MAX    32u /* calls begun, timers run, waits ended: of each a poll */
#define SKIP_MAX    1024u /* calls that were not begun, counted a poll */
#define MS_MAX      3600000u
#define T_MS_MAX    60000u
#define CALLS_ALIGN CACHE_LINE_SIZE

/* One message in so many is checked in full although its shape is known. */
#define FULL_EVERY  64u

/* A timer may end both a wait of the caller's and one of the target's. */
#define PACKETS_A_TIMER 3u

static_assert(sizeof(struct call) + 96 <= TRAFFIC_CALL_OCTETS,
	      "a call, its timer in the wheel (at most two nodes of 24 octets), bookkeeping");

/* ---- creation */

static bool refuse(char *error, size_t size, const char *why)
{
	snprintf(error, size, "%s", why);
	return false;
}

static bool is_valid(const struct traffic_config *c, char *error, size_t size)
{
	if (!c->caller_count || c->caller_count > TRAFFIC_CALLERS_MAX)
		return refuse(error, size, "callers: 1 to 256 addresses");
	if (!c->target_count || c->target_count > TRAFFIC_TARGETS_MAX)
		return refuse(error, size, "targets: 1 to 256 addresses");
	if (!c->calls_max || c->calls_max > TRAFFIC_CALLS_MAX)
		return refuse(error, size, "calls at a time: 1 to 16777216");
	if (!c->tsc_hz)
		return refuse(error, size, "the frequency of the TSC is not known");
	if (c->t1_ms > T_MS_MAX || c->t2_ms > T_MS_MAX || c->t4_ms > T_MS_MAX)
		return refuse(error, size, "T1, T2, T4: at most 60000 ms");
	if (c->check > TRAFFIC_CHECK_OFF || c->record_route > TRAFFIC_RECORD_ROUTE_ABSENT)
		return refuse(error, size, "no such kind of check");
	if (!c->direct && (!c->proxy[TRAFFIC_CALLERS].port || !c->proxy[TRAFFIC_TARGETS].port))
		return refuse(error, size, "the proxy's address is missing");
	return true;
}

static struct endpoint *copy_addresses(const struct endpoint *from, uint16_t count)
{
	struct endpoint *copy = malloc(count * sizeof(*copy));

	if (copy)
		memcpy(copy, from, count * sizeof(*copy));
	return copy;
}

static bool create_calls(struct traffic *t)
{
	const uint32_t count = t->config.calls_max;

	t->calls = aligned_alloc(CALLS_ALIGN, (sizeof(*t->calls) * count + CALLS_ALIGN - 1) /
						      CALLS_ALIGN * CALLS_ALIGN);
	if (!t->calls)
		return false;
	/* Written once, so that no page is touched for the first time during a trial. */
	memset(t->calls, 0, sizeof(*t->calls) * count);
	for (uint32_t slot = 0; slot < count; slot++) {
		t->calls[slot].serial = slot;
		t->calls[slot].next = slot + 1 < count ? slot + 1 : CALL_NONE;
	}
	for (int list = 0; list < LISTS; list++)
		t->queues[list] = (struct call_queue){ CALL_NONE, CALL_NONE };
	t->wheel = timer_wheel_create(count, t->now);
	return t->wheel;
}

/* Even between 1 and twice the mean less 1: flows repeat, and a fixed distance would always meet
 * the same message of them. */
void traffic_draw_full(struct traffic *t)
{
	t->random += 0x9e3779b97f4a7c15u;
	t->until_full = 1 + (uint32_t)(hash_mix64(t->random) % (2 * FULL_EVERY - 1));
}

struct traffic *traffic_create(const struct traffic_config *config, uint64_t now_tsc, char *error,
			       size_t error_size)
{
	if (!is_valid(config, error, error_size))
		return NULL;
	struct traffic *t = calloc(1, sizeof(*t));
	if (!t) {
		refuse(error, error_size, "out of memory");
		return NULL;
	}
	t->config = *config;
	t->config.t1_ms = config->t1_ms ? config->t1_ms : 500;
	t->config.t2_ms = config->t2_ms ? config->t2_ms : 4000;
	t->config.t4_ms = config->t4_ms ? config->t4_ms : 5000;
	t->start_tsc = t->now_tsc = now_tsc;
	t->tick_ratio = (uint64_t)(1e6 * 0x1p32 / (double)config->tsc_hz);
	t->ns_ratio = (uint64_t)(1e9 * 0x1p32 / (double)config->tsc_hz);
	t->number_key = hash_mix64(config->seed + 0x9e3779b97f4a7c15u);
	t->random = ~t->number_key;
	traffic_draw_full(t);
	t->schedule.next = UINT64_MAX;
	t->addresses[TRAFFIC_CALLERS] = copy_addresses(config->callers, config->caller_count);
	t->addresses[TRAFFIC_TARGETS] = copy_addresses(config->targets, config->target_count);
	t->address_count[TRAFFIC_CALLERS] = config->caller_count;
	t->address_count[TRAFFIC_TARGETS] = config->target_count;
	t->templates = template_set_create(config);
	t->shapes = shape_set_create((uint32_t)config->caller_count * config->target_count);
	t->branches = calloc((size_t)1 << BRANCHES_LOG2, sizeof(*t->branches));
	if (t->addresses[TRAFFIC_CALLERS] && t->addresses[TRAFFIC_TARGETS] && t->templates &&
	    t->shapes && t->branches && fault_store_create(&t->faults, config->faults_max) &&
	    create_calls(t))
		return t;
	refuse(error, error_size, "out of memory");
	traffic_destroy(t);
	return NULL;
}

void traffic_destroy(struct traffic *t)
{
	if (!t)
		return;
	if (t->wheel)
		timer_wheel_destroy(t->wheel);
	template_set_destroy(t->templates);
	shape_set_destroy(t->shapes);
	fault_store_destroy(&t->faults);
	free(t->addresses[TRAFFIC_CALLERS]);
	free(t->addresses[TRAFFIC_TARGETS]);
	free(t->branches);
	free(t->calls);
	free(t);
}

size_t traffic_octets(const struct traffic *t)
{
	return sizeof(*t) + template_set_octets(t->templates) + shape_set_octets(t->shapes) +
	       ((size_t)1 << BRANCHES_LOG2) * sizeof(*t->branches) +
	       (size_t)TRAFFIC_FAULT_COUNT * MAX(t->faults.max, 1u) * sizeof(*t->faults.kept) +
	       (size_t)t->config.calls_max * sizeof(*t->calls) + timer_wheel_octets(t->wheel);
}

/* ---- trials */

void traffic_clock(struct traffic *t, uint64_t now_tsc)
{
	if (now_tsc <= t->now_tsc)
		return; /* time does not go back */
	t->now_tsc = now_tsc;
	t->now = ratio_of(now_tsc - t->start_tsc, t->tick_ratio);
}

bool traffic_begin(struct traffic *t, const struct traffic_trial *trial, uint64_t now_tsc)
{
	if (t->results.live || !(trial->rate > 0) || !isfinite(trial->rate) ||
	    !(trial->seconds >= 0) || !isfinite(trial->seconds) ||
	    (trial->seconds == 0 && !trial->calls_max) || trial->ring_ms > MS_MAX ||
	    trial->hold_ms > MS_MAX || trial->arrivals > TRAFFIC_POISSON)
		return false;
	uint32_t count = flow_order_make(&trial->mix, t->order);
	if (!count)
		return false;
	t->order_count = count;
	t->order_next = 0;
	traffic_clock(t, now_tsc);
	t->trial = *trial;
	t->trial_tsc = t->now_tsc;
	t->ring_tsc = (uint64_t)trial->ring_ms * t->config.tsc_hz / 1000;
	t->hold_tsc = (uint64_t)trial->hold_ms * t->config.tsc_hz / 1000;
	memset(&t->results, 0, sizeof(t->results));
	fault_store_clear(&t->faults);
	schedule_begin(&t->schedule, trial, t->config.tsc_hz, t->config.seed, t->now_tsc);
	t->has_begun = true;
	return true;
}

void traffic_stop(struct traffic *t, uint64_t now_tsc)
{
	traffic_clock(t, now_tsc);
	schedule_stop(&t->schedule, t->now_tsc);
}

void traffic_abort(struct traffic *t, uint64_t now_tsc)
{
	traffic_stop(t, now_tsc);
	for (uint32_t slot = 0; t->results.live && slot < t->config.calls_max; slot++) {
		if (t->calls[slot].is_live)
			call_end(t, &t->calls[slot], TRAFFIC_FAILURE_ABORTED);
	}
}

bool traffic_is_done(const struct traffic *t, uint64_t)
{
	return t->schedule.next == UINT64_MAX && t->results.live == 0;
}

uint64_t traffic_starts_until(const struct traffic *t)
{
	return t->schedule.until;
}

const struct traffic_results *traffic_results(const struct traffic *t)
{
	return &t->results;
}

void traffic_results_read(const struct traffic *t, struct traffic_results *results)
{
	*results = t->results;
}

/* ---- what is due */

static void call_begin(struct traffic *t, uint64_t due)
{
	const uint32_t slot = t->free_call;
	const uint8_t flow = t->order[t->order_next];
	const uint64_t k = t->results.started++;

	t->order_next = t->order_next + 1 == t->order_count ? 0 : t->order_next + 1;
	t->results.flows[flow].started++;
	if (slot == CALL_NONE) {
		t->results.flows[flow].failed++;
		t->results.failed++;
		t->results.failures[TRAFFIC_FAILURE_OUT_OF_CALLS]++;
		return;
	}
	struct call *call = &t->calls[slot];
	t->free_call = call->next;
	if (t->free_call != CALL_NONE)
		PREFETCH_W(&t->calls[t->free_call]);
	/* All up to the texts, which their lengths cover. */
	const uint64_t serial = call->serial + TRAFFIC_CALLS_MAX;
	memset(call, 0, offsetof(struct call, via));
	call->serial = serial;
	number_put(call->digits, number_of_serial(t->number_key, serial));
	call->due = due;
	call->flow = flow;
	call->cseq = '1';
	call->is_live = true;
	call->caller = (uint16_t)(k % t->config.caller_count);
	call->target = t->config.direct ?
			       (uint16_t)(k / t->config.caller_count % t->config.target_count) : 0;
	resend_stop(&call->of_caller);
	resend_stop(&call->of_target);
	t->results.live++;
	t->results.live_max = MAX(t->results.live_max, t->results.live);
	caller_start(t, call);
}

static bool has_room(const struct traffic *t)
{
	return t->outbox->max - t->outbox->count >= PACKETS_A_TIMER;
}

/* The calls of a list whose wait is over; true: more are due. */
static bool end_waits(struct traffic *t, enum call_list list)
{
	for (uint32_t i = 0;; i++) {
		const uint32_t slot = t->queues[list].first;
		if (slot == CALL_NONE || t->calls[slot].list_due > t->now_tsc)
			return false;
		if (i == POLL_MAX || !has_room(t))
			return true;
		struct call *call = &t->calls[slot];
		if (call->next != CALL_NONE) {
			const char *next = (const char *)&t->calls[call->next];
			PREFETCH_W(next);
			PREFETCH_W(next + CACHE_LINE_SIZE);
			PREFETCH_W(next + 2 * CACHE_LINE_SIZE);
			PREFETCH_W(next + 3 * CACHE_LINE_SIZE);
		}
		call_list_remove(t, call);
		if (list == LIST_HOLD)
			caller_hold_over(t, call);
		else if (flows[call->flow].cancels)
			caller_cancel(t, call);
		else
			target_ring_over(t, call);
	}
}

static void run_timers(struct traffic *t, struct call *call)
{
	const uint64_t serial = call->serial;

	call->timer = TIMER_NONE;
	caller_timer(t, call);
	if (call->is_live && call->serial == serial)
		target_timer(t, call);
	if (call->is_live && call->serial == serial)
		call_timer_update(t, call);
}

static bool expire(struct traffic *t)
{
	uint64_t slots[POLL_MAX];
	const uint32_t room = (t->outbox->max - t->outbox->count) / PACKETS_A_TIMER;
	const uint32_t max = MIN(POLL_MAX, room);

	if (timer_wheel_next(t->wheel) > t->now)
		return false;
	const uint32_t count = timer_wheel_expire(t->wheel, t->now, slots, max);
	for (uint32_t i = 0; i < count; i++)
		PREFETCH_W(&t->calls[slots[i]].of_caller);
	for (uint32_t i = 0; i < count; i++)
		run_timers(t, &t->calls[slots[i]]);
	return count == max;
}

/* The time is over: what was due until then and did not begin is counted, never begun. */
static bool skip_calls(struct traffic *t)
{
	struct histogram *late = &t->results.delays[TRAFFIC_DELAY_LATE];

	for (uint32_t i = 0; t->schedule.next != UINT64_MAX; i++) {
		if (i == SKIP_MAX)
			return true;
		t->results.not_begun++;
		histogram_add(late, traffic_ns(t, t->now_tsc - t->schedule.next));
		schedule_advance(&t->schedule);
	}
	return false;
}

static bool begin_calls(struct traffic *t)
{
	if (UNLIKELY(t->now_tsc > t->schedule.cutoff))
		return skip_calls(t);
	for (uint32_t i = 0; t->schedule.next <= t->now_tsc; i++) {
		if (i == POLL_MAX || !has_room(t))
			return true;
		const uint64_t due = t->schedule.next;
		schedule_advance(&t->schedule);
		call_begin(t, due);
		if (t->schedule.next == UINT64_MAX)
			schedule_close(&t->schedule, t->now_tsc);
	}
	return false;
}

bool traffic_poll(struct traffic *t, uint64_t now_tsc, struct traffic_outbox *outbox)
{
	if (!t->has_begun)
		return false;
	traffic_clock(t, now_tsc);
	t->outbox = outbox;
	bool more = end_waits(t, LIST_RING);
	more |= end_waits(t, LIST_HOLD);
	more |= expire(t);
	more |= begin_calls(t);
	return more;
}
