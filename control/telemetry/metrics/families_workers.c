/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics of the workers and of their engines; see families.h. */
#include <stdlib.h>

#include "telemetry/metrics/families.h"
#include "telemetry/telemetry.h"

#define OF(member) .offset = offsetof(struct dataplane_worker_stats, member)

static const struct row rows[] = {
	{ COUNTER("tandem_worker_polls", "Passes of the poll loop."), OF(polls) },
	{ COUNTER("tandem_worker_empty_polls", "Passes that found nothing to do."),
	  OF(empty_polls) },
	{ COUNTER_IN("seconds", "tandem_worker_busy_seconds",
		     "Time in passes that found something to do; its rate is how busy a worker is."),
	  OF(busy_cycles), .kind = ROW_CYCLES },
	{ COUNTER_IN("seconds", "tandem_worker_engine_seconds",
		     "Of the busy time, inside the SIP engine."),
	  OF(engine_cycles), .kind = ROW_CYCLES },
	{ COUNTER_IN("seconds", "tandem_worker_slept_seconds", "Time asleep for want of work."),
	  OF(slept_us), .kind = ROW_MICROSECONDS },
	{ COUNTER("tandem_worker_sleeps", "Times that a worker went to sleep."), OF(sleeps) },
	{ COUNTER("tandem_worker_bursts", "Receive bursts that brought packets."), OF(bursts) },
	{ COUNTER("tandem_worker_packets_received", "Packets received, hand-offs not counted twice."),
	  OF(packets_rx) },
	{ COUNTER("tandem_worker_packets_sent", "Packets that a port took."), OF(packets_tx) },
	{ COUNTER("tandem_worker_packets_unsent", "Packets that could not be sent."),
	  .label = "cause", .value = "any", OF(tx_dropped) },
	{ COUNTER("tandem_worker_packets_unsent", ""), .label = "cause",
	  .value = "neighbour", OF(held_dropped) },
	{ COUNTER("tandem_worker_messages", "SIP messages that the engine took."), OF(messages) },
	{ COUNTER("tandem_worker_handoffs", "Messages handed to and by the owner of their call."),
	  .label = "direction", .value = "out", OF(handoffs_out) },
	{ COUNTER("tandem_worker_handoffs", ""), .label = "direction", .value = "in",
	  OF(handoffs_in) },
	{ COUNTER("tandem_worker_handoff_drops", "Messages lost because a hand-off ring was full."),
	  OF(handoff_drops) },
	{ COUNTER("tandem_worker_punted_packets", "Packets given to and taken from the kernel."),
	  .label = "direction", .value = "out", OF(punted_out) },
	{ COUNTER("tandem_worker_punted_packets", ""), .label = "direction", .value = "in",
	  OF(punted_in) },
	{ COUNTER("tandem_worker_outcomes_dropped",
		  "Outcomes of requests that control was not told of: its ring was full."),
	  OF(outcomes_dropped) },
	{ COUNTER("tandem_worker_events_dropped", "Events that control was not told of."),
	  .label = "cause", .value = "ring", OF(events_dropped) },
	{ COUNTER("tandem_worker_events_dropped", ""), .label = "cause", .value = "outbox",
	  OF(proxy.events_dropped) },
	/* The engine. */
	{ GAUGE("tandem_transactions", "Live transactions."), OF(proxy.txns) },
	{ GAUGE("tandem_transactions_limit", "Live transactions that there is room for."),
	  OF(proxy.txns_max) },
	{ GAUGE("tandem_transactions_peak", "Most live transactions at a time."),
	  OF(memory.txns_peak) },
	{ COUNTER("tandem_transactions_created", "Transactions since the start."),
	  OF(proxy.txns_created) },
	{ GAUGE("tandem_tombstones", "Transactions that wait for the end of their time."),
	  OF(proxy.tombstones) },
	{ GAUGE("tandem_tombstones_limit", "Tombstones that there is room for."),
	  OF(proxy.tombstones_max) },
	{ GAUGE("tandem_tombstones_peak", "Most tombstones at a time."),
	  OF(memory.tombstones_peak) },
	{ GAUGE("tandem_dialogs", "Dialogs that are remembered."), OF(proxy.dialogs) },
	{ GAUGE("tandem_dialogs_limit", "Dialogs that there is room for."), OF(proxy.dialogs_max) },
	{ GAUGE("tandem_dialog_watches", "2xx to INVITE that wait for their ACK."),
	  OF(proxy.dialog_watches) },
	{ COUNTER("tandem_retransmissions_sent", "Messages sent again."), .label = "message",
	  .value = "request", OF(proxy.requests_resent) },
	{ COUNTER("tandem_retransmissions_sent", ""), .label = "message", .value = "response",
	  OF(proxy.responses_resent) },
	{ COUNTER("tandem_retransmissions_sent", ""), .label = "message", .value = "ack",
	  OF(proxy.acks_resent) },
	{ COUNTER("tandem_retransmissions_received", "Messages that came again."),
	  .label = "message", .value = "request", OF(proxy.request_retransmissions_seen) },
	{ COUNTER("tandem_retransmissions_received", ""), .label = "message",
	  .value = "response", OF(proxy.response_retransmissions_seen) },
	{ COUNTER("tandem_failovers", "Requests that went to a further target after a failure."),
	  OF(proxy.failovers) },
	{ COUNTER("tandem_forks", "INVITEs that went to a further target beside a silent one."),
	  OF(proxy.forks) },
	{ COUNTER("tandem_timeouts", "Requests without any answer in time."), .label = "method",
	  .value = "invite", OF(proxy.timeouts_invite) },
	{ COUNTER("tandem_timeouts", ""), .label = "method", .value = "other",
	  OF(proxy.timeouts_non_invite) },
	{ COUNTER("tandem_extra_2xx", "2xx of further parties to an INVITE, by what became of them."),
	  .label = "action", .value = "dropped", OF(proxy.extra_2xx_dropped) },
	{ COUNTER("tandem_extra_2xx", ""), .label = "action", .value = "ended",
	  OF(proxy.extra_2xx_ended) },
	{ COUNTER("tandem_own_requests", "Requests of Tandem's own."), OF(proxy.own_requests) },
	{ COUNTER("tandem_response_lookups", "Responses' transactions, by how they were found."),
	  .label = "by", .value = "hint", OF(proxy.hint_hits) },
	{ COUNTER("tandem_response_lookups", ""), .label = "by", .value = "table",
	  OF(proxy.hint_misses) },
	{ COUNTER("tandem_outbox_full", "Messages left out because one caused too many."),
	  OF(proxy.outbox_full) },
	{ GAUGE("tandem_rejection_marks", "Rejections that are remembered for their repetition."),
	  OF(proxy.marks) },
	{ COUNTER("tandem_rejection_marks_overflow", "Rejections forgotten before their time."),
	  OF(proxy.marks_overflow) },
	/* The network stack. */
	{ GAUGE("tandem_neighbours", "Stations whose address on the link is known."),
	  OF(net.neighbours) },
	{ COUNTER("tandem_neighbour_failures", "Stations that could not be asked for."),
	  .label = "cause", .value = "silent", OF(net.neighbours_failed) },
	{ COUNTER("tandem_neighbour_failures", ""), .label = "cause", .value = "full",
	  OF(net.neighbours_full) },
	{ GAUGE("tandem_reassembling", "Datagrams whose fragments are not all there."),
	  OF(net.reassembling) },
	{ COUNTER("tandem_reassembled", "Datagrams put together out of fragments."),
	  OF(net.reassembled) },
	{ COUNTER("tandem_reassembly_failures", "Datagrams given up."), .label = "cause",
	  .value = "timeout", OF(net.reassembly_timeouts) },
	{ COUNTER("tandem_reassembly_failures", ""), .label = "cause", .value = "evicted",
	  OF(net.reassembly_evicted) },
	{ COUNTER("tandem_reassembly_failures", ""), .label = "cause", .value = "invalid",
	  OF(net.reassembly_invalid) },
	{ COUNTER("tandem_path_mtu_updates", "Paths found narrower than the interface."),
	  OF(net.path_mtu_updates) },
};

static const struct metric inside_metric = {
	"tandem_worker_inside_seconds", METRIC_HISTOGRAM, "seconds",
	"Time of a message inside Tandem, from its receive burst to its transmit burst."
};
/* 1 us to 17 ms, in nanoseconds: below, nothing is; above, a core was taken away. */
#define INSIDE_FIRST 10
#define INSIDE_LAST  24

static const struct metric stalled_metric =
	GAUGE("tandem_worker_stalled", "1: the worker has not polled for seconds.");

static const struct metric timers_metric =
	GAUGE("tandem_timers_running", "Timers that run, by their name in RFC 3261 and RFC 6026.");

static const char *const timer_names[PROXY_TIMER_KINDS] = {
#define X(name, text, what, clause) [PROXY_TIMER_##name] = text,
	PROXY_TIMERS(X)
#undef X
};

static void put_timers(struct exposition *out, struct row_thing *workers, uint16_t count)
{
	exposition_begin(out, &timers_metric);
	for (uint16_t w = 0; w < count; w++) {
		const struct dataplane_worker_stats *stats = workers[w].base;
		struct exposition_labels *labels = &workers[w].labels;
		const uint16_t len = labels->len;

		for (size_t i = 0; i < PROXY_TIMER_KINDS; i++) {
			exposition_label(labels, "timer", timer_names[i]);
			exposition_put(out, labels, stats->proxy.running[i]);
			labels->len = len;
		}
	}
}

void families_put_workers(struct exposition *out, const struct page *page)
{
	struct row_thing *workers = calloc(page->worker_count + 1u, sizeof(*workers));
	const uint64_t now = uv_now(page->control->loop);

	if (!workers) {
		out->failed = true;
		return;
	}
	for (uint16_t w = 0; w < page->worker_count; w++) {
		workers[w].base = &page->workers[w];
		exposition_label_u64(&workers[w].labels, "worker", page->workers[w].worker);
	}
	rows_put(out, rows, ARRAY_SIZE(rows), workers, page->worker_count,
		 page->worker_count ? page->workers[0].tsc_hz : 0);
	put_timers(out, workers, page->worker_count);
	exposition_begin(out, &stalled_metric);
	for (uint16_t w = 0; w < page->worker_count; w++)
		exposition_put(out, &workers[w].labels,
			       watch_is_stalled(&page->telemetry->watch, w, now));
	exposition_begin(out, &inside_metric);
	for (uint16_t w = 0; w < page->worker_count; w++)
		exposition_put_histogram(out, &workers[w].labels, &page->workers[w].inside_ns, 9,
					 INSIDE_FIRST, INSIDE_LAST);
	free(workers);
}

/* ---- verdicts ----------------------------------------------------------------------------- */

static const struct metric verdicts_metric =
	COUNTER("tandem_verdicts",
		"What became of packets, by kind and reason; tandem_verdict_reason_info says what "
		"each reason is.");
static const struct metric kinds_metric =
	COUNTER("tandem_verdict_kinds", "What became of packets, by kind.");
static const struct metric reasons_metric =
	INFO("tandem_verdict_reason", "Reasons of verdicts: what each means, the clause that asks "
				      "for it, the status of the reply.");

static uint64_t verdicts_of(const struct page *page, unsigned int kind, unsigned int reason)
{
	uint64_t count = 0;

	for (uint16_t w = 0; w < page->worker_count; w++)
		count += page->workers[w].verdicts.count[kind][reason];
	return count;
}

static void put_reasons(struct exposition *out)
{
	exposition_begin(out, &reasons_metric);
	for (unsigned int reason = 1; reason < VERDICT_REASON_COUNT; reason++) {
		const struct verdict_reason_info *info = &verdict_reasons[reason];
		struct exposition_labels labels = { .len = 0 };

		exposition_label(&labels, "reason", info->name);
		exposition_label(&labels, "help", info->help);
		exposition_label(&labels, "clause", info->clause);
		exposition_label_u64(&labels, "status", info->status);
		exposition_put(out, &labels, 1);
	}
}

/* A pair of kind and reason appears with its first packet: most pairs of the 900 cannot be. */
void families_put_verdicts(struct exposition *out, const struct page *page)
{
	uint64_t kinds[VERDICT_KINDS] = { 0 };

	exposition_begin(out, &verdicts_metric);
	for (unsigned int kind = 0; kind < VERDICT_KINDS; kind++) {
		for (unsigned int reason = 1; reason < VERDICT_REASON_COUNT; reason++) {
			const uint64_t count = verdicts_of(page, kind, reason);
			struct exposition_labels labels = { .len = 0 };

			kinds[kind] += count;
			if (count == 0)
				continue;
			exposition_label(&labels, "kind", verdict_kind_name(kind));
			exposition_label(&labels, "reason", verdict_reasons[reason].name);
			exposition_put(out, &labels, count);
		}
	}
	exposition_begin(out, &kinds_metric);
	for (unsigned int kind = 0; kind < VERDICT_KINDS; kind++) {
		struct exposition_labels labels = { .len = 0 };

		exposition_label(&labels, "kind", verdict_kind_name(kind));
		exposition_put(out, &labels, kinds[kind]);
	}
	put_reasons(out);
}
