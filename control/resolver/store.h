/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Last good answers as text, for the next process: JSON, versioned, with a check over its content
 * that finds what was damaged or edited.  Text alone; files are store_file.h's.
 */
#ifndef RESOLVER_STORE_H
#define RESOLVER_STORE_H

#include "resolver/servers.h"

#define STORE_VERSION  1
#define STORE_TEXT_MAX (16u << 20)
#define STORE_WHY_MAX  160

struct store_entry {
	const char *name;
	int64_t answered_ms; /* wall clock */
	uint32_t ttl_ms;
	const struct server_set *set;
};

/* Allocated, NUL-terminated; NULL: out of memory. */
[[nodiscard]] char *store_format(const struct store_entry *entries, uint32_t count);

/* Called for each entry; its parts are borrowed for the call. */
typedef void (*store_entry_fn)(void *context, const struct store_entry *entry);
/* False with why[STORE_WHY_MAX]: not such a text, another version, damaged; `fn` was not called. */
[[nodiscard]] bool store_parse(struct span text, store_entry_fn fn, void *context, char *why);

#endif
