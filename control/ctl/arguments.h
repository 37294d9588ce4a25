/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Words of a command line to a call: command, arguments, by the table of commands.  Reads the
 * files that arguments name.
 */
#ifndef CTL_ARGUMENTS_H
#define CTL_ARGUMENTS_H

#include <jansson.h>

#include "api/commands.h"
#include "ctl/client.h"

struct ctl_call {
	enum api_command_id id;
	json_t *args;       /* to send */
	json_t *local;      /* for tandemctl itself */
	bool wants_help;    /* --help among the words */
	/* Options of tandemctl itself, which may stand behind the command too. */
	bool wants_json;
	int timeout_ms;                  /* 0: not given */
	char endpoint[CTL_ENDPOINT_MAX]; /* "": not given */
};

/* False, with a sentence in why[size]; the call is then empty.  ctl_call_release frees it. */
[[nodiscard]] bool ctl_call_parse(int count, const char *const *words, struct ctl_call *call,
				  char *why, size_t size);
void ctl_call_release(struct ctl_call *call);

/* Of an option "--call-ids" into word; of the table's key `call_ids`. */
#define CTL_OPTION_MAX 32
void ctl_option_word(const struct api_arg *arg, char word[CTL_OPTION_MAX]);
/* The option that word[len] names, or NULL. */
[[nodiscard]] const struct api_arg *ctl_option_find(enum api_command_id id, const char *word,
						    size_t len);

#endif
