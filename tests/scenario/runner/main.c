/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs scenario files and prints TAP.  A scenario "with every loss" runs once as it is, then for
 * each datagram of that run once with this one lost, once with it delivered twice, and once with
 * it delayed so that its repetition overtakes it: each run is a case, and its result must be the
 * same.
 *
 *	scenario FILE...
 *	scenario -p FILE        also prints the picture of what went right
 *	scenario -l N FILE      only the run that loses the N-th datagram, with its picture;
 *	                        -l twice loses two
 *	scenario -d N FILE      only the run that delivers it twice
 *	scenario -s N FILE      only the run that delays it
 *	scenario -2 FILE        every pair of losses: thousands of runs
 */
#include <stdio.h>
#include <stdlib.h>

#include "play.h"

static int cases, failures;
static bool picture_always;

/* What is wrong with the network of this run, for the case's name. */
static const char *describe(struct arena *arena, const struct faults *faults)
{
	if (faults->lose_too)
		return arena_format(arena, ", datagrams %u and %u lost", faults->lose,
				    faults->lose_too);
	if (faults->lose)
		return arena_format(arena, ", datagram %u lost", faults->lose);
	if (faults->duplicate)
		return arena_format(arena, ", datagram %u delivered twice", faults->duplicate);
	if (faults->delay)
		return arena_format(arena, ", datagram %u delayed", faults->delay);
	return "";
}

/* Returns the number of datagrams. */
static unsigned int run(const struct script *script, struct faults faults)
{
	struct arena *arena = arena_create();
	struct text picture = { .arena = arena };
	unsigned int datagrams = 0;
	char *error = play_script(arena, script, &faults, &picture, &datagrams);

	printf("%s %d - %s%s\n", error ? "not ok" : "ok", ++cases, script->title,
	       describe(arena, &faults));
	if (error) {
		failures++;
		printf("# %s\n# %s\n", error, script->rule);
	}
	if ((error || picture_always) && picture.at)
		fputs(picture.at, stdout);
	arena_destroy(arena);
	return datagrams;
}

/* The second loss is among what is sent because of the first. */
static void run_pairs(const struct script *script)
{
	unsigned int datagrams = run(script, (struct faults){ 0 });
	for (unsigned int i = 1; i <= datagrams; i++) {
		unsigned int then = run(script, (struct faults){ .lose = i });
		for (unsigned int j = i + 1; j <= then; j++)
			run(script, (struct faults){ .lose = i, .lose_too = j });
	}
}

static void run_file(const char *file, struct faults faults, bool pairs)
{
	struct arena *arena = arena_create();
	char *error = NULL;
	struct script *script = script_read(arena, file, &error);

	if (!script) {
		printf("not ok %d - %s\n", ++cases, error);
		failures++;
	} else if (pairs) {
		run_pairs(script);
	} else {
		unsigned int datagrams = run(script, faults);
		bool all = script->with_every_loss && !faults.lose && !faults.duplicate &&
			   !faults.delay;
		for (unsigned int i = 1; all && i <= datagrams; i++) {
			run(script, (struct faults){ .lose = i });
			run(script, (struct faults){ .duplicate = i });
			run(script, (struct faults){ .delay = i });
		}
	}
	arena_destroy(arena);
}

static unsigned int number_after(int argc, char **argv, int *at)
{
	picture_always = true;
	return *at + 1 < argc ? (unsigned int)atoi(argv[++*at]) : 0;
}

int main(int argc, char **argv)
{
	struct faults faults = { 0 };
	bool pairs = false;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		if (text_is(argv[i], "-p"))
			picture_always = true;
		else if (text_is(argv[i], "-l"))
			*(faults.lose ? &faults.lose_too : &faults.lose) =
				number_after(argc, argv, &i);
		else if (text_is(argv[i], "-d"))
			faults.duplicate = number_after(argc, argv, &i);
		else if (text_is(argv[i], "-s"))
			faults.delay = number_after(argc, argv, &i);
		else if (text_is(argv[i], "-2"))
			pairs = true;
		else
			run_file(argv[i], faults, pairs);
	}
	printf("1..%d\n", cases);
	return failures || !cases;
}
