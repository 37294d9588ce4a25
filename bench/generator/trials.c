/* SPDX-License-Identifier: BSD-3-Clause */
/* Trials from standard input, for a search that needs many without a new start; see run.h. */
#include <stdlib.h>
#include <sys/types.h>

#include "generator/run.h"

/* A blank line or a comment is no trial. */
static bool is_trial(const char *line)
{
	line += strspn(line, " \t\r\n");
	return *line && *line != '#';
}

enum run_status trials_run(struct run *run, FILE *in, char *error)
{
	struct options_trial trial;
	char *line = NULL;
	size_t size = 0;
	enum run_status status = RUN_CLEAN;

	while (status == RUN_CLEAN && run_signals() == 0 && getline(&line, &size, in) >= 0) {
		if (!is_trial(line))
			continue;
		if (!options_parse_trial(line, &run->options->trial, &trial, error)) {
			status = RUN_USAGE;
		} else if (trial.calls.rate > 0 && !run->loop.traffic) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "trial: rate= needs --callers and --targets");
			status = RUN_USAGE;
		} else if (trial.flood_rate > 0 && !run->loop.flood) {
			snprintf(error, OPTIONS_ERROR_MAX, "trial: flood-rate= needs --flood");
			status = RUN_USAGE;
		} else {
			run_trial(run, &trial);
			if (!run_report(run)) {
				snprintf(error, OPTIONS_ERROR_MAX, "the result cannot be written");
				status = RUN_NOT_STARTED;
			}
		}
	}
	free(line);
	if (status == RUN_CLEAN && run->is_unclean)
		return RUN_UNCLEAN;
	return status;
}
