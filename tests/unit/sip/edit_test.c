/* SPDX-License-Identifier: BSD-3-Clause */
/* sip/edit.h: order, bounds, refusals; the algorithm itself is tests/model/edit_model.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sip/edit.h"

static struct sip_edit_list list;

static void assert_copy_is(const char *message, const char *expected)
{
	char out[256];
	uint32_t n = sip_edit_copy(&list, message, (uint32_t)strlen(message), out, sizeof(out));

	assert_int_equal(n, strlen(expected));
	assert_memory_equal(out, expected, n);
}

static void no_edit_leaves_the_message_where_it_is(void **)
{
	char message[] = "abcdef", *out = NULL;
	uint32_t len = 0;

	sip_edit_init(&list);
	sip_edit_insert(&list, 3, SPAN_EMPTY);
	assert_int_equal(list.count, 0);
	assert_true(sip_edit_apply(&list, message, 6, 0, 0, &out, &len));
	assert_ptr_equal(out, message);
	assert_int_equal(len, 6);
	assert_memory_equal(message, "abcdef", 6);
}

static void edits_may_be_added_in_any_order(void **)
{
	sip_edit_init(&list);
	sip_edit_replace(&list, 4, 1, SPAN("FIVE"));
	sip_edit_insert(&list, 0, SPAN("<"));
	sip_edit_insert(&list, 6, SPAN(">"));
	sip_edit_remove(&list, 1, 2);
	assert_false(list.overflow);
	assert_copy_is("012345", "<03FIVE5>");
}

static void insertions_at_one_offset_keep_the_order_of_adding(void **)
{
	sip_edit_init(&list);
	sip_edit_insert(&list, 2, SPAN("a"));
	sip_edit_insert(&list, 2, SPAN("b"));
	sip_edit_replace(&list, 2, 1, SPAN("c"));
	sip_edit_insert(&list, 2, SPAN("d"));
	assert_false(list.overflow);
	assert_copy_is("0123", "01abcd3");
	/* and where the removed octets end */
	sip_edit_insert(&list, 3, SPAN("e"));
	assert_copy_is("0123", "01abcde3");
}

static void an_insertion_after_a_removal_at_one_offset_moves_in_place_too(void **)
{
	char message[] = "xxx0123yyy", *out = NULL;
	uint32_t len = 0;

	sip_edit_init(&list);
	sip_edit_replace(&list, 1, 2, SPAN("A"));
	sip_edit_insert(&list, 1, SPAN("BCD"));
	assert_true(sip_edit_apply(&list, message + 3, 4, 3, 3, &out, &len));
	assert_int_equal(len, 6);
	assert_memory_equal(out, "0ABCD3", 6);
	assert_ptr_equal(out, message + 1);
	assert_memory_equal(message + 7, "yyy", 3);
}

static void removals_that_overlap_are_refused(void **)
{
	static const uint32_t bad[][2] = { { 4, 1 }, { 2, 3 }, { 3, 9 },
					   { 6, 1 }, { 4, 0 }, { 0, 20 } };
	static const uint32_t good[][2] = { { 0, 3 }, { 3, 0 }, { 7, 0 }, { 7, 4 } };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		sip_edit_init(&list);
		sip_edit_remove(&list, 3, 4);
		sip_edit_replace(&list, bad[i][0], bad[i][1], SPAN("x"));
		assert_true(list.overflow);
	}
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		sip_edit_init(&list);
		sip_edit_remove(&list, 3, 4);
		sip_edit_replace(&list, good[i][0], good[i][1], SPAN("x"));
		assert_false(list.overflow);
	}
	/* seen also past an insertion that lies between them */
	sip_edit_init(&list);
	sip_edit_remove(&list, 3, 4);
	sip_edit_insert(&list, 3, SPAN("x"));
	sip_edit_remove(&list, 4, 1);
	assert_true(list.overflow);
	/* a removal laid around an insertion */
	sip_edit_init(&list);
	sip_edit_insert(&list, 5, SPAN("x"));
	sip_edit_remove(&list, 3, 4);
	assert_true(list.overflow);
}

static void an_overflown_list_changes_nothing(void **)
{
	char message[] = "abcdef", *out = NULL, copy[16];
	uint32_t len = 0;

	sip_edit_init(&list);
	for (int i = 0; i <= SIP_EDITS_MAX; i++)
		sip_edit_insert(&list, 1, SPAN("x"));
	assert_true(list.overflow);
	assert_false(sip_edit_apply(&list, message, 6, 0, 0, &out, &len));
	assert_int_equal(sip_edit_copy(&list, message, 6, copy, sizeof(copy)), 0);
	assert_memory_equal(message, "abcdef", 6);
}

static void edits_outside_the_message_are_refused(void **)
{
	static const uint32_t bad[][2] = { { 7, 0 },          { 6, 1 },
					   { 0, 7 },          { UINT32_MAX, 0 },
					   { 3, UINT32_MAX }, { UINT32_MAX, UINT32_MAX } };
	char message[] = "....abcdef....", *out = NULL, copy[64];
	uint32_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		sip_edit_init(&list);
		sip_edit_replace(&list, bad[i][0], bad[i][1], SPAN("x"));
		assert_false(sip_edit_apply(&list, message + 4, 6, 4, 4, &out, &len));
		assert_int_equal(sip_edit_copy(&list, message + 4, 6, copy, sizeof(copy)), 0);
		assert_string_equal(message, "....abcdef....");
	}
}

static void scratch_is_bounded(void **)
{
	static char text[SIP_EDIT_TEXT_MAX];

	memset(text, 'x', sizeof(text));
	sip_edit_init(&list);
	sip_edit_insert(&list, 0, span_of(text, sizeof(text)));
	assert_false(list.overflow);
	sip_edit_insert(&list, 0, SPAN("y"));
	assert_true(list.overflow);

	sip_edit_init(&list);
	struct text_writer w = sip_edit_open(&list);
	text_put(&w, span_of(text, sizeof(text)));
	text_put_char(&w, 'y');
	sip_edit_commit(&list, &w, 0, 0);
	assert_true(list.overflow);
}

static void two_open_writers_are_found_out(void **)
{
	sip_edit_init(&list);
	struct text_writer first = sip_edit_open(&list), second = sip_edit_open(&list);
	text_put(&first, SPAN("one"));
	sip_edit_commit(&list, &first, 0, 0);
	assert_false(list.overflow);
	text_put(&second, SPAN("two"));
	sip_edit_commit(&list, &second, 1, 0);
	assert_true(list.overflow);
}

static void the_body_stays_while_headroom_suffices(void **)
{
	char block[64] = "________INVITE\r\nVia: a\r\n\r\nbody____", *out = NULL;
	uint32_t len = 0;

	sip_edit_init(&list);
	sip_edit_insert(&list, 8, SPAN("New: b\r\n"));
	assert_true(sip_edit_apply(&list, block + 8, 22, 8, 4, &out, &len));
	assert_ptr_equal(out, block);
	assert_string_equal(block, "INVITE\r\nNew: b\r\nVia: a\r\n\r\nbody____");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_edit_leaves_the_message_where_it_is),
		cmocka_unit_test(edits_may_be_added_in_any_order),
		cmocka_unit_test(insertions_at_one_offset_keep_the_order_of_adding),
		cmocka_unit_test(an_insertion_after_a_removal_at_one_offset_moves_in_place_too),
		cmocka_unit_test(removals_that_overlap_are_refused),
		cmocka_unit_test(an_overflown_list_changes_nothing),
		cmocka_unit_test(edits_outside_the_message_are_refused),
		cmocka_unit_test(scratch_is_bounded),
		cmocka_unit_test(two_open_writers_are_found_out),
		cmocka_unit_test(the_body_stays_while_headroom_suffices),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
