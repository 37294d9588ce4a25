/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What happens, told to people: one line each on stderr, with time, and the same as JSON to those
 * that follow.  Keeps the latest few.  Control thread only; never called for single packets.
 */
#ifndef EVENTS_EVENTS_H
#define EVENTS_EVENTS_H

#include <jansson.h>
#include <stdio.h>

#include "base/compiler.h"

#define EVENTS_RECENT_MAX 64

/* Borrows `event`: {time, kind, text, and the fields given}. */
typedef void (*events_sink_fn)(void *context, json_t *event);

struct events {
	FILE *out;             /* NULL: no lines */
	events_sink_fn sink;   /* NULL: nobody follows */
	void *context;
	json_t *recent;        /* array, oldest first */
};

void events_init(struct events *events, FILE *out);
void events_fini(struct events *events);

/*
 * kind: peer, start, stop, target, capture, config, control, cseq, ack, dns.  `fields` is stolen; NULL for none.
 * The text is one line without a line end.
 */
void events_raise(struct events *events, const char *kind, json_t *fields, const char *format, ...)
	PRINTF_LIKE(4, 5);

/* "2026-01-31T23:59:59.123Z" of the wall clock. */
#define EVENTS_TIME_MAX 32
struct timespec;
const char *events_time(const struct timespec *at, char text[EVENTS_TIME_MAX]);

#endif
