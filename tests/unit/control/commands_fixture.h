/* SPDX-License-Identifier: BSD-3-Clause */
/* All handlers behind a real socket, two pools of two targets, and a data plane's double. */
#ifndef TESTS_COMMANDS_FIXTURE_H
#define TESTS_COMMANDS_FIXTURE_H

#include "api_fixture.h"
#include "dataplane_double.h"

#include "api/control.h"
#include "api/handlers.h"

struct test {
	struct api_fixture api;
	struct dataplane dataplane;
	struct control control;
	struct target_registry *registry;
	void *client;
};

/* Of cmocka: one test's. */
int commands_setup(void **state);
int commands_teardown(void **state);

/* The final answer's body; fails the test on an error. */
json_t *ask(struct test *t, const char *json);
/* Members that have to be there; `b` NULL: of `body` itself. */
json_int_t number(const json_t *body, const char *a, const char *b);
const char *string(const json_t *body, const char *key);

#endif
