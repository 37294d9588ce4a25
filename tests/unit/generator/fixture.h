/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests of the call engine share: trials on the virtual network, and their results. */
#ifndef TESTS_GENERATOR_FIXTURE_H
#define TESTS_GENERATOR_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "generator/virtual.h"

#define PATIENCE_S 200.0 /* of virtual time */

/* The first report of any kind, told when the test fails by it. */
static inline void note_fault(void *, const struct traffic_fault *fault)
{
	print_error("%s: %s\nexpected:\n%s\nmessage:\n%.*s\n",
		    traffic_fault_name((enum traffic_fault_kind)fault->kind), fault->what,
		    fault->expected, (int)fault->message_len, fault->message);
}

static inline struct virtual_config two_by_four(void)
{
	return (struct virtual_config){
		.caller_count = 2, .target_count = 4, .calls_max = 2000, .hop_ns = 10000,
		.seed = 7, .faults_max = 1, .fault = note_fault,
	};
}

static inline struct traffic_trial trial_of(const char *mix, double rate, uint64_t calls)
{
	struct traffic_trial trial = {
		.rate = rate, .calls_max = calls, .ring_ms = 20, .hold_ms = 30,
	};
	const char *error = "";

	if (!traffic_mix_parse(span_of_string(mix), &trial.mix, &error))
		fail_msg("%s", error);
	return trial;
}

static inline const struct traffic_results *run(struct virtual *v, const struct traffic_trial *trial)
{
	assert_non_null(v);
	if (!virtual_run(v, trial, PATIENCE_S))
		fail_msg("%lu calls are still live",
			 (unsigned long)traffic_results(virtual_traffic(v))->live);
	const struct traffic_results *r = traffic_results(virtual_traffic(v));
	assert_int_equal(r->started, trial->calls_max);
	assert_int_equal(r->started, r->completed + r->failed);
	return r;
}

static inline uint64_t faults_of(const struct traffic_results *r)
{
	uint64_t sum = 0;

	for (int kind = 0; kind < TRAFFIC_FAULT_COUNT; kind++)
		sum += r->faults[kind];
	return sum;
}

static inline void assert_clean(const struct traffic_results *r)
{
	assert_int_equal(faults_of(r), 0);
	for (int failure = 0; failure < TRAFFIC_FAILURE_COUNT; failure++) {
		if (r->failures[failure])
			fail_msg("%lu calls failed: %s", (unsigned long)r->failures[failure],
				 traffic_failure_name((enum traffic_failure)failure));
	}
	assert_int_equal(r->completed, r->started);
}

#endif
