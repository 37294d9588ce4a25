/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of known differences; see differences.h. */
#include "differences.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REASON_MARK "reason "
#define REASONS_MAX 64

struct reasons {
	const char *names[REASONS_MAX];
	bool used[REASONS_MAX];
	size_t count;
};

static char *file_load(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL, block[4096];
	size_t size = 0;
	FILE *memory = file ? open_memstream(&text, &size) : NULL;

	if (memory) {
		for (size_t n; (n = fread(block, 1, sizeof(block), file)) > 0;)
			fwrite(block, 1, n, memory);
		fclose(memory);
	} else {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
	}
	if (file)
		fclose(file);
	return text;
}

/* "reason NAME: sentence" */
static bool reason_take(struct reasons *reasons, char *line)
{
	char *name = line + strlen(REASON_MARK), *colon = strstr(name, ": ");

	if (!colon || !colon[2] || reasons->count == REASONS_MAX)
		return false;
	*colon = '\0';
	reasons->names[reasons->count++] = name;
	return true;
}

static bool row_take(struct differences *differences, char *line)
{
	struct difference *row = &differences->rows[differences->count];

	for (int i = 0; i < DIFFERENCE_COLUMNS; i++) {
		row->columns[i] = strsep(&line, "\t");
		if (!line || !*row->columns[i])
			return false;
	}
	row->reason = line;
	row->seen = false;
	differences->count++;
	return *line && !strchr(line, '\t');
}

static bool reasons_match(const struct differences *differences, struct reasons *reasons,
			  const char *path)
{
	bool good = true;

	for (size_t i = 0; i < differences->count; i++) {
		size_t j = 0;
		while (j < reasons->count &&
		       strcmp(reasons->names[j], differences->rows[i].reason) != 0)
			j++;
		if (j < reasons->count) {
			reasons->used[j] = true;
			continue;
		}
		fprintf(stderr, "%s: no reason is called '%s'\n", path,
			differences->rows[i].reason);
		good = false;
	}
	for (size_t j = 0; j < reasons->count; j++) {
		if (reasons->used[j])
			continue;
		fprintf(stderr, "%s: no row has the reason '%s'\n", path, reasons->names[j]);
		good = false;
	}
	return good;
}

bool differences_read(struct differences *differences, const char *path)
{
	struct reasons reasons = { .count = 0 };
	size_t lines = 1, number = 0;

	*differences = (struct differences){ .text = file_load(path) };
	if (!differences->text)
		return false;
	for (const char *at = differences->text; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	differences->rows = calloc(lines, sizeof(*differences->rows));
	for (char *rest = differences->text; differences->rows && rest;) {
		char *line = strsep(&rest, "\n");
		number++;
		if (!*line || *line == '#')
			continue;
		bool is_reason = strncmp(line, REASON_MARK, strlen(REASON_MARK)) == 0;
		if (is_reason ? reason_take(&reasons, line) : row_take(differences, line))
			continue;
		fprintf(stderr, "%s:%zu: neither '%sNAME: sentence' nor %d columns and a reason\n",
			path, number, REASON_MARK, DIFFERENCE_COLUMNS);
		differences_free(differences);
		return false;
	}
	if (differences->rows && reasons_match(differences, &reasons, path))
		return true;
	differences_free(differences);
	return false;
}

void differences_free(struct differences *differences)
{
	free(differences->rows);
	free(differences->text);
	*differences = (struct differences){ .text = NULL };
}

struct difference *differences_find(struct differences *differences,
				    const char *const columns[DIFFERENCE_COLUMNS])
{
	for (size_t i = 0; i < differences->count; i++) {
		struct difference *row = &differences->rows[i];
		int same = 0;
		while (same < DIFFERENCE_COLUMNS && strcmp(row->columns[same], columns[same]) == 0)
			same++;
		if (same < DIFFERENCE_COLUMNS)
			continue;
		row->seen = true;
		return row;
	}
	return NULL;
}

const char *differences_reason(const struct differences *differences, const char *message,
			       const char *field)
{
	for (size_t i = 0; i < differences->count; i++) {
		const struct difference *row = &differences->rows[i];
		if (strcmp(row->columns[0], message) == 0 && strcmp(row->columns[1], field) == 0)
			return row->reason;
	}
	return NULL;
}
