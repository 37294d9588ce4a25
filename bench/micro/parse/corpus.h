/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is parsed, and in which order.  Each kind is a set of several messages that are taken in
 * turn: equal in length, different in every identifier, in four orders of their header rows, each
 * at another alignment, so that neither the compiler nor the branch predictor knows the next one.
 * A set and what Tandem writes fit the first-level data cache: this is parsing from a hot cache.
 */
#ifndef BENCH_CORPUS_H
#define BENCH_CORPUS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct corpus_message {
	const char *name; /* of the vector, or of the kind */
	const char *bytes;
	size_t len;
};

struct corpus_set {
	const char *name;
	const struct corpus_message *messages;
	size_t count;
};

/* invite, options, trying, ok, register, and mix: all of them in turn.  NULL when memory is short.
 * They live as long as the process. */
const struct corpus_set *corpus_kinds(size_t *count);

/*
 * Every vector of a folder in the order of names: the message that stands in it, ${via} and
 * ${branch} filled in with a Via of Tandem's.  `torture` leaves out those that are not well-formed
 * to the vector itself (its verdict is one of a malformed message) and those of more than
 * CORPUS_PACKET octets.  False, after a line on stderr, when one cannot be read.
 */
#define CORPUS_PACKET 1472
bool corpus_vectors(const char *folder, bool torture, struct corpus_set *set);
void corpus_vectors_free(struct corpus_set *set);

#ifdef __cplusplus
}
#endif

#endif
