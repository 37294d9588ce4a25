/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The poll loop: packets in, the call engine, packets out, on one lcore and without ever waiting.
 * It polls from launch to the end, so that neighbours are answered between trials too; a trial is
 * ordered by the control thread and its result left where the order said.
 *
 * What both threads touch is said at each field; all else is the polling thread's while it runs.
 */
#ifndef GENERATOR_LOOP_H
#define GENERATOR_LOOP_H

#include "generator/progress.h"
#include "generator/report.h"
#include "generator/tx.h"

enum loop_wish {
	LOOP_GO_ON,
	LOOP_STOP,  /* no call begins any more; those that are live end as they do */
	LOOP_ABORT, /* all end now */
};

struct loop_timing {
	uint64_t last;       /* TSC of the pass before */
	uint32_t items;      /* packets of it, in and out */
	double item_cycles;  /* what one takes, a running mean */
};

struct loop {
	/* control: rw, polling: ro, atomic */
	bool is_ending;
	uint8_t wish;                  /* enum loop_wish */
	/* control: w, polling: takes it and resets it, atomic */
	struct report_result *order;   /* trial set; to be filled */
	/* polling: w, control: ro, atomic */
	bool is_found;                 /* the next hops to the proxy are known */
	bool is_done;                  /* the order is filled */
	struct progress_box progress;

	const struct options *options; /* ro */
	struct ports *ports;
	struct links *links;
	struct traffic *traffic;       /* NULL: a flood without calls */
	struct flood *flood;           /* NULL: none */
	struct locals locals;
	struct tx tx;

	struct report_result *result;  /* of the trial that runs; NULL: none does */
	bool has_calls, has_flood, is_announced;
	uint8_t obeyed;                /* enum loop_wish */
	uint64_t begin, starts_until, flood_ended, abort_at; /* TSC */
	uint64_t house_due, progress_due;
	uint64_t waiting_since;        /* TSC; 0: nothing waits for a port */
	struct loop_timing timing;
	struct tx_counters tx_before;
	uint64_t received, corrupt, strangers, refused;
};

/* Makes all that the loop needs.  False: error[OPTIONS_ERROR_MAX] tells, and what was made is
 * released. */
[[nodiscard]] bool loop_init(struct loop *loop, const struct options *options, struct ports *ports,
			     uint64_t seed, char *error);
void loop_fini(struct loop *loop);

/* For rte_eal_remote_launch; `argument` is the loop.  Returns 0 after is_ending. */
int loop_main(void *argument);

#endif
