/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trials from the control thread's side: starting the loop, ordering trials, showing progress,
 * writing results, signals.
 */
#ifndef GENERATOR_RUN_H
#define GENERATOR_RUN_H

#include "generator/loop.h"

enum run_status { RUN_CLEAN = 0, RUN_UNCLEAN = 1, RUN_USAGE = 2, RUN_NOT_STARTED = 3 };

struct run {
	const struct options *options;
	struct ports ports;
	struct loop loop;
	struct report_result result;
	FILE *json, *csv;   /* NULL: not asked for; json may be stdout */
	bool is_unclean;    /* a trial was */
};

/* Opens files, ports and loop, waits for link and proxy.  False: a sentence is in
 * error[OPTIONS_ERROR_MAX]; run_close is to be called either way. */
[[nodiscard]] bool run_open(struct run *run, const struct options *options, char *error);
void run_close(struct run *run);

/* Runs one trial to its end; the result is in run->result. */
void run_trial(struct run *run, const struct options_trial *trial);
/* Table, JSON and CSV of run->result, as the options want them.  False: could not be written. */
[[nodiscard]] bool run_report(struct run *run);

/* Reads trials from `in`, a line each, and writes a line of JSON each to stdout (trials.c). */
enum run_status trials_run(struct run *run, FILE *in, char *error);

/* SIGINT and SIGTERM: how many have come. */
void run_catch_signals(void);
[[nodiscard]] int run_signals(void);

#endif
