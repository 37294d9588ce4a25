/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs scenario files and prints TAP.  A scenario "with every loss" runs once as it is, then once
 * for each datagram of that run with this one lost, and once with this one delivered twice: each
 * run is a case, and its result must be the same.
 *
 *	scenario FILE...
 *	scenario -p FILE       also prints the picture of what went right
 *	scenario -l N FILE     only the run that loses the N-th datagram, with its picture
 *	scenario -d N FILE     only the run that delivers it twice
 */
#include <stdio.h>
#include <stdlib.h>

#include "play.h"

static int cases, failures;
static bool picture_always;

/* Returns the number of datagrams. */
static unsigned int run(const struct script *script, unsigned int lose, unsigned int duplicate)
{
	struct arena *arena = arena_create();
	struct text picture = { .arena = arena };
	unsigned int datagrams = 0;
	char *error = play_script(arena, script, lose, duplicate, &picture, &datagrams);
	const char *fate = lose ? arena_format(arena, ", datagram %u lost", lose) :
			   duplicate ?
				arena_format(arena, ", datagram %u delivered twice", duplicate) :
				"";

	printf("%s %d - %s%s\n", error ? "not ok" : "ok", ++cases, script->title, fate);
	if (error) {
		failures++;
		printf("# %s\n# %s\n", error, script->rule);
	}
	if ((error || picture_always) && picture.at)
		fputs(picture.at, stdout);
	arena_destroy(arena);
	return datagrams;
}

static void run_file(const char *file, unsigned int lose, unsigned int duplicate)
{
	struct arena *arena = arena_create();
	char *error = NULL;
	struct script *script = script_read(arena, file, &error);

	if (!script) {
		printf("not ok %d - %s\n", ++cases, error);
		failures++;
	} else if (lose || duplicate) {
		run(script, lose, duplicate);
	} else {
		unsigned int datagrams = run(script, 0, 0);
		for (unsigned int i = 1; script->with_every_loss && i <= datagrams; i++) {
			run(script, i, 0);
			run(script, 0, i);
		}
	}
	arena_destroy(arena);
}

int main(int argc, char **argv)
{
	unsigned int lose = 0, duplicate = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		if (text_is(argv[i], "-p")) {
			picture_always = true;
		} else if (text_is(argv[i], "-l") && i + 1 < argc) {
			lose = (unsigned int)atoi(argv[++i]);
			picture_always = true;
		} else if (text_is(argv[i], "-d") && i + 1 < argc) {
			duplicate = (unsigned int)atoi(argv[++i]);
			picture_always = true;
		} else {
			run_file(argv[i], lose, duplicate);
		}
	}
	printf("1..%d\n", cases);
	return failures || !cases;
}
