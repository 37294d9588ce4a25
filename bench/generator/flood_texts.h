/* SPDX-License-Identifier: BSD-3-Clause */
/* The messages of the built-in floods as text, and those of a folder's files. */
#ifndef GENERATOR_FLOOD_TEXTS_H
#define GENERATOR_FLOOD_TEXTS_H

#include "generator/flood.h"

/* Where a number of the message's own is written, as so many hexadecimal digits. */
#define FLOOD_MARK     "@@@@@@@@@@@@@@@@"
#define FLOOD_MARK_LEN 16u
/* How every Call-ID of a built-in flood begins. */
#define FLOOD_CALL_ID  "flood-"

struct flood_text {
	char *data;
	uint32_t len;
};

/* The text of a built-in flood, marks inside, from one source.  False: there is no such flood
 * (*data NULL), or no memory. */
[[nodiscard]] bool flood_text_compose(const char *name, const struct endpoint *from,
				      const struct endpoint *proxy, struct flood_text *text);

/* The files of a folder in order of their names; *.vector in the format of tests/vectors, all
 * others as they are.  Returns how many, -1 with a sentence in error[FLOOD_ERROR_MAX]; *texts and
 * their data are allocated. */
[[nodiscard]] int flood_texts_load(const char *folder, struct flood_text **texts, char *error);

#endif
