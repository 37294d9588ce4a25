/* SPDX-License-Identifier: BSD-3-Clause */
/* A member of an answer as text in a cell. */
#ifndef CTL_FIELD_H
#define CTL_FIELD_H

#include <jansson.h>
#include <stddef.h>

enum field_kind {
	FIELD_TEXT,
	FIELD_COUNT,
	FIELD_REAL,    /* one digit after the point */
	FIELD_US,      /* nanoseconds, printed as microseconds */
	FIELD_PERCENT, /* a share of 1 */
	FIELD_OCTETS,  /* with a binary unit: 1.5 MiB */
	FIELD_MS,      /* milliseconds: 500ms, 32s */
	FIELD_SECONDS, /* 1d 02:03:04 */
	FIELD_YES_NO,
	FIELD_LIST,    /* strings, joined by commas */
};

#define FIELD_TEXT_MAX 512

/* `path`: members joined by points.  "-" where there is none, or null.  Returns text. */
const char *field_format(const json_t *object, const char *path, enum field_kind kind,
			 char text[FIELD_TEXT_MAX]);
/* The member itself; NULL: there is none. */
const json_t *field_find(const json_t *object, const char *path);

#endif
