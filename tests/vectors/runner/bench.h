/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An engine that a vector is fed to, and the judgement of what comes out.  One a vector and
 * parser variant; nothing is shared between vectors.
 */
#ifndef TESTS_VECTOR_BENCH_H
#define TESTS_VECTOR_BENCH_H

#include <setjmp.h>

#include "proxy/proxy.h"
#include "support/snapshot_fixture.h"
#include "vector.h"

#define BENCH_ROOM 1024 /* in front of a datagram and behind it, when it gets room */

struct bench {
	const struct vector *vector;
	struct snapshot_fixture *fixture;
	const struct balance_snapshot *snapshot;
	struct proxy *proxy;
	struct outbox *outbox;
	tick_t now;
	bool has_room;       /* edits in place; else the engine must copy */
	char via[2048];      /* our Via value in the request forwarded last */
	char branch[256];
	char *buffer;        /* of the datagram received last; exact, so that ASan sees its ends */
	jmp_buf failed;
	char error[2048];
};

/* Ends the vector with the sentence. */
__attribute__((format(printf, 2, 3))) _Noreturn void bench_fail(struct bench *bench,
								const char *format, ...);

/* ---- engine.c */
void bench_open(struct bench *bench);
/* Checks the engine's invariants; lets every timer run out, then nothing may be left. */
void bench_check_end(struct bench *bench);
void bench_close(struct bench *bench);
struct verdict bench_receive(struct bench *bench, struct span message, const struct endpoint *from,
			     const struct endpoint *to);

/* ---- judge.c */
/* Plays the vector; returns only when it went as it says. */
void judge_vector(struct bench *bench);

#endif
