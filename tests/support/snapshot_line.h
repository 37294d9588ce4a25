/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of the snapshot fixture share; tests include snapshot_fixture.h instead. */
#ifndef TESTS_SNAPSHOT_LINE_H
#define TESTS_SNAPSHOT_LINE_H

#include "support/snapshot_fixture.h"

#define SERVICES_MAX 64
#define POOLS_MAX    64
#define LISTENS_MAX  128
#define TARGETS_MAX  4096
#define PEERS_MAX    128
#define DOMAINS_MAX  64
#define HOSTS_MAX    256
#define SIP_PORT     5060

struct snapshot_fixture {
	struct balance_snapshot snapshot;
	struct balance_service services[SERVICES_MAX];
	struct balance_pool pools[POOLS_MAX];
	struct balance_listen listens[LISTENS_MAX];
	struct balance_target targets[TARGETS_MAX];
	struct ip_prefix peers[PEERS_MAX];
	char domains[DOMAINS_MAX][256];
	struct balance_host hosts[HOSTS_MAX];
	struct balance_timers timers[SERVICES_MAX + POOLS_MAX]; /* a service's, then a pool's */
	struct target_status statuses[TARGETS_MAX];
	struct balance_index_slot *index;
	struct balance_timers *all_timers; /* with those of the snapshots before; NULL: there are none */
	struct balance_past past[TARGETS_MAX];
	uint32_t slots;                    /* numbers of targets given away */
};

/* A line on its way through the parser. */
struct line {
	struct snapshot_fixture *fixture;
	struct span rest;
	unsigned int number;
	char *error;
	size_t error_size;
	bool failed;
};

/* Remembers the first mistake; returns false. */
PRINTF_LIKE(2, 3) bool line_fail(struct line *line, const char *format, ...);
/* The next word; empty at the end of the line. */
struct span line_word(struct line *line);
bool line_word_is(struct span word, const char *text);
/* What stands next on the line; false, with the mistake remembered, when it is not that. */
bool line_number(struct line *line, const char *what, uint64_t max, uint64_t *out);
bool line_u16(struct line *line, const char *what, uint16_t *out);
bool line_u32(struct line *line, const char *what, uint32_t *out);
bool line_name(struct line *line, char *out, size_t size);
bool line_address(struct line *line, struct ip_address *out);
bool line_prefix(struct line *line, struct ip_prefix *out);
bool line_endpoint(struct line *line, struct endpoint *out);

/* snapshot_follow.c: what keeps its index, before targets are put in order; and what goes on from
 * the snapshot before, when all else stands.  False: no room. */
bool snapshot_reindex(struct snapshot_fixture *fixture, const struct snapshot_fixture *before);
bool snapshot_adopt(struct snapshot_fixture *fixture, const struct snapshot_fixture *before);

/* Carries one line out; false on a mistake. */
bool line_carry_out(struct line *line);

/* Indices by name; BALANCE_NONE: unknown. */
uint16_t snapshot_interface_find(const struct balance_snapshot *s, struct span name);
uint16_t snapshot_service_find(const struct balance_snapshot *s, struct span name);
uint16_t snapshot_pool_find(const struct balance_snapshot *s, struct span name);
uint16_t snapshot_target_find(const struct balance_snapshot *s, struct span name);

#endif
