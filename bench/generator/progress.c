/* SPDX-License-Identifier: BSD-3-Clause */
/* See progress.h. */
#include "generator/progress.h"

void progress_begin(struct progress_box *box)
{
	memset(&box->invite_before, 0, sizeof(box->invite_before));
	__atomic_store_n(&box->is_full, false, __ATOMIC_RELEASE);
}

/* What `now` has more than `before`, which becomes `now`. */
static void histogram_since(struct histogram *before, const struct histogram *now,
			    struct histogram *since)
{
	since->count = now->count - before->count;
	since->sum = now->sum - before->sum;
	since->max = now->max; /* an upper bound is all that is known */
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		since->buckets[i] = now->buckets[i] - before->buckets[i];
	*before = *now;
}

void progress_put(struct progress_box *box, double at_s, const struct traffic_results *calls,
		  const struct flood_results *flood)
{
	struct progress_reading *r = &box->reading;
	struct histogram since;

	if (__atomic_load_n(&box->is_full, __ATOMIC_ACQUIRE))
		return;
	histogram_since(&box->invite_before, &calls->delays[TRAFFIC_DELAY_INVITE], &since);
	*r = (struct progress_reading){
		.at_s = at_s,
		.started = calls->started,
		.completed = calls->completed,
		.failed = calls->failed,
		.live = calls->live,
		.retransmissions = calls->retransmissions_caller + calls->retransmissions_target,
		.flood_sent = flood ? flood->sent : 0,
		.flood_received = flood ? flood->received : 0,
		.invite_count = since.count,
		.invite_p50_ns = histogram_permille(&since, 500),
		.invite_p99_ns = histogram_permille(&since, 990),
	};
	for (int i = 0; i < TRAFFIC_FAULT_COUNT; i++)
		r->faults += calls->faults[i];
	__atomic_store_n(&box->is_full, true, __ATOMIC_RELEASE);
}

bool progress_take(struct progress_box *box, struct progress_reading *reading)
{
	if (!__atomic_load_n(&box->is_full, __ATOMIC_ACQUIRE))
		return false;
	*reading = box->reading;
	__atomic_store_n(&box->is_full, false, __ATOMIC_RELEASE);
	return true;
}

static double a_second(uint64_t now, uint64_t before, double seconds)
{
	return seconds > 0 ? (double)(now - before) / seconds : 0;
}

static void delay_text(char text[16], uint64_t count, uint64_t ns)
{
	if (count == 0)
		snprintf(text, 16, "-");
	else
		snprintf(text, 16, "%.1f", (double)ns / 1000);
}

void progress_print(FILE *out, bool is_terminal, const struct progress_reading *before,
		    const struct progress_reading *now)
{
	static const struct progress_reading nothing;
	char p50[16], p99[16];
	double seconds;

	if (!before) {
		fprintf(out, "%7s %9s %9s %8s %8s %9s %8s %9s %9s\n", "s", "calls/s", "done/s",
			"failed", "faults", "live", "resent", "p50 us", "p99 us");
		before = &nothing;
	}
	seconds = now->at_s - before->at_s;
	delay_text(p50, now->invite_count, now->invite_p50_ns);
	delay_text(p99, now->invite_count, now->invite_p99_ns);
	/* On a terminal one line that is written over. */
	fprintf(out, "%s%7.1f %9.0f %9.0f %8llu %8llu %9llu %8llu %9s %9s", is_terminal ? "\r" : "",
		now->at_s, a_second(now->started, before->started, seconds),
		a_second(now->completed, before->completed, seconds),
		(unsigned long long)now->failed, (unsigned long long)now->faults,
		(unsigned long long)now->live, (unsigned long long)now->retransmissions, p50, p99);
	if (now->flood_sent)
		fprintf(out, "  flood %.0f/s, answers %.0f/s",
			a_second(now->flood_sent, before->flood_sent, seconds),
			a_second(now->flood_received, before->flood_received, seconds));
	fputs(is_terminal ? "\033[K" : "\n", out);
	fflush(out);
}
