/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one table of commands: name, arguments and help.  From it come dispatch and argument checks
 * in tandemd, the command line, help and completion of tandemctl, and the list in the manual page.
 * Knows no socket and no handler.
 */
#ifndef API_COMMANDS_H
#define API_COMMANDS_H

#include <jansson.h>

#include "base/compiler.h"
#include "base/span.h"

/* X(ID, handler): tandemd's handler is called api_handle_<handler>. */
#define API_COMMANDS(X)                                                                            \
	X(SHOW_STATUS, show_status)                                                                \
	X(SHOW_SERVICES, show_services)                                                            \
	X(SHOW_POOLS, show_pools)                                                                  \
	X(SHOW_TARGETS, show_targets)                                                              \
	X(SHOW_INTERFACES, show_interfaces)                                                        \
	X(SHOW_WORKERS, show_workers)                                                              \
	X(SHOW_DROPS, show_drops)                                                                  \
	X(SHOW_DIALOGS, show_dialogs)                                                              \
	X(SHOW_TIMERS, show_timers)                                                                \
	X(SHOW_TXNS, show_txns)                                                                    \
	X(SHOW_MEMORY, show_memory)                                                                \
	X(SHOW_DNS, show_dns)                                                                      \
	X(SHOW_BLACKLIST, show_blacklist)                                                          \
	X(SHOW_CONFIG, show_config)                                                                \
	X(TARGET_READY, target_ready)                                                              \
	X(TARGET_DRAIN, target_drain)                                                              \
	X(TARGET_MAINT, target_maint)                                                              \
	X(TARGET_ADD, target_add)                                                                  \
	X(TARGET_REMOVE, target_remove)                                                            \
	X(SET_TIMERS, set_timers)                                                                  \
	X(RELOAD, reload)                                                                          \
	X(BLACKLIST_ADD, blacklist_add)                                                            \
	X(BLACKLIST_REMOVE, blacklist_remove)                                                      \
	X(BLACKLIST_CLEAR, blacklist_clear)                                                        \
	X(EXPLAIN, explain)                                                                        \
	X(TRACE, trace)                                                                            \
	X(CAPTURE_START, capture_start)                                                            \
	X(CAPTURE_STOP, capture_stop)                                                              \
	X(TOP, top)                                                                                \
	X(EVENTS, events)                                                                          \
	X(SHOW_CLIENTS, show_clients)                                                              \
	X(SHOW_AGENTS, show_agents)                                                                \
	X(AGENT_RESTART, agent_restart)

enum api_command_id {
#define X(id, handler) API_COMMAND_##id,
	API_COMMANDS(X)
#undef X
	API_COMMAND_COUNT,
};

enum api_arg_kind {
	API_ARG_END,
	API_ARG_STRING,
	API_ARG_NUMBER,   /* integer, at least 0 */
	API_ARG_FLAG,     /* boolean; on the command line its presence */
	API_ARG_PATH,     /* a path on the machine of tandemd; tandemctl makes it absolute */
	API_ARG_CONTENT,  /* octets in base64url; on the command line the file that holds them */
	API_ARG_LIST,     /* array of strings; on the command line a file with one a line */
};

/* Who looks at an argument. */
enum api_arg_scope {
	API_ARG_SENT,    /* sent in `args` */
	API_ARG_LOCAL,   /* tandemctl alone acts on it */
};

/* What an argument names, for completion. */
enum api_arg_names {
	API_NAMES_NONE,
	API_NAMES_SERVICE,
	API_NAMES_POOL,
	API_NAMES_TARGET,    /* POOL/TARGET */
	API_NAMES_INTERFACE,
	API_NAMES_WORKER,
	API_NAMES_REASON,    /* of a verdict */
	API_NAMES_METHOD,
	API_NAMES_FILE,
};

struct api_arg {
	enum api_arg_kind kind;
	enum api_arg_scope scope;
	bool is_option;   /* --key VALUE; else positional, in the order of the table */
	bool is_required;
	bool is_alternative; /* one of those so marked must be given */
	unsigned int min; /* of a number */
	const char *key;  /* member of `args`; on the command line _ is - */
	const char *value_name; /* "FILE"; NULL for a flag */
	const char *help;
	const char *choices; /* the words that are accepted, "a|b|c"; NULL: any text */
	enum api_arg_names names;
};

#define API_ARGS_MAX 10

struct api_command {
	const char *name; /* words joined by one blank */
	bool reads;       /* changes nothing; of `show ...` it goes without saying */
	const char *help; /* one line */
	const char *text; /* a paragraph for --help and the manual */
	struct api_arg args[API_ARGS_MAX + 1]; /* ends with API_ARG_END */
};

/* Indexed by enum api_command_id. */
extern const struct api_command api_commands[API_COMMAND_COUNT];

/* May a client use it whose key is for reading alone? */
[[nodiscard]] bool api_command_reads(enum api_command_id id);

/* API_COMMAND_COUNT: no such command. */
[[nodiscard]] enum api_command_id api_command_find(const char *name);

/* "explain [FILE] [--call-ids FILE]" into text[size]; returns text. */
const char *api_command_usage(enum api_command_id id, char *text, size_t size);

/* Checks `args` (an object, or NULL for none) against the table.  False, with a sentence in
 * why[size]. */
[[nodiscard]] bool api_command_check(enum api_command_id id, const json_t *args, char *why,
				     size_t size);

/* The number-th of an argument's choices; false: there are no more. */
[[nodiscard]] bool api_arg_choice(const struct api_arg *arg, size_t number, struct span *word);
/* Is the text one of them, in any case? */
[[nodiscard]] bool api_arg_is_choice(const struct api_arg *arg, const char *text);

/* An argument, or NULL/`absent` where it was left out.  `args` has passed the check. */
const char *api_arg_string(const json_t *args, const char *key);
uint64_t api_arg_number(const json_t *args, const char *key, uint64_t absent);
bool api_arg_flag(const json_t *args, const char *key);

#endif
