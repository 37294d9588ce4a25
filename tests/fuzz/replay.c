/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a fuzz target over files: every argument is a file, or a folder whose files are taken in
 * order of their names.  Every test run replays the corpora so; libFuzzer is not needed.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int file_replay(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0, room = 0, got = 0;

	if (!file) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	do {
		size += got;
		if (size == room) {
			room = room ? 2 * room : 4096;
			data = realloc(data, room);
			if (!data)
				abort();
		}
		got = fread(data + size, 1, room - size, file);
	} while (got);
	fclose(file);
	/* A copy without a byte to spare, so that ASan sees a read past the end. */
	uint8_t *exact = malloc(size ? size : 1);
	if (!exact)
		abort();
	memcpy(exact, data, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	free(data);
	return 0;
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/* Returns the files replayed, or -1. */
static int path_replay(const char *path)
{
	struct dirent **names;
	char name[4096];
	int count = scandir(path, &names, visible, alphasort);
	int failed = 0;

	if (count < 0)
		return file_replay(path) == 0 ? 1 : -1;
	for (int i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%s/%s", path, names[i]->d_name);
		failed |= file_replay(name);
		free(names[i]);
	}
	free(names);
	return failed ? -1 : count;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int count = path_replay(argv[i]);
		if (count < 0)
			return 1;
		total += count;
	}
	printf("%d inputs replayed\n", total);
	return total ? 0 : 1; /* an empty corpus proves nothing */
}
