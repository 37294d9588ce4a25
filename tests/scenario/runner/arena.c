/* SPDX-License-Identifier: BSD-3-Clause */
#include "arena.h"

#include <stdio.h>
#include <stdlib.h>

#define CHUNK_SIZE (256 * 1024)

struct chunk {
	struct chunk *next;
	size_t used, size;
	alignas(16) char bytes[];
};

struct arena {
	struct chunk *chunks;
};

static void *must(void *memory)
{
	if (!memory) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return memory;
}

struct arena *arena_create(void)
{
	return must(calloc(1, sizeof(struct arena)));
}

void arena_destroy(struct arena *arena)
{
	while (arena->chunks) {
		struct chunk *next = arena->chunks->next;
		free(arena->chunks);
		arena->chunks = next;
	}
	free(arena);
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct chunk *chunk = arena->chunks;
	size = (size + 15) & ~(size_t)15;
	if (!chunk || chunk->size - chunk->used < size) {
		size_t bytes = size > CHUNK_SIZE ? size : CHUNK_SIZE;
		chunk = must(calloc(1, sizeof(*chunk) + bytes));
		chunk->size = bytes;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	void *memory = chunk->bytes + chunk->used;
	chunk->used += size;
	return memory;
}

char *arena_copy(struct arena *arena, const char *text, size_t len)
{
	char *copy = arena_alloc(arena, len + 1);
	if (len)
		memcpy(copy, text, len);
	return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
	return arena_copy(arena, text, strlen(text));
}

char *arena_vformat(struct arena *arena, const char *format, va_list arguments)
{
	va_list again;
	/* Under UBSan gcc follows the path of a null format, which no caller takes. */
	must((void *)(uintptr_t)format);
	va_copy(again, arguments);
	int len = vsnprintf(NULL, 0, format, arguments);
	char *out = arena_alloc(arena, (size_t)len + 1);
	vsnprintf(out, (size_t)len + 1, format, again);
	va_end(again);
	return out;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *out = arena_vformat(arena, format, arguments);
	va_end(arguments);
	return out;
}

void text_add(struct text *text, const char *bytes, size_t len)
{
	if (text->len + len + 1 > text->size) {
		size_t size = (text->len + len + 1) * 2;
		char *bigger = arena_alloc(text->arena, size);
		if (text->len)
			memcpy(bigger, text->at, text->len);
		text->at = bigger;
		text->size = size;
	}
	if (len)
		memcpy(text->at + text->len, bytes, len);
	text->len += len;
	text->at[text->len] = '\0';
}

void text_print(struct text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	const char *line = arena_vformat(text->arena, format, arguments);
	va_end(arguments);
	text_add(text, line, strlen(line));
}

int text_split(struct arena *arena, const char *line, char **words, int max)
{
	int count = 0;
	while (*line) {
		while (*line == ' ' || *line == '\t')
			line++;
		if (!*line || count == max)
			break;
		const char *end;
		if (*line == '"' && (end = strchr(line + 1, '"'))) {
			words[count++] = arena_copy(arena, line + 1, (size_t)(end - line - 1));
			line = end + 1;
			continue;
		}
		end = line + strcspn(line, " \t");
		words[count++] = arena_copy(arena, line, (size_t)(end - line));
		line = end;
	}
	return count;
}

char *text_trim(struct arena *arena, const char *text, size_t len)
{
	while (len && (*text == ' ' || *text == '\t'))
		text++, len--;
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t' || text[len - 1] == '\r'))
		len--;
	return arena_copy(arena, text, len);
}
