/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A data plane without packets: figures that the test sets, and a command ring that the test
 * empties.  For tests of what the control plane makes of dataplane.h.
 */
#ifndef TESTS_DATAPLANE_DOUBLE_H
#define TESTS_DATAPLANE_DOUBLE_H

#include "dataplane.h"

#define DOUBLE_RING 50
#define DOUBLE_MIRRORED 4

struct dataplane_question {
	char message[2048];
	size_t len;
	struct endpoint source, local;
	uint16_t interface;
	dataplane_explained_fn done;
	void *context;
};

struct dataplane_follower {
	dataplane_traced_fn traced;  /* NULL: nobody */
	void *context;
	struct dataplane_trace_filter filter;
};

struct dataplane_txns_question {
	uint16_t worker;
	uint32_t cursor;
	struct proxy_txn_filter filter;
	dataplane_txns_fn done;      /* NULL: nothing is asked; the test answers and sets it so */
	void *context;
};

struct dataplane {
	uint16_t workers, interfaces;
	struct dataplane_worker_stats worker[2];
	struct dataplane_interface_stats interface[2];
	struct proxy_dialog_stats dialogs[2]; /* by worker: of service 0, and of all */
	unsigned int question_count;
	struct dataplane_question questions[DOUBLE_RING];
	int capture_status;          /* what dataplane_capture_start returns */
	char capture_path[256];
	uint64_t capture_max;
	bool is_capturing;
	struct dataplane_capture_filter capture_filter;
	struct dataplane_follower followers[DATAPLANE_TRACES_MAX];
	bool is_unsettled;           /* workers do not go by all filters yet */
	uint64_t trace_dropped;
	struct dataplane_txns_question txns;
	tick_t now;
	uint32_t probe_count;
	struct dataplane_probe probe; /* the latest */
	const struct balance_snapshot *published; /* last */
	unsigned int publications;
	bool is_in_use;              /* some worker still reads the one before */
	/* Messages that dataplane_mirror_take hands out, over and over; so many in all. */
	bool is_mirroring;
	struct dataplane_mirror_config mirror;
	struct dataplane_mirrored mirrored[DOUBLE_MIRRORED];
	uint32_t mirrored_count, mirrored_taken;
	uint64_t mirror_dropped;
};

/* Answers all open questions, the last asked first, with the target whose index is the last digit
 * of the Call-ID modulo `targets`. */
void dataplane_double_answer(struct dataplane *dataplane, unsigned int targets);

#endif
