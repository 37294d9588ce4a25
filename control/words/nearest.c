/* SPDX-License-Identifier: BSD-3-Clause */
/* The word that may have been meant; see nearest.h. */
#include "words/nearest.h"

#define WORD_MAX_COMPARED 32

/* Edits (insert, remove, replace, swap neighbours) that turn one word into the other. */
static unsigned int edit_distance(struct span a, struct span b)
{
	unsigned int rows[3][WORD_MAX_COMPARED + 1];
	unsigned int *before = rows[0], *last = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b.len; j++)
		last[j] = (unsigned int)j, before[j] = 0;
	for (size_t i = 1; i <= a.len; i++) {
		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= b.len; j++) {
			bool same = char_lower(a.data[i - 1]) == char_lower(b.data[j - 1]);
			unsigned int best = last[j - 1] + !same;
			unsigned int one_more = MIN(last[j], row[j - 1]) + 1;
			best = MIN(best, one_more);
			if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] &&
			    a.data[i - 2] == b.data[j - 1])
				best = MIN(best, before[j - 2] + 1);
			row[j] = best;
		}
		unsigned int *free_row = before;
		before = last;
		last = row;
		row = free_row;
	}
	return last[b.len];
}

/* A third of the letters may be wrong. */
bool word_is_nearer(struct span wanted, struct span name, unsigned int *best)
{
	if (wanted.len == 0 || wanted.len > WORD_MAX_COMPARED || name.len > WORD_MAX_COMPARED)
		return false;
	unsigned int distance = edit_distance(wanted, name);
	if (distance > (wanted.len + 2) / 3 || distance >= name.len || distance >= *best)
		return false;
	*best = distance;
	return true;
}
