/* SPDX-License-Identifier: BSD-3-Clause */
/* tandem-bench: callers and targets of SIP calls on DPDK.  The composition root. */
#include "generator/run.h"

static enum run_status fail(enum run_status status, const char *error)
{
	fprintf(stderr, "tandem-bench: %s\n", error);
	return status;
}

static enum run_status play(struct run *run, char *error)
{
	const struct options *o = run->options;
	enum run_status status;

	if (o->trials) {
		status = trials_run(run, stdin, error);
		return status == RUN_USAGE || status == RUN_NOT_STARTED ? fail(status, error)
									: status;
	}
	run_trial(run, &o->trial);
	if (!run_report(run))
		return fail(RUN_UNCLEAN, "the result cannot be written");
	return run->is_unclean ? RUN_UNCLEAN : RUN_CLEAN;
}

int main(int argc, char **argv)
{
	static struct options options;
	static struct run run;
	char error[OPTIONS_ERROR_MAX] = "";
	enum run_status status;

	switch (options_parse(argc, argv, &options, error)) {
	case OPTIONS_HELP:
		options_help(stdout);
		return RUN_CLEAN;
	case OPTIONS_WRONG:
		return fail(RUN_USAGE, error);
	default:
		break;
	}
	run_catch_signals();
	if (run_open(&run, &options, error))
		status = play(&run, error);
	else
		status = fail(RUN_NOT_STARTED, error);
	run_close(&run);
	return status;
}
