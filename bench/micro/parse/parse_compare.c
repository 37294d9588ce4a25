/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gives the messages of the benchmark and all vectors to every parser, and compares what each of
 * them found with what Tandem found.  The three instruction sets of Tandem must agree; a difference
 * to a peer must stand, with its reason, in the file of known differences.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers.h"
#include "corpus.h"
#include "differences.h"

#define PEERS_MAX    8
#define FIRST_COLUMN 2 /* of the answers in a row */

static const char usage_text[] =
	"usage: parse-compare --known FILE FOLDER\n"
	"       parse-compare --print [--known FILE] FOLDER\n"
	"\n"
	"Compares what Tandem, libosip2, Sofia-SIP and libre find in the benchmark's messages and "
	"in\n"
	"the vectors of FOLDER (tests/vectors/sip).  Prints TAP, a case a message.\n"
	"\n"
	"  --known FILE  differences that have a reason: one that is not there fails its case, "
	"and\n"
	"                so does a row of FILE that is no difference any more\n"
	"  --print       the differences found as rows of such a file instead; '?' where FILE "
	"gives\n"
	"                no reason\n"
	"  --help        this text\n"
	"\n"
	"Exit 0: as known; 1: not; 2: cannot run.\n";

struct run {
	const struct parse_peer *peers[PEERS_MAX]; /* Tandem's first, the scalar one at [0] */
	size_t count, own;                         /* all; Tandem's among them */
	struct differences known;
	bool prints;
	unsigned int cases, failed;
	bool case_good;
};

/* Prints why the case at hand fails. */
static void complain(struct run *run, const char *what, const char *const columns[])
{
	run->case_good = false;
	printf("# %s:", what);
	for (int i = 0; i < DIFFERENCE_COLUMNS; i++)
		printf("\t%s", columns[i]);
	printf("\n");
}

static void row_print(const struct run *run, const char *const columns[])
{
	const char *reason = differences_reason(&run->known, columns[0], columns[1]);

	for (int i = 0; i < DIFFERENCE_COLUMNS; i++)
		printf("%s\t", columns[i]);
	printf("%s\n", reason ? reason : "?");
}

/* One field of all peers; "=" is an answer like Tandem's, "no" one of a peer that refused. */
static void field_compare(struct run *run, const char *name, int field,
			  const struct answers answers[])
{
	const char *columns[DIFFERENCE_COLUMNS] = { name, answer_names[field],
						    answers[0].text[field] };
	bool differs = false;

	for (size_t i = run->own; i < run->count; i++) {
		const char *text = answers[i].text[field];
		bool same = text && strcmp(text, answers[0].text[field]) == 0;
		columns[FIRST_COLUMN + 1 + i - run->own] = same ? "=" : text ? text : "no";
		differs |= text && !same;
	}
	if (!differs)
		return;
	if (run->prints)
		row_print(run, columns);
	else if (!differences_find(&run->known, columns))
		complain(run, "not known", columns);
}

/* Tandem with another instruction set. */
static void own_compare(struct run *run, const char *name, const struct answers *first,
			const struct answers *other, const char *peer)
{
	for (int field = 0; field < ANSWER_COUNT; field++) {
		const char *a = first->text[field], *b = other->text[field];
		if ((!a && !b) || (a && b && strcmp(a, b) == 0))
			continue;
		run->case_good = false;
		printf("# %s: %s: scalar finds %s, %s %s\n", name, answer_names[field],
		       a ? a : "nothing", peer, b ? b : "nothing");
	}
}

static void message_compare(struct run *run, const struct corpus_message *message)
{
	struct answers answers[PEERS_MAX];
	/* Exactly as long as the message: a sanitizer sees what reads behind it. */
	char *bytes = malloc(message->len ? message->len : 1);

	if (!bytes)
		abort();
	memcpy(bytes, message->bytes, message->len);
	for (size_t i = 0; i < run->count; i++) {
		run->peers[i]->start();
		answers[i] = answers_take(run->peers[i], bytes, message->len);
		if (memcmp(bytes, message->bytes, message->len) != 0) {
			printf("# %s: %s writes into the message\n", message->name,
			       run->peers[i]->name);
			run->case_good = false;
			memcpy(bytes, message->bytes, message->len);
		}
	}
	for (size_t i = 1; i < run->own; i++)
		own_compare(run, message->name, &answers[0], &answers[i], run->peers[i]->name);
	/* Where Tandem refuses, whether the others do is all that there is to compare. */
	for (int field = 0; field < (answers[0].parses ? ANSWER_COUNT : ANSWER_parses + 1); field++)
		field_compare(run, message->name, field, answers);
	for (size_t i = 0; i < run->count; i++)
		answers_free(&answers[i]);
	free(bytes);
}

static void case_end(struct run *run, const char *name)
{
	run->cases++;
	run->failed += !run->case_good;
	if (!run->prints || !run->case_good)
		printf("%sok %u - %s\n", run->case_good ? "" : "not ", run->cases, name);
	run->case_good = true;
}

static void stale_rows(struct run *run)
{
	for (size_t i = 0; i < run->known.count; i++) {
		if (!run->known.rows[i].seen)
			complain(run, "no difference any more",
				 (const char *const *)run->known.rows[i].columns);
	}
	case_end(run, "every known difference is one");
}

static bool messages_compare(struct run *run, const char *folder)
{
	struct corpus_set vectors;
	size_t kinds;
	const struct corpus_set *sets = corpus_kinds(&kinds);

	if (!sets || !corpus_vectors(folder, &vectors))
		return false;
	/* The last kind is a mix of the others. */
	if (!run->prints)
		printf("1..%zu\n", kinds - 1 + vectors.count + 1);
	for (size_t i = 0; i < kinds - 1; i++) {
		for (size_t j = 0; j < sets[i].count; j++)
			message_compare(run, &sets[i].messages[j]);
		case_end(run, sets[i].name);
	}
	for (size_t i = 0; i < vectors.count; i++) {
		message_compare(run, &vectors.messages[i]);
		case_end(run, vectors.messages[i].name);
	}
	corpus_vectors_free(&vectors);
	if (!run->prints)
		stale_rows(run);
	return true;
}

static void peers_find(struct run *run)
{
	for (size_t i = 0; parse_peers[i]; i++) {
		if (parse_peers[i]->start())
			run->peers[run->count++] = parse_peers[i];
		if (strncmp(parse_peers[i]->name, "tandem", 6) == 0)
			run->own = run->count;
	}
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "known", required_argument, NULL, 'k' },
		{ "print", no_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct run run = { .case_good = true };
	const char *known = NULL;

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		switch (option) {
		case 'k':
			known = optarg;
			break;
		case 'p':
			run.prints = true;
			break;
		case 'h':
			fputs(usage_text, stdout);
			return EXIT_SUCCESS;
		default:
			fputs("try --help\n", stderr);
			return 2;
		}
	}
	if (optind != argc - 1 || (!known && !run.prints)) {
		fprintf(stderr, "parse-compare: %s; try --help\n",
			optind != argc - 1 ? "one folder of vectors, please"
					   : "--known or --print, please");
		return 2;
	}
	peers_find(&run);
	if (run.count - run.own != DIFFERENCE_COLUMNS - FIRST_COLUMN - 1) {
		fputs("parse-compare: a peer does not start\n", stderr);
		return 2;
	}
	if (known && !differences_read(&run.known, known))
		return 2;
	bool good = messages_compare(&run, argv[optind]);
	differences_free(&run.known);
	return good ? run.failed != 0 : 2;
}
