/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A struct balance_snapshot out of a short text, for tests: what control builds from YAML, here
 * without YAML, DNS or a process.  One directive a line, '#' starts a comment, words are
 * separated by blanks, names are defined before they are used:
 *
 *	interface NAME [address PREFIX]... [gateway ADDRESS]... [peers PREFIX]... [port N]
 *	          [mtu N] [dscp N]
 *	pool NAME [policy call-id-hash|round-robin|weighted-random|least-transactions|least-calls|srv]
 *	          [request-uri] [attempts N]
 *	          [failover none|timeout|transport-error|503 ...joined by commas]
 *	          [try-next-after MILLISECONDS]
 *	target POOL NAME ENDPOINT [weight N] [priority N] [uri URI]
 *	          [ready|drain|maint] [up|down|blacklisted|trial] [max-calls N] [max-rate N]
 *	service NAME [listen [udp:]ENDPOINT]... [pool POOL|request-uri] [from POOL]
 *	          [mode stateful|stateless] [nat auto|off] [record-route] [rewrite-host]
 *	          [extra-2xx forward|drop|ack-bye]
 *	          [push-route] [domain NAME]... [cseq-check off|log|enforce]
 *	          [bye-unacknowledged] [dialog-age-ms N]
 *	timers [service NAME|pool NAME] [t1 MS] [t2 MS] [t4 MS] [a MS] [b MS] ... [m MS]
 *	host NAME ADDRESS
 *	instance N
 *	epoch N
 *	stray-responses drop|forward
 *	route-key ID SEED         (the first signs; none given: id 1)
 *	closing SECONDS           (what would begin gets 503 with that Retry-After)
 *
 * Defaults: weight 1, priority 0, ports 5060, mode stateful, nat off, no record-route, fail-over
 * on timeout, transport-error and 503 with 4 attempts, RFC 3261's timers (Timer C 181 s; what is
 * not given follows T1, T2 and T4; a pool without a line goes by the service's),
 * mtu 1500, instance 1, epoch 1, keys fixed, cseq-check log, dialogs of an hour.
 */
#ifndef TESTS_SNAPSHOT_FIXTURE_H
#define TESTS_SNAPSHOT_FIXTURE_H

#include "balance/snapshot.h"

struct snapshot_fixture; /* owns the snapshot and all that it points to */

/* NULL on a mistake or without memory, with "line N: what is wrong" in error[size]. */
[[nodiscard]] struct snapshot_fixture *snapshot_fixture_create(const char *text, char *error,
							       size_t size);
/* The snapshot that control would publish after `before`, which has to outlive it: services and
 * pools keep their indices, what the text has no more is retired, targets keep status and slot. */
[[nodiscard]] struct snapshot_fixture *
snapshot_fixture_follow(const char *text, const struct snapshot_fixture *before, char *error,
			size_t size);
void snapshot_fixture_destroy(struct snapshot_fixture *fixture);

const struct balance_snapshot *snapshot_fixture_snapshot(const struct snapshot_fixture *fixture);
/* For tests that change what control would change before it publishes (keys, epoch, timers). */
struct balance_snapshot *snapshot_fixture_edit(struct snapshot_fixture *fixture);

/* Indices by name; BALANCE_NONE: unknown. */
[[nodiscard]] uint16_t snapshot_fixture_interface(const struct snapshot_fixture *fixture,
						  const char *name);
[[nodiscard]] uint16_t snapshot_fixture_service(const struct snapshot_fixture *fixture,
						const char *name);
[[nodiscard]] uint16_t snapshot_fixture_pool(const struct snapshot_fixture *fixture,
					     const char *name);
[[nodiscard]] uint16_t snapshot_fixture_target(const struct snapshot_fixture *fixture,
					       const char *name);

/* Gives a pool its live state; the caller's. */
void snapshot_fixture_pool_status(struct snapshot_fixture *fixture, const char *name,
				  struct pool_status *status);

/* The live state of a target, as control may flip it at any time; NULL: unknown name. */
struct target_status *snapshot_fixture_status(struct snapshot_fixture *fixture, const char *name);

#endif
