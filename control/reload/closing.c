/* SPDX-License-Identifier: BSD-3-Clause */
/* An orderly end; see closing.h. */
#include "reload/closing.h"

#include "api/control.h"
#include "stats/stats.h"

#define TELL_MS 5000

/* Dialogs that neither BYE nor age has ended. */
static uint64_t calls_up(const struct control *control)
{
	struct proxy_dialog_stats dialogs;
	uint64_t calls = 0;

	for (uint16_t i = 0;
	     dataplane_dialog_stats(control->dataplane, i, BALANCE_NONE, &dialogs); i++)
		calls += dialogs.created - dialogs.ended - dialogs.expired - dialogs.byes;
	return calls;
}

static uint64_t txns_live(const struct control *control)
{
	struct stats_sum sum;

	stats_sum_read(control->dataplane, &sum);
	return sum.proxy.txns;
}

void closing_begin(struct control *control, const char *why)
{
	struct closing *closing = &control->closing;
	uint64_t ms = config_shutdown_ms(control->config);

	*closing = (struct closing){
		.is_under_way = true,
		.until_ms = uv_now(control->loop) + ms,
		.told_ms = uv_now(control->loop),
		.told_calls = calls_up(control),
	};
	events_raise(&control->events, "stop",
		     json_pack("{s:I, s:I}", "calls", (json_int_t)closing->told_calls, "limit_ms",
			       (json_int_t)ms),
		     "%s: no new calls, %llu call%s up, %llu s at most", why,
		     (unsigned long long)closing->told_calls,
		     closing->told_calls == 1 ? "" : "s", (unsigned long long)(ms + 999) / 1000);
	/* Whoever is told to come back should not find Tandem still closing. */
	control->publisher.closing_retry_s = (uint32_t)(ms / 1000) + 1;
	control_publish_soon(control, why);
}

bool closing_is_over(struct control *control)
{
	struct closing *closing = &control->closing;
	uint64_t now = uv_now(control->loop), calls, txns;

	if (!closing->is_under_way)
		return false;
	/* Until workers go by it, a call may still begin. */
	if (control->snapshot->closing_retry_s == 0 || !publish_is_ready(control))
		return now >= closing->until_ms;
	calls = calls_up(control);
	txns = txns_live(control);
	if (calls == 0 && txns == 0)
		return true;
	if (now >= closing->until_ms) {
		events_raise(&control->events, "stop",
			     json_pack("{s:I, s:I}", "calls", (json_int_t)calls, "transactions",
				       (json_int_t)txns),
			     "the time is up: %llu calls and %llu transactions are left behind",
			     (unsigned long long)calls, (unsigned long long)txns);
		return true;
	}
	if (now >= closing->told_ms + TELL_MS && calls != closing->told_calls) {
		closing->told_ms = now;
		closing->told_calls = calls;
		events_raise(&control->events, "stop", json_pack("{s:I}", "calls", (json_int_t)calls),
			     "%llu calls are left, %llu s at most",
			     (unsigned long long)calls,
			     (unsigned long long)(closing->until_ms - now + 999) / 1000);
	}
	return false;
}
