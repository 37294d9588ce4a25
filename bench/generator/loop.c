/* SPDX-License-Identifier: BSD-3-Clause */
/* See loop.h. */
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "dpdk/memory.h"
#include "generator/loop.h"

#define BURST           32u
#define BURSTS_A_PASS   4
#define SENDS_A_PASS    64u   /* by calls that are due: what comes is taken as fast at least */
#define STALL_MS        5u    /* a port that takes nothing for so long is full */
#define HOUSE_US        1000u
#define FLOOD_LINGER_MS 500u  /* for the answers to its last messages */
#define DRAIN_SPARE_MS  5000u /* beyond what RFC 3261's timers can take */

static_assert(BURST * TRAFFIC_REPLIES_MAX <= TX_OUTBOX, "replies to a burst fit the outbox");

static tick_t tick_of(const struct loop *loop, uint64_t tsc)
{
	return clock_tick_of(&loop->ports->clock, tsc);
}

static uint64_t cycles_of_ms(const struct loop *loop, uint64_t ms)
{
	return loop->ports->clock.tsc_hz / 1000 * ms;
}

static double seconds_of(const struct loop *loop, uint64_t cycles)
{
	return (double)cycles / (double)loop->ports->clock.tsc_hz;
}

/* ---- creation -------------------------------------------------------------------------------- */

static bool locals_fill(struct loop *loop)
{
	const struct options *o = loop->options;
	bool good = true;

	for (uint16_t i = 0; i < o->caller_count; i++)
		good = good && locals_insert(&loop->locals, &o->callers[i], LOCALS_CALLER, i);
	for (uint16_t i = 0; i < o->target_count; i++)
		good = good && locals_insert(&loop->locals, &o->targets[i], LOCALS_TARGET, i);
	for (uint16_t i = 0; i < o->flood_from_count; i++)
		good = good && locals_insert(&loop->locals, &o->flood_from[i], LOCALS_FLOOD, i);
	return good;
}

static bool create_links(struct loop *loop, uint64_t seed, char *error)
{
	struct links_device devices[OPTIONS_DEVICES_MAX];
	const struct links_config config = {
		.options = loop->options,
		.devices = devices,
		.device_count = loop->ports->count,
		.seed = seed,
		.send = tx_control,
		.context = &loop->tx,
	};

	for (uint16_t d = 0; d < loop->ports->count; d++)
		devices[d] = loop->ports->list[d].link;
	loop->links = links_create(&config, tick_of(loop, rte_rdtsc()), error);
	return loop->links != NULL;
}

static bool create_traffic(struct loop *loop, uint64_t seed, char *error)
{
	const struct options *o = loop->options;
	const struct traffic_config config = {
		.callers = o->callers,
		.targets = o->targets,
		.caller_count = o->caller_count,
		.target_count = o->target_count,
		.proxy = { o->proxy[TRAFFIC_CALLERS], o->proxy[TRAFFIC_TARGETS] },
		.direct = o->direct,
		.record_route = o->record_route,
		.check = o->check,
		.calls_max = o->calls_max,
		.t1_ms = o->t1_ms,
		.seed = seed,
		.tsc_hz = loop->ports->clock.tsc_hz,
		.faults_max = o->faults_max,
	};

	if (o->caller_count == 0 || o->target_count == 0)
		return true;
	if (!options_calls_fit(o, memory_available(), error))
		return false;
	loop->traffic = traffic_create(&config, rte_rdtsc(), error, OPTIONS_ERROR_MAX);
	return loop->traffic != NULL;
}

static bool create_flood(struct loop *loop, uint64_t seed, char *error)
{
	const struct options *o = loop->options;
	const struct flood_config config = {
		.what = o->flood,
		.from = o->flood_from,
		.from_count = o->flood_from_count,
		.proxy = o->proxy[TRAFFIC_CALLERS],
		.seed = seed,
	};

	if (!o->flood)
		return true;
	static_assert(FLOOD_ERROR_MAX <= OPTIONS_ERROR_MAX, "one buffer for both");
	loop->flood = flood_create(&config, error);
	return loop->flood != NULL;
}

bool loop_init(struct loop *loop, const struct options *options, struct ports *ports, uint64_t seed,
	       char *error)
{
	memset(loop, 0, sizeof(*loop));
	loop->options = options;
	loop->ports = ports;
	snprintf(error, OPTIONS_ERROR_MAX, "more addresses than the generator has room for");
	if (locals_fill(loop) && create_links(loop, seed, error) &&
	    create_traffic(loop, seed, error) && create_flood(loop, seed, error)) {
		if (tx_init(&loop->tx, loop->links, ports, options->mtu))
			return true;
		snprintf(error, OPTIONS_ERROR_MAX, "no packet buffers");
	}
	loop_fini(loop);
	return false;
}

void loop_fini(struct loop *loop)
{
	tx_fini(&loop->tx);
	flood_destroy(loop->flood);
	traffic_destroy(loop->traffic);
	links_destroy(loop->links);
	memset(loop, 0, sizeof(*loop));
}

/* ---- receiving ------------------------------------------------------------------------------- */

static bool is_of_flood(const struct loop *loop, const struct local *to,
			const struct frame_datagram *d)
{
	return loop->flood && (to->role == LOCALS_FLOOD || !loop->has_calls ||
			       flood_owns(loop->flood, d->payload, d->len));
}

static void deliver(struct loop *loop, const struct local *to, const struct frame_datagram *d,
		    uint64_t now)
{
	if (!loop->result)
		return; /* a straggler between trials */
	if (is_of_flood(loop, to, d)) {
		/* Of the trial before, when this one has none: a proxy repeats it for 64*T1. */
		if (loop->has_flood)
			flood_receive(loop->flood, d->payload, d->len);
		return;
	}
	if (loop->has_calls)
		traffic_receive(loop->traffic,
				to->role == LOCALS_CALLER ? TRAFFIC_CALLERS : TRAFFIC_TARGETS,
				to->index, d->payload, d->len, &d->source, now, &loop->tx.outbox);
}

static uint32_t flags_of(const struct loop *loop, uint16_t device, const struct rte_mbuf *packet)
{
	uint32_t flags = loop->ports->list[device].link.trust_udp ? FRAME_UDP_GOOD : 0;

	if ((packet->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_GOOD)
		flags |= FRAME_IP_GOOD;
	if ((packet->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_GOOD)
		flags |= FRAME_UDP_GOOD;
	return flags;
}

/* Whom a frame's datagram is for; NULL: nothing is left to do. */
static const struct local *take_frame(struct loop *loop, uint16_t device, struct rte_mbuf *packet,
				      uint64_t now, struct frame_datagram *datagram)
{
	const uint8_t *frame = rte_pktmbuf_mtod(packet, const uint8_t *);
	const struct local *to;

	if (UNLIKELY(packet->nb_segs != 1)) {
		loop->corrupt++;
		return NULL;
	}
	switch (links_receive(loop->links, device, frame, packet->data_len,
			      flags_of(loop, device, packet), tick_of(loop, now), datagram)) {
	case LINKS_DATAGRAM:
		break;
	case LINKS_CORRUPT:
		loop->corrupt++;
		return NULL;
	case LINKS_ERROR:
		loop->refused++;
		return NULL;
	default:
		return NULL;
	}
	to = locals_find(&loop->locals, &datagram->destination);
	if (UNLIKELY(!to)) {
		loop->strangers++;
		return NULL;
	}
	/* Put together from fragments: good until the next frame. */
	if (UNLIKELY((const uint8_t *)datagram->payload < frame ||
		     (const uint8_t *)datagram->payload > frame + packet->data_len)) {
		deliver(loop, to, datagram, now);
		return NULL;
	}
	if (loop->has_calls && to->role != LOCALS_FLOOD)
		traffic_prefetch(loop->traffic,
				 to->role == LOCALS_CALLER ? TRAFFIC_CALLERS : TRAFFIC_TARGETS,
				 datagram->payload, datagram->len);
	return to;
}

static uint32_t receive_burst(struct loop *loop, uint16_t device)
{
	struct rte_mbuf *packets[BURST];
	struct frame_datagram datagrams[BURST];
	const struct local *to[BURST];
	uint16_t count;
	uint64_t now;

	if (UNLIKELY(loop->tx.outbox.max == 0))
		return 0; /* no room for replies */
	count = rte_eth_rx_burst(loop->ports->list[device].id, 0, packets, BURST);
	if (count == 0)
		return 0;
	now = rte_rdtsc();
	loop->received += count;
	for (uint16_t i = 0; i < count; i++)
		rte_prefetch0(rte_pktmbuf_mtod(packets[i], void *));
	for (uint16_t i = 0; i < count; i++)
		to[i] = take_frame(loop, device, packets[i], now, &datagrams[i]);
	for (uint16_t i = 0; i < count; i++) {
		if (to[i])
			deliver(loop, to[i], &datagrams[i], now);
	}
	rte_pktmbuf_free_bulk(packets, count);
	return count + tx_take_outbox(&loop->tx, tick_of(loop, now));
}

/* Bounded: two sides that fill their bursts are not to keep calls from beginning. */
static uint32_t receive(struct loop *loop, uint16_t device)
{
	uint32_t items = 0;

	for (int i = 0; i < BURSTS_A_PASS; i++) {
		const uint64_t before = loop->received;

		items += receive_burst(loop, device);
		if (loop->received - before < BURST)
			break;
		(void)tx_flush(&loop->tx);
	}
	return items;
}

/* ---- a trial --------------------------------------------------------------------------------- */

static void trial_begin(struct loop *loop, struct report_result *result, uint64_t now)
{
	const struct options_trial *trial = &result->trial;

	loop->result = result;
	loop->has_calls = loop->traffic && trial->calls.rate > 0;
	loop->has_flood = loop->flood && trial->flood_rate > 0;
	/* The control thread has looked at the values; no call is live. */
	if (loop->has_calls && !traffic_begin(loop->traffic, &trial->calls, now))
		loop->has_calls = false;
	if (loop->has_flood)
		flood_begin(loop->flood, trial->flood_rate, trial->calls.seconds, now,
			    loop->ports->clock.tsc_hz);
	loop->begin = now;
	loop->starts_until = UINT64_MAX;
	loop->flood_ended = 0;
	loop->abort_at = 0;
	loop->obeyed = LOOP_GO_ON;
	loop->house_due = 0;
	loop->progress_due = now + loop->ports->clock.tsc_hz;
	loop->tx_before = loop->tx.counters;
	loop->received = loop->corrupt = loop->strangers = loop->refused = 0;
	loop->timing = (struct loop_timing){ .last = now };
	progress_begin(&loop->progress);
}

/* When the last call began, or was to begin; the last message of a flood alone. */
static uint64_t starts_end(const struct loop *loop)
{
	return loop->has_calls     ? traffic_starts_until(loop->traffic)
	       : loop->flood_ended ? loop->flood_ended
				   : UINT64_MAX;
}

static void trial_end(struct loop *loop, uint64_t now)
{
	struct report_result *r = loop->result;
	const uint64_t end = starts_end(loop), until = end == UINT64_MAX ? now : end;

	if (loop->has_calls)
		traffic_results_read(loop->traffic, &r->calls);
	r->has_flood = loop->has_flood;
	if (loop->has_flood)
		r->flood = *flood_results(loop->flood);
	r->tsc_hz = loop->ports->clock.tsc_hz;
	r->seconds = seconds_of(loop, until - loop->begin);
	r->drain_seconds = now > until ? seconds_of(loop, now - until) : 0;
	r->packets_sent = loop->tx.counters.sent - loop->tx_before.sent;
	r->tx_full = loop->tx.counters.full - loop->tx_before.full;
	r->unroutable = loop->tx.counters.unroutable - loop->tx_before.unroutable;
	r->no_buffers = loop->tx.counters.no_buffers - loop->tx_before.no_buffers;
	r->packets_received = loop->received;
	r->corrupt = loop->corrupt;
	r->strangers = loop->strangers;
	r->refused = loop->refused;
	loop->result = NULL;
	__atomic_store_n(&loop->is_done, true, __ATOMIC_RELEASE);
}

static void obey(struct loop *loop, uint64_t now)
{
	uint8_t wish = __atomic_load_n(&loop->wish, __ATOMIC_ACQUIRE);

	loop->result->interrupted = loop->result->interrupted || wish != LOOP_GO_ON;
	if (loop->abort_at && now >= loop->abort_at)
		wish = LOOP_ABORT;
	if (wish == loop->obeyed)
		return;
	loop->obeyed = wish;
	if (loop->has_flood)
		flood_stop(loop->flood);
	if (!loop->has_calls)
		return;
	if (wish == LOOP_ABORT)
		traffic_abort(loop->traffic, now);
	else
		traffic_stop(loop->traffic, now);
}

/* From the last begin on: as long as the longest call can take, three timers of 64*T1 in a row
 * (INVITE, ACK, BYE), and some. */
static void bound_the_drain(struct loop *loop, uint64_t now)
{
	const struct traffic_trial *t = &loop->result->trial.calls;
	const uint64_t ms =
		t->ring_ms + t->hold_ms + 3u * 64u * loop->options->t1_ms + DRAIN_SPARE_MS;

	loop->starts_until = starts_end(loop);
	if (loop->abort_at == 0 && now >= loop->starts_until)
		loop->abort_at = now + cycles_of_ms(loop, ms);
}

static bool trial_is_over(struct loop *loop, uint64_t now)
{
	if (loop->has_calls && !traffic_is_done(loop->traffic, now))
		return false;
	if (!loop->has_flood)
		return true;
	if (!flood_is_done(loop->flood, now))
		return false;
	if (loop->flood_ended == 0)
		loop->flood_ended = now;
	return __atomic_load_n(&loop->wish, __ATOMIC_RELAXED) == LOOP_ABORT ||
	       now - loop->flood_ended >= cycles_of_ms(loop, FLOOD_LINGER_MS);
}

static void trial_look_after(struct loop *loop, uint64_t now)
{
	static const struct traffic_results no_calls;

	obey(loop, now);
	bound_the_drain(loop, now);
	if (now >= loop->progress_due) {
		progress_put(&loop->progress, seconds_of(loop, now - loop->begin),
			     loop->has_calls ? traffic_results(loop->traffic) : &no_calls,
			     loop->has_flood ? flood_results(loop->flood) : NULL);
		loop->progress_due += loop->ports->clock.tsc_hz;
	}
	if (trial_is_over(loop, now))
		trial_end(loop, now);
}

/* ---- the loop -------------------------------------------------------------------------------- */

/* Asks for the next hops of each side, before the first trial. */
static bool find_next_hops(struct loop *loop, tick_t now)
{
	const struct options *o = loop->options;
	const struct endpoint *to_targets = o->direct ? &o->targets[0] : &o->proxy[TRAFFIC_CALLERS];
	const struct endpoint *to_callers = o->direct ? &o->callers[0] : &o->proxy[TRAFFIC_TARGETS];
	bool found = links_find(loop->links, LOCALS_CALLER, to_targets, now);

	if (o->target_count)
		found = links_find(loop->links, LOCALS_TARGET, to_callers, now) && found;
	return found;
}

static bool all_up(const struct loop *loop)
{
	for (uint16_t d = 0; d < loop->ports->count; d++) {
		if (!port_is_up(&loop->ports->list[d]))
			return false;
	}
	return true;
}

static void keep_house(struct loop *loop, uint64_t now)
{
	const tick_t tick = tick_of(loop, now);
	struct report_result *order;

	loop->house_due = now + cycles_of_ms(loop, HOUSE_US / 1000);
	if (!loop->is_announced && all_up(loop)) {
		loop->is_announced = true;
		links_announce(loop->links);
	}
	links_expire(loop->links, tick);
	if (!loop->is_found && loop->is_announced && find_next_hops(loop, tick))
		__atomic_store_n(&loop->is_found, true, __ATOMIC_RELEASE);
	if (loop->result) {
		trial_look_after(loop, now);
		return;
	}
	order = __atomic_exchange_n(&loop->order, NULL, __ATOMIC_ACQ_REL);
	if (order)
		trial_begin(loop, order, now);
}

/* The pass before has ended at `now`: its work, and what it took beyond. */
static void account(struct loop *loop, uint64_t now)
{
	struct loop_timing *timing = &loop->timing;
	struct report_result *r = loop->result;
	const uint64_t took = now - timing->last;
	uint64_t work = 0;

	timing->last = now;
	if (timing->items) {
		double usual;

		if (timing->item_cycles <= 0)
			timing->item_cycles = (double)took / timing->items;
		usual = timing->item_cycles * timing->items;
		/* Four times as long is no longer work but a pause. */
		work = MIN(took, (uint64_t)(4 * usual));
		if ((double)took < 4 * usual)
			timing->item_cycles +=
				((double)took / timing->items - timing->item_cycles) / 64;
		histogram_add(&r->gap,
			      clock_ns_of(&loop->ports->clock,
					  took > (uint64_t)usual ? took - (uint64_t)usual : 0));
	} else {
		histogram_add(&r->gap, clock_ns_of(&loop->ports->clock, took));
	}
	r->work_cycles += work;
	if (now < loop->starts_until) {
		r->cycles += took;
		r->busy_cycles += work;
	}
}

/*
 * Packets wait for a port that took none.  For a moment no more calls begin: a pause of one of the
 * two ends has to be caught up with, not to be turned into loss.  A port that stays full belongs
 * to a proxy that is overloaded; calls then go on being due, and packets are lost, as at its NIC.
 */
static bool holds_back(struct loop *loop, uint64_t now)
{
	if (LIKELY(!tx_is_waiting(&loop->tx))) {
		loop->waiting_since = 0;
		return false;
	}
	if (loop->waiting_since == 0)
		loop->waiting_since = now;
	return now - loop->waiting_since < cycles_of_ms(loop, STALL_MS);
}

static uint32_t work(struct loop *loop, uint64_t now)
{
	struct traffic_outbox *outbox = &loop->tx.outbox;
	const uint32_t max = outbox->max;
	const tick_t tick = tick_of(loop, now);
	uint32_t items = 0;

	if (holds_back(loop, now))
		return 0;
	if (loop->has_calls) {
		outbox->max = MIN(max, SENDS_A_PASS);
		/* What is left to do is done in the next pass. */
		(void)traffic_poll(loop->traffic, now, outbox);
		outbox->max = max;
		items += tx_take_outbox(&loop->tx, tick);
	}
	if (loop->has_flood)
		items += tx_take_flood(&loop->tx, loop->flood,
				       &loop->options->proxy[TRAFFIC_CALLERS], now, tick);
	return items;
}

int loop_main(void *argument)
{
	struct loop *loop = argument;

	while (!__atomic_load_n(&loop->is_ending, __ATOMIC_RELAXED)) {
		const uint64_t now = rte_rdtsc();
		uint32_t items = 0;

		if (loop->result)
			account(loop, now);
		for (uint16_t d = 0; d < loop->ports->count; d++)
			items += receive(loop, d);
		if (loop->result)
			items += work(loop, now);
		(void)tx_flush(&loop->tx);
		loop->timing.items = items;
		if (now >= loop->house_due)
			keep_house(loop, now);
	}
	return 0;
}
