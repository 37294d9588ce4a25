/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parses the messages of one kind a number of times with one parser, for a tool that counts
 * instructions: all that is counted happens in rounds_run.  bench/micro/instructions drives it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "corpus.h"
#include "parse_peer.h"

static const char usage_text[] = "usage: parse-count KIND PARSER ROUNDS FOLDER\n"
				 "       parse-count --list FOLDER\n"
				 "\n"
				 "Parses every message of KIND ROUNDS times with PARSER and prints "
				 "how many that were.  FOLDER\n"
				 "has the vectors (tests/vectors/sip).  --list prints the kinds, "
				 "an empty line, and the parsers.\n"
				 "\n"
				 "Exit 0: done; 1: the parser does not run here, or refuses a "
				 "message; 2: wrong arguments.\n";

#define KINDS_MAX 16

/* The name by which callgrind is told what to count. */
void rounds_run(const struct parse_peer *peer, const struct corpus_set *set, unsigned long rounds);

NO_INLINE void rounds_run(const struct parse_peer *peer, const struct corpus_set *set,
			  unsigned long rounds)
{
	for (unsigned long round = 0; round < rounds; round++) {
		for (size_t i = 0; i < set->count; i++) {
			struct parse_fields fields;
			(void)peer->parse(set->messages[i].bytes, set->messages[i].len, &fields);
			__asm__ volatile("" : : "r"(&fields) : "memory");
			peer->release();
		}
	}
}

static bool all_taken(const struct parse_peer *peer, const struct corpus_set *set)
{
	struct parse_fields fields;

	for (size_t i = 0; i < set->count; i++) {
		bool taken = peer->parse(set->messages[i].bytes, set->messages[i].len, &fields);
		peer->release();
		if (!taken)
			return false;
	}
	return true;
}

static const struct parse_peer *peer_find(const char *name)
{
	for (size_t i = 0; parse_peers[i]; i++) {
		if (strcmp(parse_peers[i]->name, name) == 0)
			return parse_peers[i];
	}
	return NULL;
}

/* All kinds, the torture mix last; 0: they cannot be made. */
static size_t sets_make(const char *folder, struct corpus_set sets[KINDS_MAX])
{
	size_t count;
	const struct corpus_set *kinds = corpus_kinds(&count);

	if (!kinds || count >= KINDS_MAX || !corpus_torture(folder, &sets[count]))
		return 0;
	memcpy(sets, kinds, count * sizeof(*sets));
	return count + 1;
}

static int count_run(const struct corpus_set *set, const struct parse_peer *peer,
		     unsigned long rounds)
{
	if (!peer->start()) {
		fprintf(stderr, "parse-count: %s does not run on this processor\n", peer->name);
		return EXIT_FAILURE;
	}
	/* Warm as well: what is made once is made now. */
	if (!all_taken(peer, set)) {
		fprintf(stderr, "parse-count: %s refuses a message of %s\n", peer->name, set->name);
		return EXIT_FAILURE;
	}
	rounds_run(peer, set, rounds);
	printf("%lu\n", rounds * set->count);
	return EXIT_SUCCESS;
}

static void list_print(const struct corpus_set *sets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		printf("%s\n", sets[i].name);
	printf("\n");
	for (size_t i = 0; parse_peers[i]; i++)
		printf("%s\n", parse_peers[i]->name);
}

int main(int argc, char **argv)
{
	struct corpus_set sets[KINDS_MAX];
	const struct corpus_set *set = NULL;
	bool lists = argc == 3 && strcmp(argv[1], "--list") == 0;
	int result = 2;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage_text, stdout);
		return EXIT_SUCCESS;
	}
	if (!lists && argc != 5) {
		fputs(usage_text, stderr);
		return 2;
	}
	size_t count = sets_make(argv[argc - 1], sets);
	if (count == 0)
		return 2;
	for (size_t i = 0; i < count && !lists; i++) {
		if (strcmp(sets[i].name, argv[1]) == 0)
			set = &sets[i];
	}
	const struct parse_peer *peer = lists ? NULL : peer_find(argv[2]);
	unsigned long rounds = lists ? 0 : strtoul(argv[3], NULL, 10);
	if (lists) {
		list_print(sets, count);
		result = EXIT_SUCCESS;
	} else if (!set || !peer) {
		fprintf(stderr, "parse-count: no %s is called '%s'; --list tells\n",
			!set ? "kind" : "parser", !set ? argv[1] : argv[2]);
	} else if (rounds == 0) {
		fprintf(stderr, "parse-count: '%s' is no number of rounds above 0\n", argv[3]);
	} else {
		result = count_run(set, peer, rounds);
	}
	corpus_vectors_free(&sets[count - 1]);
	return result;
}
