/* SPDX-License-Identifier: BSD-3-Clause */
/* The command that words name; see command.h. */
#include "ctl/command.h"

#include <string.h>

#include "base/text.h"
#include "words/nearest.h"

#define WORD_SHOWN_MAX 40

static int name_words(const char *name)
{
	int words = 1;

	for (; *name; name++)
		words += *name == ' ';
	return words;
}

/* Cuts the first word off the name. */
static struct span name_next(const char **name)
{
	struct span word = span_of(*name, strcspn(*name, " "));

	*name += word.len + ((*name)[word.len] == ' ');
	return word;
}

/* True when the name's words begin with the `count` given ones. */
static bool name_begins_with(const char *name, int count, const char *const *words)
{
	for (int i = 0; i < count; i++) {
		if (!*name || !span_equal(name_next(&name), span_of_string(words[i])))
			return false;
	}
	return true;
}

enum api_command_id ctl_command_find(int count, const char *const *words, int *used)
{
	for (unsigned int id = 0; id < API_COMMAND_COUNT; id++) {
		*used = name_words(api_commands[id].name);
		if (*used <= count && name_begins_with(api_commands[id].name, *used, words))
			return (enum api_command_id)id;
	}
	return API_COMMAND_COUNT;
}

bool ctl_command_goes_on(enum api_command_id id, int count, const char *const *words)
{
	const char *name = api_commands[id].name;

	return name_words(name) > count && name_begins_with(name, count, words);
}

/* Compares word by word, so that a right first word does not make the second seem near.  Where
 * only one word is given, the first of the name counts.  True: nearer than *best. */
static bool name_is_nearer(const char *name, int count, const char *const *words,
			   unsigned int *best, struct span *meant)
{
	const char *rest = name;
	unsigned int sum = 0;
	struct span word = { 0 };

	for (int i = 0; i < count && *rest; i++) {
		unsigned int distance = UINT32_MAX;
		word = name_next(&rest);
		if (span_equal(word, span_of_string(words[i])))
			continue;
		if (!word_is_nearer(span_of_string(words[i]), word, &distance))
			return false;
		sum += distance;
	}
	if (sum >= *best)
		return false;
	*best = sum;
	*meant = span_of(name, (size_t)(word.data + word.len - name));
	return true;
}

static struct span command_nearest(int count, const char *const *words)
{
	unsigned int best = UINT32_MAX;
	struct span meant = { 0 };

	for (unsigned int id = 0; id < API_COMMAND_COUNT; id++)
		(void)name_is_nearer(api_commands[id].name, count, words, &best, &meant);
	/* Of two words the first alone may be nearly right. */
	return meant.len || count < 2 ? meant : command_nearest(1, words);
}

static void put_typed(struct text_writer *w, int count, const char *const *words)
{
	text_put(w, SPAN("there is no command '"));
	for (int i = 0; i < count && i < 2; i++) {
		if (i)
			text_put_char(w, ' ');
		text_put(w, span_of(words[i], strnlen(words[i], WORD_SHOWN_MAX)));
	}
	text_put_char(w, '\'');
}

void ctl_command_why_none(int count, const char *const *words, char *why, size_t size)
{
	struct text_writer w = text_writer_of(why, size - 1);
	bool is_group = false;
	const char *before = "which one: ";

	for (unsigned int id = 0; id < API_COMMAND_COUNT; id++)
		is_group = is_group || name_begins_with(api_commands[id].name, 1, words);
	struct span meant = command_nearest(count, words);
	if (!is_group || count > 1) {
		put_typed(&w, count, words);
		text_put(&w, SPAN("; "));
	}
	if (is_group && span_find(meant, ' ') == meant.len)
		meant.len = 0; /* the first word alone, which is right */
	if (meant.len) {
		text_put(&w, SPAN("did you mean '"));
		text_put(&w, meant);
		text_put(&w, SPAN("'? "));
	}
	for (unsigned int id = 0; is_group && !meant.len && id < API_COMMAND_COUNT; id++) {
		if (!name_begins_with(api_commands[id].name, 1, words))
			continue;
		text_put(&w, span_of_string(before));
		text_put(&w, span_of_string(api_commands[id].name));
		before = ", ";
	}
	if (is_group && !meant.len)
		text_put(&w, SPAN("; "));
	text_put(&w, SPAN("see tandemctl --help"));
	*w.at = '\0';
}
