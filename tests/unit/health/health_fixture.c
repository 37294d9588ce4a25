/* SPDX-License-Identifier: BSD-3-Clause */
/* Health on a virtual clock; see health_fixture.h. */
#include "health_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static int probe(void *context, uint64_t target_id, uint32_t number, uint32_t timeout_ms)
{
	struct fixture *f = context;

	if (f->probe_result < 0)
		return f->probe_result;
	assert_true(f->probe_count < FIXTURE_PROBES);
	f->probes[f->probe_count].target_id = target_id;
	f->probes[f->probe_count].number = number;
	f->probes[f->probe_count].timeout_ms = timeout_ms;
	f->probes[f->probe_count++].at = f->now;
	return 0;
}

static void tell(void *context, const struct health_event *event)
{
	struct fixture *f = context;

	char text[sizeof(f->events[0])];

	assert_true(f->event_count < FIXTURE_EVENTS);
	snprintf(text, sizeof(text), "%s%s%s: %s", f->pools[event->pool].name,
		 event->record ? "/" : "", event->record ? event->record->target->name : "",
		 event->text);
	memcpy(f->events[f->event_count++], text, sizeof(text));
}

static void settings(void *context, const struct balance_pool *, struct health_settings *to)
{
	const struct fixture *f = context;

	*to = f->settings;
}

void fixture_start(struct fixture *f, uint32_t count)
{
	const struct health_calls calls = {
		.probe = probe, .tell = tell, .settings = settings, .context = f
	};

	*f = (struct fixture){ .now = S(1000) };
	f->settings.blacklist = (struct blacklist_settings){
		.base_us = S(5), .max_us = S(300), .honour_retry_after = true,
		.panic_threshold = 50, .timeouts = 1, .invite_timeouts = 3, .errors = 2, .failures = 10,
		.failure_ratio = 50, .window_us = S(10),
	};
	f->settings.slow_start_us = S(10);
	snprintf(f->pools[0].name, sizeof(f->pools[0].name), "switches");
	f->pools[0].target_count = count;
	f->pools[0].status = &f->pool_statuses[0];
	for (uint32_t i = 0; i < count; i++) {
		f->targets[i] = (struct balance_target){ .id = 0x1000 + 64 * i,
							 .status = &f->statuses[i] };
		snprintf(f->targets[i].name, sizeof(f->targets[i].name), "sw%u", i + 1);
	}
	f->snapshot = (struct balance_snapshot){ .pool_count = 1,
						 .pools = f->pools,
						 .target_count = count,
						 .targets = f->targets };
	f->health = health_create(&calls, 42);
	assert_non_null(f->health);
	fixture_publish(f);
}

void fixture_start_probed(struct fixture *f, uint32_t count)
{
	fixture_start(f, count);
	f->settings.probe = (struct probe_settings){
		.interval_us = S(2), .timeout_us = S(1), .rise = 2, .fall = 3, .jitter = 20,
	};
	status_set_add(&f->settings.probe.accept, 200);
	fixture_publish(f);
}

void fixture_stop(struct fixture *f)
{
	health_destroy(f->health);
}

void fixture_publish(struct fixture *f)
{
	assert_int_equal(health_publish(f->health, &f->snapshot, f->now), 0);
}

void fixture_run(struct fixture *f, uint64_t us)
{
	for (tick_t end = f->now + us; f->now < end;) {
		f->now += TICK_MS(5);
		health_tick(f->health, f->now);
	}
}

static uint32_t index_of(const struct fixture *f, uint64_t id)
{
	uint32_t i = 0;

	while (f->targets[i].id != id)
		i++;
	return i;
}

void fixture_run_probed(struct fixture *f, uint64_t us, const uint16_t status[FIXTURE_TARGETS])
{
	for (tick_t end = f->now + us; f->now < end;) {
		f->probe_count = 0;
		fixture_run(f, TICK_MS(5));
		for (uint32_t i = 0; i < f->probe_count; i++) {
			uint16_t code = status[index_of(f, f->probes[i].target_id)];
			const struct outcome outcome = {
				.target_id = f->probes[i].target_id,
				.kind = OUTCOME_PROBE,
				.probe = f->probes[i].number,
				.value = code,
				.delay_us = code ? 700 : 0,
				.retry_after_s = OUTCOME_NO_RETRY_AFTER,
			};
			health_outcome(f->health, &outcome, f->now);
		}
	}
}

static void outcome(struct fixture *f, uint32_t i, enum outcome_kind kind, uint16_t value,
		    uint32_t delay_us, uint32_t retry_after_s, uint8_t flags)
{
	const struct outcome o = { .target_id = f->targets[i].id,
				   .kind = (uint8_t)kind,
				   .value = value,
				   .delay_us = delay_us,
				   .retry_after_s = retry_after_s,
				   .flags = flags };

	health_outcome(f->health, &o, f->now);
}

void fixture_answer(struct fixture *f, uint32_t i, uint16_t status)
{
	outcome(f, i, OUTCOME_RESPONSE, status, 1000, OUTCOME_NO_RETRY_AFTER, OUTCOME_IS_INVITE);
}

void fixture_refuse(struct fixture *f, uint32_t i, uint32_t retry_after_s)
{
	outcome(f, i, OUTCOME_RESPONSE, 503, 1000, retry_after_s, OUTCOME_IS_INVITE);
}

void fixture_ring(struct fixture *f, uint32_t i, uint16_t status, uint32_t delay_us)
{
	outcome(f, i, OUTCOME_PROVISIONAL, status, delay_us, OUTCOME_NO_RETRY_AFTER,
		OUTCOME_IS_INVITE);
}

void fixture_error(struct fixture *f, uint32_t i)
{
	outcome(f, i, OUTCOME_TRANSPORT_ERROR, 0, 500, OUTCOME_NO_RETRY_AFTER, OUTCOME_IS_INVITE);
}

void fixture_timeout(struct fixture *f, uint32_t i, uint8_t flags)
{
	const struct outcome o = { .target_id = f->targets[i].id,
				   .kind = OUTCOME_TIMEOUT,
				   .delay_us = 32000000,
				   .retry_after_s = OUTCOME_NO_RETRY_AFTER,
				   .call = ++f->calls,
				   .flags = flags };

	health_outcome(f->health, &o, f->now);
}

void fixture_timeout_of(struct fixture *f, uint32_t i, uint32_t call)
{
	f->calls = call - 1;
	fixture_timeout(f, i, OUTCOME_IS_INVITE);
}

void fixture_answer_other(struct fixture *f, uint32_t i)
{
	outcome(f, i, OUTCOME_RESPONSE, 200, 1000, OUTCOME_NO_RETRY_AFTER, 0);
}

enum target_health fixture_health(const struct fixture *f, uint32_t i)
{
	return f->statuses[i].health;
}

uint32_t fixture_percent(const struct fixture *f, uint32_t i)
{
	return (TARGET_WEIGHT_WHOLE - f->statuses[i].withheld) * 100 / TARGET_WEIGHT_WHOLE;
}

const char *fixture_event(const struct fixture *f)
{
	return f->event_count ? f->events[f->event_count - 1] : "";
}
