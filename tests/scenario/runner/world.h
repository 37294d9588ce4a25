/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A virtual network with one engine in the middle: clock, events, delivery, faults, and what must
 * hold after every single step.  Time jumps from one event to the next; nothing sleeps.
 *
 * Knows no SIP dialog: who talks is a node, scripted (its letters wait in an inbox) or automatic
 * (an agent takes them).
 */
#ifndef SCENARIO_WORLD_H
#define SCENARIO_WORLD_H

#include "message.h"
#include "ladder.h"
#include "proxy/proxy.h"
#include "support/snapshot_fixture.h"

#define NODES_MAX   10
#define PUBLICATIONS_MAX 8
#define WORLD_EPOCH TICK_SECONDS(1000)

struct world;
struct agent;

struct letter {
	struct letter *next;
	tick_t at;
	struct endpoint source, destination;
	struct message *message; /* NULL: not SIP */
};

struct node {
	struct world *world;
	const char *name;
	struct endpoint own;  /* what it writes into Via and Contact */
	struct endpoint seen; /* where its datagrams come from: differs behind NAT */
	struct endpoint proxy; /* where it sends what no route leads elsewhere */
	bool unreachable;     /* what is sent to it meets an ICMP error */
	bool ignored;         /* what it gets is thrown away */
	bool asks_rport;      /* its Via has rport (RFC 3581) */
	struct agent *agent;  /* NULL: scripted */
	struct letter *first, *last;                /* not yet expected */
	struct message *last_sent, *last_request;   /* sent */
	struct endpoint last_destination;
	struct message *last_received;              /* the last request of a kind is found here: */
	struct letter *received;                    /* all, newest first */
	struct message *sent_requests[64];
	int sent_count;
};

typedef void (*event_fn)(struct world *world, void *context);

struct event {
	struct event *next; /* by time, then by order of making */
	tick_t at;
	event_fn run;
	void *context;
	bool cancelled;
};

/* What the network does wrong: numbers of datagrams, 0: none. */
struct faults {
	unsigned int lose, lose_too, duplicate, delay;
};

struct world {
	struct arena *arena;
	tick_t now;
	struct snapshot_fixture *fixture;                /* of the snapshot that runs */
	struct snapshot_fixture *before[PUBLICATIONS_MAX]; /* they hold what outlives a snapshot */
	int publications;
	const struct balance_snapshot *snapshot;
	struct proxy *proxy;
	struct outbox *outbox;
	struct node *nodes[NODES_MAX];
	int node_count;
	struct event *events;
	tick_t latency;
	uint32_t headroom, tailroom;
	uint64_t datagrams_received, errors_received; /* by the engine */
	unsigned int datagrams_sent;                  /* on the network, by anyone */
	struct faults faults;
	unsigned int serial;                          /* for tags, branches, Call-IDs */
	struct ladder ladder;
	char *failure;                                /* the first; NULL: all is well */
	struct outcome outcomes[256];                 /* what control was told */
	int outcome_count;
	struct proxy_name names[16];                  /* what control was asked, not answered yet */
	int name_count;
	uint32_t probes;                              /* asked for */
	struct proxy_config config;
	struct engine_event engine_events[64];
	int engine_event_count;
};

/* Starts the engine on a snapshot of the fixture's directives.  NULL with the reason in *error. */
struct world *world_create(struct arena *arena, const char *snapshot, const char *capacity,
			   bool asks_names, char **error);
void world_destroy(struct world *world);
/* The engine is lost with all that it knew, verdicts and statistics too; a new one starts with the
 * next epoch, and the operator's wishes and what was observed begin anew. */
void world_restart(struct world *world, uint16_t instance);

/* Control asks for a probe; BALANCE_NONE: of a target that has gone. */
void world_probe(struct world *world, uint16_t target, tick_t timeout);

/* Control answers for a name that it was asked for; NULL: it is unknown.  False: it was not. */
bool world_name(struct world *world, const char *host, uint16_t port,
		const struct endpoint *endpoint, tick_t keep);
/* Another snapshot of the fixture's directives, as control publishes it.  False: world_fail said why. */
bool world_publish(struct world *world, const char *snapshot);

struct node *world_node_add(struct world *world, const char *name, const struct endpoint *own,
			    const struct endpoint *seen);
struct node *world_node_find(struct world *world, const char *name);

/* Keeps the first failure. */
void world_fail(struct world *world, const char *format, ...) PRINTF_LIKE(2, 3);

/* A datagram from a node. */
void world_send(struct node *node, const char *bytes, size_t len,
		const struct endpoint *destination);

/* At or after `at`. */
struct event *world_at(struct world *world, tick_t at, event_fn run, void *context);
static inline void world_cancel(struct event **event)
{
	if (*event)
		(*event)->cancelled = true;
	*event = NULL;
}

/* Runs everything up to `until`; with `stop`, only until it holds.  The clock then shows `until`,
 * or the moment when `stop` held. */
void world_run(struct world *world, tick_t until, bool (*stop)(void *context), void *context);
/* Runs until nothing is left to happen, then holds the engine against its promises: no
 * transaction, timer or copy is left. */
void world_settle(struct world *world);

/* The sum of all verdicts. */
uint64_t world_verdicts(const struct world *world);
void world_picture(const struct world *world, const char *prefix, struct text *out);
struct letter *node_take(struct node *node);

#endif
