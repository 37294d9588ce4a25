/* SPDX-License-Identifier: BSD-3-Clause */
/* Which word may come next, by the table of commands; and names, of who knows them. */
#ifndef CTL_COMPLETE_H
#define CTL_COMPLETE_H

#include "api/commands.h"
#include "ctl/client.h"

#define CTL_WORD_MAX 144 /* POOL/TARGET */

struct ctl_matches {
	char (*words)[CTL_WORD_MAX];
	size_t count, max;
	const char *prefix; /* that all of them have */
};

/* A word that begins with the prefix is taken once, as long as there is room. */
void ctl_match_add(struct ctl_matches *matches, struct span word);

/* Adds the names of a kind that only tandemd knows. */
typedef void (*ctl_names_fn)(void *context, enum api_arg_names names, struct ctl_matches *matches);

/*
 * The words that may come after `count` complete words: of command names, then what the option
 * before wants, or names for the next place and options.  `names` may be NULL: none.
 */
void ctl_complete(int count, const char *const *words, ctl_names_fn names, void *context,
		  struct ctl_matches *matches);

/* Asks the tandemd at an endpoint; nothing where none answers within a second.  A ctl_names_fn:
 * `endpoint` is a const char *. */
void ctl_names_ask(void *endpoint, enum api_arg_names names, struct ctl_matches *matches);

/* For a shell: `words` as typed behind `tandemctl`, the last of them being typed; prints what may
 * stand there, one a line.  `endpoint`: unless the words name another. */
void ctl_complete_shell(int count, const char *const *words, const char *endpoint, FILE *out);
/* Bash's completion of tandemctl: a script that asks tandemctl itself, so that it is always that of
 * the table.  False: no such shell. */
[[nodiscard]] bool ctl_complete_script(const char *shell, FILE *out);

#endif
