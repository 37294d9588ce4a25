/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs vectors and prints TAP, one case a vector.
 *	vectors FILE|FOLDER...
 * Each vector is played with every variant of the parser that this processor has, with room for
 * edits in place and without.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "sip/index.h"

#define FILES_MAX 1000
#define SUFFIX    ".vector"

static char *files[FILES_MAX];
static unsigned int file_count;

static int is_vector(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > strlen(SUFFIX) && strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static bool path_add(const char *path)
{
	struct dirent **names;
	int count = scandir(path, &names, is_vector, alphasort);

	if (count < 0) {
		files[file_count++] = strdup(path);
		return true;
	}
	for (int i = 0; i < count; i++) {
		if (file_count == FILES_MAX ||
		    asprintf(&files[file_count++], "%s/%s", path, names[i]->d_name) < 0)
			return false;
		free(names[i]);
	}
	free(names);
	return true;
}

/* NULL: as it should be; else what is wrong, static. */
static const char *play(const struct vector *vector, enum sip_index_kind kind, bool has_room)
{
	static struct bench bench;
	static char error[sizeof(bench.error) + 64];

	memset(&bench, 0, sizeof(bench));
	bench.vector = vector;
	bench.has_room = has_room;
	sip_index_use(kind);
	if (setjmp(bench.failed) == 0) {
		bench_open(&bench);
		judge_vector(&bench);
		bench_check_end(&bench);
	} else {
		snprintf(error, sizeof(error), "%s (%s, %s)", bench.error, sip_index_ops->name,
			 has_room ? "in place" : "copied");
	}
	bool good = bench.error[0] == '\0';
	bench_close(&bench);
	return good ? NULL : error;
}

static void defaults_set(struct vector *vector)
{
	if (!vector->from.address.family)
		(void)endpoint_parse(SPAN("192.0.2.50:5060"), 0, &vector->from);
	if (!vector->to.address.family)
		(void)endpoint_parse(SPAN("192.0.2.1:5060"), 0, &vector->to);
	if (!vector->sent_to.address.family)
		(void)endpoint_parse(SPAN("198.51.100.11:5060"), 0, &vector->sent_to);
	if (!vector->answer_to.address.family)
		vector->answer_to = vector->from;
}

static const char *run(const char *path, const char **trap)
{
	static struct vector vector;
	static char error[512];
	const char *wrong = NULL;

	vector_free(&vector);
	*trap = "";
	if (!vector_read(&vector, path, error, sizeof(error)))
		return error;
	*trap = vector.trap;
	defaults_set(&vector);
	for (int kind = 0; kind < SIP_INDEX_KINDS && !wrong; kind++) {
		if (!sip_index_supported((enum sip_index_kind)kind))
			continue;
		wrong = play(&vector, (enum sip_index_kind)kind, true);
		if (!wrong)
			wrong = play(&vector, (enum sip_index_kind)kind, false);
	}
	return wrong;
}

int main(int argc, char **argv)
{
	unsigned int failed = 0;

	for (int i = 1; i < argc; i++)
		if (!path_add(argv[i]))
			return 2;
	if (file_count == 0) {
		fprintf(stderr, "usage: vectors FILE|FOLDER...\n");
		return 2;
	}
	printf("1..%u\n", file_count);
	for (unsigned int i = 0; i < file_count; i++) {
		const char *trap, *base = strrchr(files[i], '/');
		const char *wrong = run(files[i], &trap);
		int len = (int)strcspn(base ? base + 1 : files[i], ".");
		printf("%s %u - %.*s: %s\n", wrong ? "not ok" : "ok", i + 1, len,
		       base ? base + 1 : files[i], trap);
		if (wrong)
			printf("# %s: %s\n", files[i], wrong);
		failed += wrong != NULL;
		fflush(stdout);
	}
	return failed ? 1 : 0;
}
