/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A server whose handlers do what a test of the conversation needs: `explain` waits for the test
 * to answer, `events` subscribes, all others answer with their arguments.
 */
#ifndef TESTS_API_RIG_H
#define TESTS_API_RIG_H

#include "api_fixture.h"

struct api_rig {
	struct api_fixture api;
	struct api_request *waiting[64]; /* of `explain`, in the order in which they came */
	unsigned int count;
	api_handler_fn table[API_COMMAND_COUNT];
};

int api_rig_setup(void **state);
/* With 2,000 octets for each client's queue. */
int api_rig_setup_small_queue(void **state);
int api_rig_teardown(void **state);

struct api_server_stats api_rig_stats(const struct api_rig *t);
/* Turns the loop until so many `explain` wait. */
void api_rig_await(struct api_rig *t, unsigned int count);
void api_rig_raise(struct api_rig *t, const char *kind);
/* The handlers, for a server that is started otherwise. */
void api_rig_fill(struct api_rig *t);

#endif
