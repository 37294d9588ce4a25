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

/* What is wrong is said with the line that it stands in. */
static void name_line(char *error, unsigned int number)
{
	char what[OPTIONS_ERROR_MAX];

	snprintf(what, sizeof(what), "%s", error);
	snprintf(error, OPTIONS_ERROR_MAX, "trials, line %u: %.*s", number, OPTIONS_ERROR_MAX - 32,
		 what);
}

enum run_status trials_run(struct run *run, FILE *in, char *error)
{
	unsigned int number = 0;
	struct options_trial trial;
	char *line = NULL;
	size_t size = 0;
	enum run_status status = RUN_CLEAN;

	while (status == RUN_CLEAN && run_signals() == 0 && getline(&line, &size, in) >= 0) {
		number++;
		if (!is_trial(line))
			continue;
		if (!options_parse_trial(line, &run->options->trial, &trial, error)) {
			status = RUN_USAGE;
		} else if (trial.calls.rate > 0 && !run->loop.traffic) {
			snprintf(error, OPTIONS_ERROR_MAX,
				 "rate= needs --callers and --targets");
			status = RUN_USAGE;
		} else if (trial.flood_rate > 0 && !run->loop.flood) {
			snprintf(error, OPTIONS_ERROR_MAX, "flood-rate= needs --flood");
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
	if (status == RUN_USAGE)
		name_line(error, number);
	if (status == RUN_CLEAN && run->is_unclean)
		return RUN_UNCLEAN;
	return status;
}
