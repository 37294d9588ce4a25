/* SPDX-License-Identifier: BSD-3-Clause */
/* What the table of commands says of a request; see commands.h. */
#include "api/commands.h"

#include <stdio.h>

#include "api/protocol.h"
#include "base/text.h"

const char *api_error_code(enum api_error error)
{
	static const char *const codes[] = {
#define X(name, code) [API_ERROR_##name] = code,
		API_ERRORS(X)
#undef X
	};
	return codes[error];
}

bool api_command_reads(enum api_command_id id)
{
	return api_commands[id].reads || strncmp(api_commands[id].name, "show ", 5) == 0;
}

enum api_command_id api_command_find(const char *name)
{
	unsigned int id = 0;

	while (id < API_COMMAND_COUNT && strcmp(api_commands[id].name, name) != 0)
		id++;
	return (enum api_command_id)id;
}

static void usage_put_arg(struct text_writer *w, const struct api_arg *arg)
{
	text_put(w, arg->is_required ? SPAN(" ") : SPAN(" ["));
	if (arg->is_option) {
		text_put(w, SPAN("--"));
		for (const char *c = arg->key; *c; c++)
			text_put_char(w, *c == '_' ? '-' : *c);
		if (arg->value_name)
			text_put_char(w, ' ');
	}
	if (arg->value_name)
		text_put(w, span_of_string(arg->value_name));
	if (!arg->is_required)
		text_put_char(w, ']');
}

const char *api_command_usage(enum api_command_id id, char *text, size_t size)
{
	struct text_writer w = text_writer_of(text, size - 1);

	text_put(&w, span_of_string(api_commands[id].name));
	for (const struct api_arg *arg = api_commands[id].args; arg->kind != API_ARG_END; arg++)
		usage_put_arg(&w, arg);
	*w.at = '\0';
	return text;
}

static bool arg_is_list_of_strings(const json_t *value)
{
	size_t i;
	json_t *item;

	if (!json_is_array(value))
		return false;
	json_array_foreach(value, i, item) {
		if (!json_is_string(item))
			return false;
	}
	return true;
}

bool api_arg_choice(const struct api_arg *arg, size_t number, struct span *word)
{
	struct span rest = span_of_string(arg->choices ? arg->choices : "");

	for (; rest.len; number--) {
		*word = span_of(rest.data, span_find(rest, '|'));
		if (number == 0)
			return true;
		rest = span_from(rest, word->len + 1);
	}
	return false;
}

bool api_arg_is_choice(const struct api_arg *arg, const char *text)
{
	struct span word;

	for (size_t i = 0; api_arg_choice(arg, i, &word); i++) {
		if (span_equal_nocase(word, span_of_string(text)))
			return true;
	}
	return false;
}

/* NULL when the value has the kind, else what it should be. */
static const char *arg_kind_wanted(const struct api_arg *arg, const json_t *value)
{
	switch (arg->kind) {
	case API_ARG_NUMBER:
		if (json_is_integer(value) && json_integer_value(value) >= (json_int_t)arg->min)
			return NULL;
		return arg->min ? "an integer of at least 1" : "an integer of at least 0";
	case API_ARG_FLAG:
		return json_is_boolean(value) ? NULL : "true or false";
	case API_ARG_LIST:
		return arg_is_list_of_strings(value) ? NULL : "an array of strings";
	case API_ARG_PATH:
		return json_is_string(value) && json_string_value(value)[0] == '/'
			       ? NULL : "an absolute path";
	case API_ARG_STRING:
	case API_ARG_CONTENT:
	case API_ARG_END:
		break;
	}
	if (!json_is_string(value))
		return "a string";
	return !arg->choices || api_arg_is_choice(arg, json_string_value(value)) ? NULL :
										   arg->choices;
}

static const struct api_arg *arg_find(enum api_command_id id, const char *key)
{
	const struct api_arg *arg = api_commands[id].args;

	while (arg->kind != API_ARG_END && (arg->scope == API_ARG_LOCAL || strcmp(arg->key, key) != 0))
		arg++;
	return arg->kind != API_ARG_END ? arg : NULL;
}

static void why_no_alternative(enum api_command_id id, char *why, size_t size)
{
	struct text_writer w = text_writer_of(why, size - 1);
	const char *before = "' needs one of the arguments '";

	text_put_char(&w, '\'');
	text_put(&w, span_of_string(api_commands[id].name));
	for (const struct api_arg *arg = api_commands[id].args; arg->kind != API_ARG_END; arg++) {
		if (!arg->is_alternative)
			continue;
		text_put(&w, span_of_string(before));
		text_put(&w, span_of_string(arg->key));
		before = "', '";
	}
	text_put_char(&w, '\'');
	*w.at = '\0';
}

bool api_command_check(enum api_command_id id, const json_t *args, char *why, size_t size)
{
	const char *name = api_commands[id].name;
	const char *key;
	json_t *value;
	bool has_alternatives = false, has_one = false;

	if (args && !json_is_object(args)) {
		snprintf(why, size, "args is not an object");
		return false;
	}
	json_object_foreach((json_t *)(uintptr_t)args, key, value) {
		const struct api_arg *arg = arg_find(id, key);
		if (!arg) {
			snprintf(why, size, "'%s' takes no argument '%.40s'", name, key);
			return false;
		}
		const char *wanted = arg_kind_wanted(arg, value);
		if (wanted) {
			snprintf(why, size, "argument '%s' of '%s' must be %s%s", key, name,
				 wanted == arg->choices ? "one of " : "", wanted);
			return false;
		}
	}
	for (const struct api_arg *arg = api_commands[id].args; arg->kind != API_ARG_END; arg++) {
		if (arg->is_required && !json_object_get(args, arg->key)) {
			snprintf(why, size, "'%s' needs the argument '%s'", name, arg->key);
			return false;
		}
		has_alternatives |= arg->is_alternative;
		has_one |= arg->is_alternative && json_object_get(args, arg->key);
	}
	if (has_alternatives && !has_one) {
		why_no_alternative(id, why, size);
		return false;
	}
	return true;
}

const char *api_arg_string(const json_t *args, const char *key)
{
	return json_string_value(json_object_get(args, key));
}

uint64_t api_arg_number(const json_t *args, const char *key, uint64_t absent)
{
	const json_t *value = json_object_get(args, key);

	return value ? (uint64_t)json_integer_value(value) : absent;
}

bool api_arg_flag(const json_t *args, const char *key)
{
	return json_is_true(json_object_get(args, key));
}
