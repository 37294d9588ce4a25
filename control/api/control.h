/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a running tandemd consists of, for those that answer questions about it.  Put together and
 * taken apart in main.c alone; control thread only.
 */
#ifndef API_CONTROL_H
#define API_CONTROL_H

#include <time.h>

#include "api/capture.h"
#include "dataplane.h"
#include "events/events.h"
#include "api/explain.h"
#include "names/names.h"
#include "api/trace.h"
#include "api/txns.h"
#include "health/health.h"
#include "reload/closing.h"
#include "api/operators.h"
#include "reload/publish.h"
#include "reload/reload.h"
#include "targets/drain.h"
#include "targets/outcomes.h"

/* After ours: it brings <sys/param.h>, which defines MIN and MAX too. */
#include <uv.h>

struct agents;
struct api_server;
struct config;
struct dns;

struct control {
	const char *program;              /* "tandemd 0.1.0" */
	const char *config_file;
	struct timespec started;          /* wall clock */
	uint64_t started_ms;              /* uv_now */
	uv_loop_t *loop;
	struct config *config;
	struct dataplane_config dataplane_config;
	const struct balance_snapshot *snapshot; /* published last */
	struct dataplane *dataplane;
	struct events events;
	struct publisher publisher;
	struct reload reload;
	struct closing closing;
	struct drain drain;
	struct dns *dns;
	struct name_finder names;
	struct target_outcomes *outcomes;
	struct health *health;
	struct explain explain;
	struct txns txns;
	struct trace trace;
	struct capture capture;
	struct operators operators;
	struct api_server *api;
	struct agents *agents;
};

#endif
