/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages out of tests/vectors; see corpus.h. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "corpus.h"
#include "parse_peer.h"
#include "vector.h"

#define SUFFIX ".vector"

/* What stands where a vector says ${via}: the top Via of a response is one of Tandem's. */
static const struct vector_values own_via = {
	.via = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK5f0c1b9a7e3d28461c05fa9b7d20e8c3.00c0ffee;"
	       "tandem=AQIDBAUGBwgJCgsMDQ4PEA",
	.branch = "z9hG4bK5f0c1b9a7e3d28461c05fa9b7d20e8c3.00c0ffee",
};

static int is_vector(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > strlen(SUFFIX) && strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX) == 0;
}

/* A message that a proxy may act on, whatever it then decides. */
static bool is_well_formed(struct verdict verdict)
{
	return verdict.kind != VERDICT_DROP && verdict.reason != REASON_KEEPALIVE &&
	       verdict.reason != REASON_STUN_BINDING && verdict.reason != REASON_STUN_ATTRIBUTE &&
	       verdict_reasons[verdict.reason].status != 400;
}

/* Every parser takes it. */
static bool is_taken(const struct corpus_message *message)
{
	struct parse_fields fields;
	bool taken = true;

	for (size_t i = 0; taken && parse_peers[i]; i++) {
		if (!parse_peers[i]->start())
			continue;
		taken = parse_peers[i]->parse(message->bytes, message->len, &fields);
		parse_peers[i]->release();
	}
	return taken;
}

/* Takes one vector into *message; *skipped when it is not wanted. */
static bool vector_take(const char *path, const char *name, bool torture,
			struct corpus_message *message, bool *skipped)
{
	struct vector vector;
	struct octets octets = { NULL, 0 };
	char error[256] = "";
	bool good = vector_read(&vector, path, error, sizeof(error)) &&
		    vector_octets(vector.message, &own_via, &octets, error, sizeof(error));

	*message = (struct corpus_message){ .bytes = octets.data, .len = octets.len };
	*skipped = good && torture &&
		   (!is_well_formed(vector.expect) || octets.len > CORPUS_PACKET ||
		    !is_taken(message));
	if (good && !*skipped)
		message->name = strndup(name, strlen(name) - strlen(SUFFIX));
	else
		free(octets.data);
	if (!good)
		fprintf(stderr, "%s: %s\n", path, error);
	vector_free(&vector);
	return good;
}

static bool vectors_take(const char *folder, bool torture, struct corpus_set *set)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_vector, alphasort);
	struct corpus_message *messages = n > 0 ? calloc((size_t)n, sizeof(*messages)) : NULL;
	bool good = messages != NULL;
	size_t count = 0;

	if (!good)
		fprintf(stderr, "%s: no folder with *" SUFFIX " files\n", folder);
	for (int i = 0; i < n; i++) {
		char path[4096];
		bool skipped = false;
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (good)
			good = vector_take(path, entries[i]->d_name, torture, &messages[count],
					   &skipped);
		count += good && !skipped;
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	*set = (struct corpus_set){ torture ? "torture" : "vectors", messages, count };
	if (!good)
		corpus_vectors_free(set);
	return good;
}

bool corpus_vectors(const char *folder, struct corpus_set *set)
{
	return vectors_take(folder, false, set);
}

bool corpus_torture(const char *folder, struct corpus_set *set)
{
	return vectors_take(folder, true, set);
}

void corpus_vectors_free(struct corpus_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free((char *)(uintptr_t)set->messages[i].name);
		free((char *)(uintptr_t)set->messages[i].bytes);
	}
	free((void *)(uintptr_t)set->messages);
	*set = (struct corpus_set){ .name = set->name };
}
