/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An engine on a snapshot fixture with a virtual clock, for tests of single steps: a datagram in,
 * what comes out looked at.  Whole flows with peers, loss and timers are in tests/scenario.
 */
#ifndef TESTS_PROXY_RIG_H
#define TESTS_PROXY_RIG_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "proxy/proxy.h"
#include "support/snapshot_fixture.h"

#define RIG_DIALOGS 3 /* kept at most */

struct rig {
	struct snapshot_fixture *fixture;
	const struct balance_snapshot *snapshot;
	struct proxy *proxy;
	struct outbox *outbox;
	tick_t now;
	char buffer[70000];
};

/* Two-armed: access 192.0.2.1/24, core 198.51.100.1/24, service "in" to pool "sw". */
extern const char rig_two_armed[];

struct rig *rig_create(const char *snapshot);
/* The same, and unknown names of next hops are asked for in the outbox. */
struct rig *rig_create_asking(const char *snapshot);
/* Checks the engine's invariants, then frees all. */
void rig_destroy(struct rig *rig);

/* The message (lines joined by CRLF are the caller's business) from `source` to `local`, both
 * "address:port", received by the interface that has `local`. */
struct verdict rig_receive(struct rig *rig, const char *source, const char *local,
			   const char *message);
/* Jumps to `ms` after now, running every timer on the way; what they send is in the outbox
 * (the last batch that sent anything). */
void rig_advance(struct rig *rig, uint64_t ms);

/* The i-th message of the outbox as a NUL-terminated string, valid until the next call. */
const char *rig_sent(struct rig *rig, unsigned int i);
/* Fails the test unless it goes to "address:port". */
void rig_assert_sent_to(struct rig *rig, unsigned int i, const char *destination);
void rig_assert_verdict(struct verdict got, enum verdict_kind kind, enum verdict_reason reason);
/* Value of the n-th (from 0) header row with that long name, or NULL; static buffer. */
const char *rig_header(const char *message, const char *name, unsigned int n);
struct proxy_stats rig_stats(struct rig *rig);

#endif
