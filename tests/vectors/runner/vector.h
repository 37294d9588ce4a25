/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A vector: one message and what must become of it, read from a text file.  The format is told in
 * tests/vectors/README.md.  Knows nothing of the engine.
 */
#ifndef TESTS_VECTOR_H
#define TESTS_VECTOR_H

#include "base/span.h"
#include "base/verdict.h"
#include "net/endpoint.h"

#define VECTOR_CHANGES_MAX 48
#define VECTOR_ROWS_MAX    8

/* Octets of exact length; allocated. */
struct octets {
	char *data;
	size_t len;
};

struct vector_change {
	struct octets from, to;
};

struct vector {
	char *text;               /* the file; the strings below point into it */
	const char *trap, *rule;
	const char *answer;       /* status line of our own answer without "SIP/2.0 ", or NULL */
	const char *inserted;     /* names of the rows that are put in front, separated by blanks */
	const char *snapshot;     /* NULL: the default one */
	const char *has[VECTOR_ROWS_MAX]; /* rows that our own answer must have */
	unsigned int has_count;
	struct endpoint from, to;
	struct endpoint sent_to;  /* family 0: the default */
	struct endpoint answer_to;
	struct verdict expect;
	/* As written, escapes still inside: placeholders get their values later. */
	struct span message, request, trailing, changes;
	struct span octets;       /* our own answer, octet by octet: one that is no SIP */
	bool has_request;
};

/* False: `error` tells line and mistake. */
[[nodiscard]] bool vector_read(struct vector *vector, const char *path, char *error, size_t size);
void vector_free(struct vector *vector);

/* What placeholders stand for; NULL: not known at this point. */
struct vector_values {
	const char *via;    /* ${via}: our Via value in the request that was forwarded */
	const char *branch; /* ${branch}: its branch */
};

/* A section as octets: escapes, repetitions and placeholders replaced, lines ended. */
[[nodiscard]] bool vector_octets(struct span section, const struct vector_values *values,
				 struct octets *out, char *error, size_t size);
/* The changes; returns their number, or -1. */
[[nodiscard]] int vector_changes(const struct vector *vector, const struct vector_values *values,
				 struct vector_change changes[VECTOR_CHANGES_MAX], char *error,
				 size_t size);

#endif
