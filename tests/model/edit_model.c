/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sip/edit.h against a naive rebuild: random lists of edits over random messages, in every mix of
 * headroom and tailroom, in heap blocks of the exact size, so that ASan sees every octet touched
 * beside them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/hash.h"
#include "sip/edit.h"

#define ROUNDS     60000
#define LENGTH_MAX 400
#define EDITS_MAX  12
#define TEXT_MAX   64

static uint64_t seed = 0x7a6d656d;

static uint32_t random_below(uint32_t bound)
{
	seed += 0x9e3779b97f4a7c15u;
	return (uint32_t)((hash_mix64(seed) >> 32) * bound >> 32);
}

struct model_edit {
	uint32_t offset, removed, inserted;
	char text[TEXT_MAX];
};

struct model {
	uint32_t len, count;
	char message[LENGTH_MAX];
	struct model_edit edits[EDITS_MAX]; /* sorted, apart */
	uint32_t order[EDITS_MAX];          /* of adding */
	uint32_t expected_len;
	char expected[LENGTH_MAX + EDITS_MAX * TEXT_MAX];
};

static void model_message(struct model *m)
{
	m->len = random_below(LENGTH_MAX + 1);
	for (uint32_t i = 0; i < m->len; i++)
		m->message[i] = (char)random_below(256);
}

/* Edits from left to right; insertions may share an offset with what follows. */
static void model_edits(struct model *m)
{
	uint32_t at = 0, gap = 1 + m->len / (1 + random_below(2 * EDITS_MAX));

	m->count = 0;
	while (m->count < EDITS_MAX) {
		struct model_edit *e = &m->edits[m->count];
		e->offset = at + random_below(gap);
		if (e->offset > m->len)
			break;
		uint32_t left = m->len - e->offset;
		e->removed = random_below(3) ? random_below(MIN(left, 60u) + 1) : 0;
		e->inserted = random_below(3) ? random_below(TEXT_MAX) : 0;
		for (uint32_t i = 0; i < e->inserted; i++)
			e->text[i] = (char)random_below(256);
		at = e->offset + e->removed;
		m->count++;
	}
	for (uint32_t i = 0; i < m->count; i++)
		m->order[i] = i;
	/* Another order of adding must not matter, but among edits at one offset, whose order
	 * counts. */
	for (uint32_t i = 1; i < m->count; i++) {
		uint32_t j = random_below(i + 1), saved = m->order[i];
		m->order[i] = m->order[j];
		m->order[j] = saved;
	}
	for (uint32_t i = 0; i < m->count; i++) {
		for (uint32_t j = i + 1; j < m->count; j++) {
			uint32_t a = m->order[i], b = m->order[j];
			if (a > b && m->edits[a].offset == m->edits[b].offset) {
				m->order[i] = b;
				m->order[j] = a;
			}
		}
	}
}

static void model_rebuild(struct model *m)
{
	uint32_t from = 0, n = 0;

	for (uint32_t i = 0; i < m->count; i++) {
		const struct model_edit *e = &m->edits[i];
		while (from < e->offset)
			m->expected[n++] = m->message[from++];
		memcpy(m->expected + n, e->text, e->inserted);
		n += e->inserted;
		from += e->removed;
	}
	while (from < m->len)
		m->expected[n++] = m->message[from++];
	m->expected_len = n;
}

static void list_fill(const struct model *m, struct sip_edit_list *list)
{
	sip_edit_init(list);
	for (uint32_t i = 0; i < m->count; i++) {
		const struct model_edit *e = &m->edits[m->order[i]];
		if (random_below(2)) {
			sip_edit_replace(list, e->offset, e->removed,
					 span_of(e->text, e->inserted));
			continue;
		}
		struct text_writer w = sip_edit_open(list);
		text_put(&w, span_of(e->text, e->inserted));
		sip_edit_commit(list, &w, e->offset, e->removed);
	}
}

static void check_in_place(const struct model *m, const struct sip_edit_list *list)
{
	static const uint32_t rooms[] = { 0, 1, 7, 40, 200, 1000 };
	uint32_t headroom = rooms[random_below(ARRAY_SIZE(rooms))];
	uint32_t tailroom = rooms[random_below(ARRAY_SIZE(rooms))];
	uint32_t size = headroom + m->len + tailroom;
	char *block = malloc(size ? size : 1), *before = malloc(size ? size : 1), *out = NULL;
	uint32_t out_len = 0;

	memset(block, 'h', headroom);
	memcpy(block + headroom, m->message, m->len);
	memset(block + headroom + m->len, 't', tailroom);
	memcpy(before, block, size);
	bool fits = m->expected_len <= m->len || m->expected_len - m->len <= headroom + tailroom;
	assert_int_equal(
		sip_edit_apply(list, block + headroom, m->len, headroom, tailroom, &out, &out_len),
		fits);
	if (fits) {
		assert_int_equal(out_len, m->expected_len);
		assert_memory_equal(out, m->expected, out_len);
		/* What lies outside the message and its old place is as it was. */
		uint32_t start = (uint32_t)(out - block);
		assert_memory_equal(block, before, MIN(start, headroom));
		uint32_t end = MAX(start + out_len, headroom + m->len);
		assert_memory_equal(block + end, before + end, size - end);
		/* Headroom first: the end moves only when the headroom is used up. */
		if (start + out_len != headroom + m->len)
			assert_int_equal(start, 0);
	} else {
		assert_memory_equal(block, before, size);
	}
	free(block);
	free(before);
}

static void check_copy(const struct model *m, const struct sip_edit_list *list)
{
	char *out = malloc(m->expected_len ? m->expected_len : 1);

	assert_int_equal(sip_edit_copy(list, m->message, m->len, out, m->expected_len),
			 m->expected_len);
	assert_memory_equal(out, m->expected, m->expected_len);
	if (m->expected_len)
		assert_int_equal(sip_edit_copy(list, m->message, m->len, out, m->expected_len - 1),
				 0);
	free(out);
}

static void edits_equal_a_naive_rebuild(void **)
{
	static struct model m;
	static struct sip_edit_list list;

	for (int round = 0; round < ROUNDS; round++) {
		model_message(&m);
		model_edits(&m);
		model_rebuild(&m);
		list_fill(&m, &list);
		assert_false(list.overflow);
		assert_int_equal(sip_edit_length(&list, m.len), m.expected_len);
		check_in_place(&m, &list);
		check_copy(&m, &list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edits_equal_a_naive_rebuild),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
