/* SPDX-License-Identifier: BSD-3-Clause */
/* The messages that are parsed; see corpus.h. */
#include "corpus.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "base/span.h"
#include "messages.h"
#include "sample.h"

#define COPIES     16
#define ORDERS     4
#define FIRST_BYTE 42 /* Ethernet, IPv4, UDP: where a datagram starts behind an aligned frame */
#define ALIGN_STEP 4
#define ROWS_MAX   32

static const struct kind {
	const char *name;
	struct span text;
} kinds[] = {
	{ "invite", { SAMPLE_INVITE, sizeof(SAMPLE_INVITE) - 1 } },
	{ "options", { MESSAGE_OPTIONS, sizeof(MESSAGE_OPTIONS) - 1 } },
	{ "trying", { MESSAGE_TRYING, sizeof(MESSAGE_TRYING) - 1 } },
	{ "ok", { MESSAGE_OK, sizeof(MESSAGE_OK) - 1 } },
	{ "register", { MESSAGE_REGISTER, sizeof(MESSAGE_REGISTER) - 1 } },
};
static_assert(sizeof(SAMPLE_INVITE) - 1 == 971 && sizeof(MESSAGE_OPTIONS) - 1 == 328);

#define KINDS ARRAY_SIZE(kinds)

static const char *const identifiers[] = { MESSAGE_IDENTIFIERS };

/* A fixed sequence: every run parses the same messages. */
static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

/* Another identifier of the same length: digits where all are digits, else hexadecimal. */
static void identifier_make(const char *from, size_t len, uint64_t *state, char *to)
{
	unsigned int base = strspn(from, "0123456789") == len ? 10 : 16;

	for (size_t i = 0; i < len; i++)
		to[i] = from[i] == '-' ? '-' : "0123456789abcdef"[next_random(state) % base];
	/* A number keeps its length: no zero in front. */
	if (to[0] == '0')
		to[0] = '7';
}

static void identifiers_replace(char *bytes, size_t len, uint64_t *state)
{
	char other[64];

	for (size_t i = 0; i < ARRAY_SIZE(identifiers); i++) {
		size_t size = strlen(identifiers[i]);
		identifier_make(identifiers[i], size, state, other);
		for (char *at = bytes;
		     (at = memmem(at, len - (size_t)(at - bytes), identifiers[i], size)) != NULL;
		     at += size)
			memcpy(at, other, size);
	}
}

/* Copies `text` with the rows behind its Via rows turned by `order` of ORDERS parts. */
static void rows_turn(struct span text, unsigned int order, char *to)
{
	struct span rows[ROWS_MAX];
	size_t count = 0, at = span_find(text, '\n') + 1;

	while (memcmp(text.data + at, "Via:", 4) == 0)
		at += span_find(span_from(text, at), '\n') + 1;
	memcpy(to, text.data, at);
	to += at;
	while (text.data[at] != '\r' && count < ROWS_MAX) {
		struct span rest = span_from(text, at);
		rows[count++] = span_of(rest.data, span_find(rest, '\n') + 1);
		at += rows[count - 1].len;
	}
	for (size_t i = 0; i < count; i++) {
		struct span row = rows[(i + order * count / ORDERS) % count];
		memcpy(to, row.data, row.len);
		to += row.len;
	}
	memcpy(to, text.data + at, text.len - at);
}

/* Packed, so that copies do not fall on few lines of the cache. */
static bool copies_make(const struct kind *kind, struct corpus_message messages[COPIES])
{
	size_t step = (kind->text.len + FIRST_BYTE + COPIES * ALIGN_STEP + CACHE_LINE_SIZE - 1) /
		      CACHE_LINE_SIZE * CACHE_LINE_SIZE;
	char *arena = aligned_alloc(CACHE_LINE_SIZE, step * COPIES);
	uint64_t state = 20260101;

	if (!arena)
		return false;
	for (unsigned int i = 0; i < COPIES; i++) {
		char *bytes = arena + i * step + FIRST_BYTE + i * ALIGN_STEP;
		rows_turn(kind->text, i % ORDERS, bytes);
		identifiers_replace(bytes, kind->text.len, &state);
		messages[i] = (struct corpus_message){ kind->name, bytes, kind->text.len };
	}
	return true;
}

const struct corpus_set *corpus_kinds(size_t *count)
{
	static struct corpus_message copies[KINDS][COPIES], mixed[KINDS * COPIES];
	static struct corpus_set sets[KINDS + 1];

	for (size_t i = 0; i < KINDS && !sets[KINDS].messages; i++) {
		if (!copies_make(&kinds[i], copies[i]))
			return NULL;
		sets[i] = (struct corpus_set){ kinds[i].name, copies[i], COPIES };
		for (size_t j = 0; j < COPIES; j++)
			mixed[j * KINDS + i] = copies[i][j];
	}
	sets[KINDS] = (struct corpus_set){ "mix", mixed, KINDS * COPIES };
	*count = KINDS + 1;
	return sets;
}
