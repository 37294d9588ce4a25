/* SPDX-License-Identifier: BSD-3-Clause */
/* Which word may come next; see complete.h. */
#include <stdio.h>
#include <string.h>

#include "base/verdict.h"
#include "ctl/arguments.h"
#include "ctl/command.h"
#include "ctl/complete.h"

#define SHELL_MATCHES_MAX 1024
#define SHELL_WORDS_MAX   64

static const char *const methods[] = {
	"INVITE", "ACK", "CANCEL", "BYE", "REGISTER", "OPTIONS", "PRACK", "UPDATE", "INFO", "MESSAGE",
	"SUBSCRIBE", "NOTIFY", "PUBLISH", "REFER",
};
static const char *const own_options[] = {
	"--help", "--json", "--socket", "--timeout", "--key", "--server-key", "--make-key",
	"--version", "--completion",
};

void ctl_match_add(struct ctl_matches *matches, struct span word)
{
	if (matches->count >= matches->max || word.len >= CTL_WORD_MAX ||
	    !span_starts_with(word, span_of_string(matches->prefix)))
		return;
	for (size_t i = 0; i < matches->count; i++) {
		if (span_equal(span_of_string(matches->words[i]), word))
			return;
	}
	memcpy(matches->words[matches->count], word.data, word.len);
	matches->words[matches->count++][word.len] = '\0';
}

static void add_command_words(int count, const char *const *words, struct ctl_matches *matches)
{
	for (unsigned int id = 0; id < API_COMMAND_COUNT; id++) {
		const char *name = api_commands[id].name;
		if (!ctl_command_goes_on((enum api_command_id)id, count, words))
			continue;
		for (int i = 0; i < count; i++)
			name = strchr(name, ' ') + 1;
		ctl_match_add(matches, span_of(name, strcspn(name, " ")));
	}
}

static void add_values(const struct api_arg *arg, ctl_names_fn names, void *context,
		       struct ctl_matches *matches)
{
	struct span word;

	for (size_t i = 0; api_arg_choice(arg, i, &word); i++)
		ctl_match_add(matches, word);
	switch (arg->names) {
	case API_NAMES_NONE:
	case API_NAMES_FILE:
		return;
	case API_NAMES_METHOD:
		for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
			ctl_match_add(matches, span_of_string(methods[i]));
		return;
	case API_NAMES_REASON:
		for (unsigned int r = VERDICT_REASON_NONE + 1; r < VERDICT_REASON_COUNT; r++)
			ctl_match_add(matches, span_of_string(verdict_reasons[r].name));
		return;
	case API_NAMES_SERVICE:
	case API_NAMES_POOL:
	case API_NAMES_TARGET:
	case API_NAMES_INTERFACE:
	case API_NAMES_WORKER:
		if (names)
			names(context, arg->names, matches);
		return;
	}
}

/* What is being typed: the value of an option, or (NULL) a word that may be any. */
static const struct api_arg *awaited(enum api_command_id id, int count, const char *const *words,
				     int *positionals)
{
	const struct api_arg *option = NULL;

	*positionals = 0;
	for (int i = 0; i < count; i++) {
		size_t len = strcspn(words[i], "=");
		if (option) {
			option = NULL;
			continue;
		}
		if (words[i][0] != '-' || !words[i][1]) {
			*positionals += 1;
			continue;
		}
		option = words[i][len] ? NULL : ctl_option_find(id, words[i], len);
		if (option && option->kind == API_ARG_FLAG)
			option = NULL;
	}
	return option;
}

void ctl_complete(int count, const char *const *words, ctl_names_fn names, void *context,
		  struct ctl_matches *matches)
{
	char option[CTL_OPTION_MAX];
	int used = 0, positionals;
	enum api_command_id id = ctl_command_find(count, words, &used);

	add_command_words(count, words, matches);
	if (id == API_COMMAND_COUNT)
		return;
	const struct api_arg *value = awaited(id, count - used, words + used, &positionals);
	if (value) {
		add_values(value, names, context, matches);
		return;
	}
	for (const struct api_arg *arg = api_commands[id].args; arg->kind != API_ARG_END; arg++) {
		if (!arg->is_option && positionals-- == 0 && matches->prefix[0] != '-')
			add_values(arg, names, context, matches);
	}
	for (const struct api_arg *arg = api_commands[id].args; arg->kind != API_ARG_END; arg++) {
		ctl_option_word(arg, option);
		if (arg->is_option)
			ctl_match_add(matches, span_of_string(option));
	}
}

/* ---- names */

static void add_names(const json_t *rows, bool is_target, struct ctl_matches *matches)
{
	char text[CTL_WORD_MAX];
	size_t i;
	const json_t *row;

	json_array_foreach(rows, i, row) {
		const char *name = json_string_value(json_object_get(row, "name"));
		const char *pool = json_string_value(json_object_get(row, "pool"));
		const json_t *worker = json_object_get(row, "worker");
		if (json_is_integer(worker))
			snprintf(text, sizeof(text), "%lld", (long long)json_integer_value(worker));
		else
			snprintf(text, sizeof(text), "%s%s%s", is_target && pool ? pool : "",
				 is_target && pool ? "/" : "", name ? name : "");
		ctl_match_add(matches, span_of_string(text));
	}
}

void ctl_names_ask(void *endpoint, enum api_arg_names names, struct ctl_matches *matches)
{
	static const struct {
		enum api_command_id id;
		const char *key;
	} lists[] = {
		[API_NAMES_SERVICE] = { API_COMMAND_SHOW_SERVICES, "services" },
		[API_NAMES_POOL] = { API_COMMAND_SHOW_POOLS, "pools" },
		[API_NAMES_TARGET] = { API_COMMAND_SHOW_TARGETS, "targets" },
		[API_NAMES_INTERFACE] = { API_COMMAND_SHOW_INTERFACES, "interfaces" },
		[API_NAMES_WORKER] = { API_COMMAND_SHOW_WORKERS, "workers" },
	};
	char why[CTL_WHY_MAX];
	json_t *body = NULL;

	if (names >= ARRAY_SIZE(lists) || !lists[names].key)
		return;
	struct ctl_client *client = ctl_client_connect(endpoint, NULL, 1000, why);
	if (client &&
	    ctl_client_request(client, lists[names].id, NULL, &body, why) == CTL_OK)
		add_names(json_object_get(body, lists[names].key), names == API_NAMES_TARGET,
			  matches);
	json_decref(body);
	ctl_client_close(client);
}

/* ---- shells */

/* Options of tandemctl itself are no part of a command; one that names the socket is heeded.
 * Returns how many words it takes. */
static int skip_own(int count, const char *const *words, char endpoint[CTL_ENDPOINT_MAX])
{
	char why[CTL_WHY_MAX];
	const char *value = NULL;
	int used = 1;

	/* Keys and the server behind them are left alone: names of it are not asked for. */
	if (strcmp(words[0], "--key") == 0 || strcmp(words[0], "--server-key") == 0)
		return MIN(count, 2);
	if (strncmp(words[0], "--socket=", 9) == 0 || strncmp(words[0], "--timeout=", 10) == 0) {
		value = strchr(words[0], '=') + 1;
	} else if (strcmp(words[0], "--socket") == 0 || strcmp(words[0], "-s") == 0 ||
		   strcmp(words[0], "--timeout") == 0 || strcmp(words[0], "-t") == 0) {
		value = count > 1 ? words[1] : NULL;
		used = 2;
	} else {
		return strcmp(words[0], "--json") == 0 || strcmp(words[0], "-j") == 0;
	}
	if (value && (words[0][1] == 's' || words[0][2] == 's'))
		(void)ctl_endpoint_take(value, endpoint, why, sizeof(why));
	return used;
}

void ctl_complete_shell(int count, const char *const *words, const char *endpoint, FILE *out)
{
	static char found[SHELL_MATCHES_MAX][CTL_WORD_MAX];
	struct ctl_matches matches = {
		.words = found, .max = SHELL_MATCHES_MAX, .prefix = count ? words[count - 1] : "",
	};
	const char *kept[SHELL_WORDS_MAX];
	char at[CTL_ENDPOINT_MAX];
	int kept_count = 0;

	snprintf(at, sizeof(at), "%s", endpoint);
	for (int i = 0; i < count - 1 && kept_count < SHELL_WORDS_MAX;) {
		int own = skip_own(count - i, words + i, at);
		if (!own)
			kept[kept_count++] = words[i];
		i += own ? own : 1;
		if (i >= count) /* the value of an option of our own is typed */
			return;
	}
	ctl_complete(kept_count, kept, ctl_names_ask, at, &matches);
	for (size_t i = 0; matches.prefix[0] == '-' && i < ARRAY_SIZE(own_options); i++) {
		if (kept_count == 0)
			ctl_match_add(&matches, span_of_string(own_options[i]));
	}
	for (size_t i = 0; i < matches.count; i++)
		fprintf(out, "%s\n", matches.words[i]);
}

bool ctl_complete_script(const char *shell, FILE *out)
{
	if (strcmp(shell, "bash") != 0)
		return false;
	fputs("# SPDX-License-Identifier: BSD-3-Clause\n"
	      "# Completion of tandemctl for bash, by `tandemctl --completion bash`.  Words and names\n"
	      "# come from tandemctl's table of commands and, where one runs, from tandemd; where\n"
	      "# there are none, file names.\n"
	      "_tandemctl() {\n"
	      "\tlocal IFS=$'\\n'\n"
	      "\tCOMPREPLY=($(\"${COMP_WORDS[0]}\" --complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" "
	      "2>/dev/null))\n"
	      "}\n"
	      "complete -o default -F _tandemctl tandemctl\n",
	      out);
	return true;
}
