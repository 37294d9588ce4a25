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

/* Every vector of a folder in the order of names: the message that stands in it, ${via} and
 * ${branch} filled in with a Via of Tandem's.  False, after a line on stderr, when one cannot be
 * read. */
bool corpus_vectors(const char *folder, struct corpus_set *set);
/*
 * The torture mix: those of a folder's vectors that are well-formed by their own verdict (neither
 * dropped, nor a 400, nor something else than SIP), have at most CORPUS_PACKET octets, so that a
 * few giants do not outweigh the rest, and are taken by every parser that runs here: how fast one
 * refuses a message says nothing.
 */
#define CORPUS_PACKET 1472 /* what one Ethernet packet carries over IPv4 and UDP */
bool corpus_torture(const char *folder, struct corpus_set *set);
void corpus_vectors_free(struct corpus_set *set);

#ifdef __cplusplus
}
#endif

#endif
