/* SPDX-License-Identifier: BSD-3-Clause */
/* Words of a command line to a call; see arguments.h. */
#include "ctl/arguments.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/json_text.h"
#include "api/protocol.h"
#include "base/text.h"
#include "ctl/command.h"

#define FILE_MAX (16 * 1024 * 1024)

/* Values of arguments. */

/* The whole file, NUL-terminated, to be freed; NULL with a sentence. */
static char *file_read(const char *path, size_t *len, char *why, size_t size)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	char *text = file ? malloc(FILE_MAX + 1) : NULL;

	*len = text ? fread(text, 1, FILE_MAX + 1, file) : 0;
	bool is_bad = !text || ferror(file);
	if (is_bad)
		snprintf(why, size, "cannot read %.200s: %s", path, strerror(errno));
	else if (*len > FILE_MAX)
		snprintf(why, size, "%.200s is longer than %d octets", path, FILE_MAX);
	if (file && file != stdin)
		fclose(file);
	if (is_bad || *len > FILE_MAX) {
		free(text);
		return NULL;
	}
	text[*len] = '\0';
	return text;
}

static json_t *value_content(const char *path, char *why, size_t size)
{
	size_t len;
	char *text = file_read(path, &len, why, size);
	char *encoded = text ? malloc(len * 4 / 3 + 4) : NULL;
	json_t *value = NULL;

	if (encoded) {
		struct text_writer w = text_writer_of(encoded, len * 4 / 3 + 4);
		text_put_base64url(&w, span_of(text, len));
		value = json_stringn(encoded, (size_t)(w.at - encoded));
	}
	free(encoded);
	free(text);
	return value;
}

static json_t *value_list(const char *path, char *why, size_t size)
{
	size_t len;
	char *text = file_read(path, &len, why, size);
	json_t *list = text ? json_array() : NULL;
	struct span rest = span_of(text, len);

	while (list && rest.len) {
		size_t end = span_find(rest, '\n');
		struct span line = span_trim(span_of(rest.data, end));
		rest = span_from(rest, end + 1);
		if (line.len && json_array_append_new(list, json_stringn(line.data, line.len)) < 0) {
			snprintf(why, size, "line %zu of %.200s is not UTF-8",
				 json_array_size(list) + 1, path);
			json_decref(list);
			list = NULL;
		}
	}
	free(text);
	return list;
}

static json_t *value_path(const char *path, char *why, size_t size)
{
	char directory[PATH_MAX], absolute[2 * PATH_MAX];

	if (path[0] == '/')
		return json_text(path);
	if (!getcwd(directory, sizeof(directory))) {
		snprintf(why, size, "cannot tell the current directory: %s", strerror(errno));
		return NULL;
	}
	snprintf(absolute, sizeof(absolute), "%s/%s", directory, path);
	return json_text(absolute);
}

static json_t *value_number(const struct api_arg *arg, const char *word, char *why, size_t size)
{
	uint64_t number;

	if (text_parse_u64(span_of_string(word), API_ID_MAX, &number) && number >= arg->min)
		return json_integer((json_int_t)number);
	snprintf(why, size, "'%.60s' is not %s for --%s; accepted: whole numbers, %u to %lld", word,
		 arg->value_name, arg->key, arg->min, API_ID_MAX);
	return NULL;
}

/* NULL, with a sentence. */
static json_t *value_of(const struct api_arg *arg, const char *word, char *why, size_t size)
{
	switch (arg->kind) {
	case API_ARG_NUMBER:
		return value_number(arg, word, why, size);
	case API_ARG_PATH:
		return value_path(word, why, size);
	case API_ARG_CONTENT:
		return value_content(word, why, size);
	case API_ARG_LIST:
		return value_list(word, why, size);
	case API_ARG_STRING:
	case API_ARG_FLAG:
	case API_ARG_END:
		break;
	}
	if (!arg->choices || api_arg_is_choice(arg, word))
		return json_text(word);
	snprintf(why, size, "'%.60s' is not %s for --%s; accepted: %s", word, arg->value_name,
		 arg->key, arg->choices);
	return NULL;
}

/* Options. */

void ctl_option_word(const struct api_arg *arg, char word[CTL_OPTION_MAX])
{
	snprintf(word, CTL_OPTION_MAX, "--%s", arg->key);
	for (char *c = word; *c; c++) {
		if (*c == '_')
			*c = '-';
	}
}

const struct api_arg *ctl_option_find(enum api_command_id id, const char *word, size_t len)
{
	char option[CTL_OPTION_MAX];

	for (const struct api_arg *arg = api_commands[id].args; arg->kind != API_ARG_END; arg++) {
		ctl_option_word(arg, option);
		if (arg->is_option && strlen(option) == len && memcmp(option, word, len) == 0)
			return arg;
	}
	return NULL;
}

static const struct api_arg *positional_find(enum api_command_id id, const json_t *given)
{
	for (const struct api_arg *arg = api_commands[id].args; arg->kind != API_ARG_END; arg++) {
		if (!arg->is_option && !json_object_get(given, arg->key))
			return arg;
	}
	return NULL;
}

static bool call_set(struct ctl_call *call, const struct api_arg *arg, json_t *value)
{
	json_t *into = arg->scope == API_ARG_LOCAL ? call->local : call->args;

	return value && json_object_set_new(into, arg->key, value) == 0;
}

/* Takes words[0], and words[1] when it is its value.  Returns the words used, 0 with a sentence. */
static int call_take_option(struct ctl_call *call, int count, const char *const *words, char *why,
			    size_t size)
{
	size_t len = strcspn(words[0], "=");
	const char *inlined = words[0][len] ? words[0] + len + 1 : NULL;
	const struct api_arg *arg = ctl_option_find(call->id, words[0], len);

	if (!arg) {
		snprintf(why, size, "'%s' has no option %.*s; see tandemctl %s --help",
			 api_commands[call->id].name, (int)MIN(len, (size_t)40), words[0],
			 api_commands[call->id].name);
		return 0;
	}
	if (arg->kind == API_ARG_FLAG) {
		if (!inlined)
			return call_set(call, arg, json_true()) ? 1 : 0;
		snprintf(why, size, "%.*s takes no value", (int)len, words[0]);
		return 0;
	}
	if (!inlined && count < 2) {
		snprintf(why, size, "%s needs a value: %s", words[0], arg->value_name);
		return 0;
	}
	json_t *value = value_of(arg, inlined ? inlined : words[1], why, size);
	return call_set(call, arg, value) ? (inlined ? 1 : 2) : 0;
}

/* Options of tandemctl itself, where the command has none of that name. */

static const struct {
	const char *word, *letter, *value_name;
} globals[] = {
	{ "--help", "-h", NULL },
	{ "--json", "-j", NULL },
	{ "--socket", "-s", "ENDPOINT" },
	{ "--timeout", "-t", "SECONDS" },
};
enum { GLOBAL_HELP, GLOBAL_JSON, GLOBAL_SOCKET, GLOBAL_TIMEOUT, GLOBAL_COUNT };

/* *value: what the word itself says behind = or the letter, or NULL. */
static unsigned int global_find(const char *word, const char **value)
{
	unsigned int found = 0;

	for (; found < GLOBAL_COUNT; found++) {
		size_t len = strlen(globals[found].word);
		*value = NULL;
		if (strcmp(word, globals[found].letter) == 0 ||
		    strcmp(word, globals[found].word) == 0)
			break;
		if (strncmp(word, globals[found].word, len) == 0 && word[len] == '=') {
			*value = word + len + 1;
			break;
		}
		if (globals[found].value_name && word[1] == globals[found].letter[1]) {
			*value = word + 2;
			break;
		}
	}
	return found;
}

static bool global_set(struct ctl_call *call, unsigned int global, const char *value, char *why,
		       size_t size)
{
	switch (global) {
	case GLOBAL_SOCKET:
		return ctl_endpoint_take(value, call->endpoint, why, size);
	case GLOBAL_TIMEOUT:
		return ctl_timeout_take(value, &call->timeout_ms, why, size);
	case GLOBAL_JSON:
		call->wants_json = true;
		break;
	default:
		call->wants_help = true;
		break;
	}
	return true;
}

/* Like call_take_option; -1: no option of tandemctl's. */
static int call_take_global(struct ctl_call *call, int count, const char *const *words, char *why,
			    size_t size)
{
	const char *value;
	unsigned int global = global_find(words[0], &value);
	int used = 1;

	if (global == GLOBAL_COUNT || ctl_option_find(call->id, words[0], strcspn(words[0], "=")))
		return -1;
	if (!globals[global].value_name && value) {
		snprintf(why, size, "%s takes no value", globals[global].word);
		return 0;
	}
	if (globals[global].value_name && !value) {
		if (count < 2) {
			snprintf(why, size, "%s needs a value: %s", words[0],
				 globals[global].value_name);
			return 0;
		}
		value = words[1];
		used = 2;
	}
	return global_set(call, global, value, why, size) ? used : 0;
}

static int call_take_positional(struct ctl_call *call, const char *word, char *why, size_t size)
{
	const struct api_arg *arg = positional_find(call->id, call->args);

	if (!arg) {
		snprintf(why, size, "'%s' does not take '%.60s'; see tandemctl %s --help",
			 api_commands[call->id].name, word, api_commands[call->id].name);
		return 0;
	}
	return call_set(call, arg, value_of(arg, word, why, size)) ? 1 : 0;
}

static int call_take_dash(struct ctl_call *call, int count, const char *const *words, char *why,
			  size_t size)
{
	int used = call_take_global(call, count, words, why, size);

	return used < 0 ? call_take_option(call, count, words, why, size) : used;
}

static bool call_take_words(struct ctl_call *call, int count, const char *const *words, char *why,
			    size_t size)
{
	bool only_positionals = false;

	for (int i = 0, used; i < count; i += used) {
		bool is_option = !only_positionals && words[i][0] == '-' && words[i][1];
		used = 1;
		if (is_option && strcmp(words[i], "--") == 0)
			only_positionals = true;
		else if (is_option)
			used = call_take_dash(call, count - i, words + i, why, size);
		else
			used = call_take_positional(call, words[i], why, size);
		if (used == 0)
			return false;
	}
	return true;
}

/* Says what is missing in the words of the help: the table's keys are for the socket. */
static bool call_is_complete(const struct ctl_call *call, char *why, size_t size)
{
	const char *name = api_commands[call->id].name, *before = "' needs ";
	char option[CTL_OPTION_MAX];
	struct text_writer w = text_writer_of(why, size - 1);
	bool has_one = false;

	for (const struct api_arg *arg = api_commands[call->id].args; arg->kind != API_ARG_END;
	     arg++) {
		if (!arg->is_required || json_object_get(call->args, arg->key))
			continue;
		snprintf(why, size, "'%s' needs %s: %s", name, arg->value_name, arg->help);
		return false;
	}
	text_put_char(&w, '\'');
	text_put(&w, span_of_string(name));
	for (const struct api_arg *arg = api_commands[call->id].args; arg->kind != API_ARG_END;
	     arg++) {
		if (!arg->is_alternative)
			continue;
		has_one |= json_object_get(call->args, arg->key) != NULL;
		ctl_option_word(arg, option);
		text_put(&w, span_of_string(before));
		text_put(&w, arg->is_option ? span_of_string(option) : (struct span){ 0 });
		text_put(&w, arg->is_option ? SPAN(" ") : SPAN(""));
		text_put(&w, span_of_string(arg->value_name));
		before = " or ";
	}
	*w.at = '\0';
	return has_one || strcmp(before, "' needs ") == 0;
}

bool ctl_call_parse(int count, const char *const *words, struct ctl_call *call, char *why,
		    size_t size)
{
	int used = 0;

	*call = (struct ctl_call){ .id = ctl_command_find(count, words, &used) };
	if (call->id == API_COMMAND_COUNT) {
		ctl_command_why_none(count, words, why, size);
		return false;
	}
	call->args = json_object();
	call->local = json_object();
	snprintf(why, size, "out of memory");
	if (call_take_words(call, count - used, words + used, why, size) &&
	    (call->wants_help || (call_is_complete(call, why, size) &&
				  api_command_check(call->id, call->args, why, size))))
		return true;
	ctl_call_release(call);
	return false;
}

void ctl_call_release(struct ctl_call *call)
{
	json_decref(call->args);
	json_decref(call->local);
	*call = (struct ctl_call){ .id = API_COMMAND_COUNT };
}
