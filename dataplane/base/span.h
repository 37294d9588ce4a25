/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A span: pointer and length into bytes that someone else owns.  Passed by value.
 * Never NUL-terminated, never freed through the span.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <string.h>

#include "base/compiler.h"

struct span {
	const char *data;
	size_t len;
};

/* A span over a string literal. */
#define SPAN(literal)      ((struct span){ .data = (literal), .len = sizeof(literal) - 1 })
#define SPAN_EMPTY         ((struct span){ .data = NULL, .len = 0 })
/* For printf's "%.*s". */
#define SPAN_ARGS(s)       (int)(s).len, (s).data

static inline struct span span_of(const void *data, size_t len)
{
	return (struct span){ .data = data, .len = len };
}

static inline struct span span_of_string(const char *string)
{
	return span_of(string, strlen(string));
}

static inline bool span_equal(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* ASCII lower case; bytes outside A-Z unchanged. */
static inline char char_lower(char c)
{
	return (c >= 'A' && c <= 'Z') ? (char)(c | 0x20) : c;
}

/* RFC 3261 §7.3.1: names, tokens and most parameter values compare without case. */
static inline bool span_equal_nocase(struct span a, struct span b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		if (char_lower(a.data[i]) != char_lower(b.data[i]))
			return false;
	}
	return true;
}

static inline bool span_starts_with(struct span s, struct span prefix)
{
	return s.len >= prefix.len && memcmp(s.data, prefix.data, prefix.len) == 0;
}

static inline bool span_starts_with_nocase(struct span s, struct span prefix)
{
	return s.len >= prefix.len && span_equal_nocase(span_of(s.data, prefix.len), prefix);
}

/* The part from `from` on; empty when `from` is past the end. */
static inline struct span span_from(struct span s, size_t from)
{
	return from >= s.len ? span_of(s.data + s.len, 0) : span_of(s.data + from, s.len - from);
}

/* Index of the first `c`, or s.len. */
static inline size_t span_find(struct span s, char c)
{
	const char *p = s.len ? memchr(s.data, c, s.len) : NULL;
	return p ? (size_t)(p - s.data) : s.len;
}

/* Removes spaces, tabs, CR and LF at both ends (RFC 3261 §25.1, LWS). */
static inline struct span span_trim(struct span s)
{
	while (s.len && (s.data[0] == ' ' || s.data[0] == '\t' || s.data[0] == '\r' || s.data[0] == '\n'))
		s.data++, s.len--;
	while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t' ||
			 s.data[s.len - 1] == '\r' || s.data[s.len - 1] == '\n'))
		s.len--;
	return s;
}

#endif
