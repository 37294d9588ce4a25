/* SPDX-License-Identifier: BSD-3-Clause */
#include "ladder.h"

#define COLUMN_WIDTH 30
#define COLUMNS_MAX  12

void ladder_add(struct ladder *ladder, struct arena *arena, struct ladder_entry entry)
{
	struct ladder_entry *copy = arena_alloc(arena, sizeof(*copy));
	*copy = entry;
	copy->next = NULL;
	if (ladder->last)
		ladder->last->next = copy;
	else
		ladder->first = copy;
	ladder->last = copy;
}

void ladder_note(struct ladder *ladder, struct arena *arena, tick_t at, const char *note)
{
	ladder_add(ladder, arena, (struct ladder_entry){ .at = at, .label = note });
}

static int column_of(const char *const *columns, int count, const char *name)
{
	for (int i = 0; i < count; i++) {
		if (text_is(columns[i], name))
			return i;
	}
	return -1;
}

static const char *fate_note(const struct ladder_entry *entry)
{
	switch (entry->fate) {
	case LADDER_LOST:
		return "   LOST";
	case LADDER_TWICE:
		return "   delivered twice";
	case LADDER_DELAYED:
		return "   arrives 0.7 s later";
	case LADDER_UNREACHABLE:
		return "   ICMP unreachable";
	default:
		return "";
	}
}

/* "|   INVITE 3 ---->|" between the two columns. */
static void print_arrow(const struct ladder_entry *entry, int from, int to, int count,
			struct text *out)
{
	char line[COLUMN_WIDTH * COLUMNS_MAX + 2];
	int width = (count - 1) * COLUMN_WIDTH + 1;
	memset(line, ' ', sizeof(line));
	for (int i = 0; i < count; i++)
		line[i * COLUMN_WIDTH] = '|';
	int left = (from < to ? from : to) * COLUMN_WIDTH;
	int right = (from < to ? to : from) * COLUMN_WIDTH;
	for (int i = left + 1; i < right; i++)
		line[i] = '-';
	line[from < to ? right - 1 : left + 1] = from < to ? '>' : '<';
	if (entry->fate == LADDER_LOST)
		line[(left + right) / 2 + 8] = 'X';
	size_t len = strlen(entry->label);
	if (len > COLUMN_WIDTH - 8)
		len = COLUMN_WIDTH - 8;
	line[left + 3] = ' ';
	memcpy(line + left + 4, entry->label, len);
	line[(size_t)left + 4 + len] = ' ';
	line[width] = '\0';
	text_print(out, "%s%s", line, fate_note(entry));
}

static void print_entry(const struct ladder_entry *entry, const char *const *columns, int count,
			tick_t epoch, struct text *out)
{
	int from = entry->number ? column_of(columns, count, entry->from) : -1;
	int to = entry->number ? column_of(columns, count, entry->to) : -1;

	text_print(out, "%9.3f ", (double)(entry->at - epoch) / 1e6);
	if (!entry->number)
		text_print(out, "     -- %s", entry->label);
	else if (from < 0 || to < 0 || from == to)
		text_print(out, "%4u  %s: %s > %s%s", entry->number, entry->label, entry->from,
			   entry->to, fate_note(entry));
	else {
		text_print(out, "%4u  ", entry->number);
		print_arrow(entry, from, to, count, out);
	}
}

void ladder_print(const struct ladder *ladder, const char *const *columns, int count,
		  tick_t epoch, const char *prefix, struct text *out)
{
	if (count > COLUMNS_MAX)
		count = COLUMNS_MAX;
	text_print(out, "%s%9s %4s  ", prefix, "seconds", "no.");
	for (int i = 0; i < count; i++)
		text_print(out, "%-*s", i + 1 < count ? COLUMN_WIDTH : 0, columns[i]);
	text_add(out, "\n", 1);
	for (const struct ladder_entry *entry = ladder->first; entry; entry = entry->next) {
		text_print(out, "%s", prefix);
		print_entry(entry, columns, count, epoch, out);
		text_add(out, "\n", 1);
	}
}
