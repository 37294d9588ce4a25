/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sip/index.h: the vector indexers answer as the scalar one does, on real messages at every
 * alignment, on mutated ones and on noise, and read nothing past the datagram: every input stands
 * right before a page that cannot be read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "sample.h"
#include "sip/index.h"

#define ROOM 65536u

static char *guard; /* the page that faults; inputs end here */
static struct sip_index want, have;

static int room_map(void **)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *room = mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (room == MAP_FAILED)
		return -1;
	guard = room + ROOM;
	return mprotect(guard, page, PROT_NONE);
}

/* xorshift64*: the same sequence on every run. */
static uint64_t seed = 0x9e3779b97f4a7c15u;
static uint32_t random_below(uint32_t n)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return (uint32_t)((seed * 0x2545f4914f6cdd1du) >> 33) % n;
}

static void compare(const char *bytes, uint32_t len)
{
	sip_index_scalar.build(&want, bytes, len);
	for (int kind = SIP_INDEX_AVX2; kind < SIP_INDEX_KINDS; kind++) {
		if (!sip_index_supported((enum sip_index_kind)kind))
			continue;
		const struct sip_index_ops *ops = sip_index_of((enum sip_index_kind)kind);
		ops->build(&have, bytes, len);
		assert_int_equal(have.count, want.count);
		assert_int_equal(have.head_end, want.head_end);
		assert_int_equal(have.complete, want.complete);
		assert_int_equal(have.too_many, want.too_many);
		assert_int_equal(have.has_controls, want.has_controls);
		assert_memory_equal(have.marks, want.marks, want.count * sizeof(want.marks[0]));
		uint32_t at = 0;
		for (int i = 0; i < 40 && at < len; i++) {
			uint32_t next = sip_index_scalar.find_call_id_line(bytes, len, at);
			assert_int_equal(ops->find_call_id_line(bytes, len, at), next);
			at = next;
		}
	}
}

/* Compares with the input's end at the guard. */
static char *place(const char *bytes, uint32_t len)
{
	char *at = guard - len;

	memcpy(at, bytes, len);
	return at;
}

static void every_length_of_a_message_agrees(void **)
{
	static const char invite[] = SAMPLE_INVITE;

	assert_int_equal(sizeof(invite) - 1, 971);
	for (uint32_t len = 0; len < sizeof(invite); len++)
		compare(place(invite, len), len);
}

static void every_alignment_agrees(void **)
{
	static const char invite[] = SAMPLE_INVITE;
	char shifted[64 + sizeof(invite)];

	/* Longer start lines move every line over every block boundary. */
	for (uint32_t shift = 0; shift < 64; shift++) {
		memset(shifted, 'A', shift);
		memcpy(shifted + shift, invite, sizeof(invite) - 1);
		compare(place(shifted, shift + 971), shift + 971);
	}
}

static void mutated_messages_agree(void **)
{
	static const char invite[] = SAMPLE_INVITE;
	static const char bytes[] = "\n\r\n\r: \t\n:\r\0\x7f\x01,;cCiI\"<>";
	char copy[971];

	for (int round = 0; round < 20000; round++) {
		uint32_t len = random_below(972);
		memcpy(copy, invite + 971 - len, len);
		for (uint32_t n = random_below(12); n && len; n--)
			copy[random_below(len)] = bytes[random_below(sizeof(bytes) - 1)];
		compare(place(copy, len), len);
	}
}

static void dense_noise_agrees(void **)
{
	static const char bytes[] = "\n\r:a \t\x7f\n\r:bc";
	char noise[400];

	for (int round = 0; round < 40000; round++) {
		uint32_t len = random_below(sizeof(noise) + 1);
		/* Few or many of the structural bytes among letters. */
		uint32_t kinds = 1 + random_below(sizeof(bytes) - 1);
		uint32_t rarity = 1 + random_below(20);
		for (uint32_t i = 0; i < len; i++)
			noise[i] = random_below(rarity) ? 'x' : bytes[random_below(kinds)];
		compare(place(noise, len), len);
	}
}

static void random_bytes_agree(void **)
{
	char noise[3000];

	for (int round = 0; round < 3000; round++) {
		uint32_t len = random_below(sizeof(noise) + 1);
		for (uint32_t i = 0; i < len; i++)
			noise[i] = (char)random_below(256);
		compare(place(noise, len), len);
	}
}

static void marks_at_their_limit_agree(void **)
{
	static char lines[65535];

	/* "ab\r\n" is one mark a line, "a:\n" two; the limit falls at every place of a block. */
	for (uint32_t shift = 0; shift < 70; shift++) {
		for (uint32_t lines_count = SIP_INDEX_MARKS_MAX - 2;
		     lines_count < SIP_INDEX_MARKS_MAX + 3; lines_count++) {
			uint32_t len = 0;
			memset(lines, 'x', shift);
			len += shift;
			for (uint32_t i = 0; i < lines_count; i++, len += 4)
				memcpy(lines + len, "ab\r\n", 4);
			memcpy(lines + len, "\r\n", 2);
			compare(place(lines, len), len);
			compare(place(lines, len + 2), len + 2);
		}
	}
	for (uint32_t i = 0; i + 3 <= sizeof(lines); i += 3)
		memcpy(lines + i, "a:\n", 3);
	compare(place(lines, sizeof(lines)), sizeof(lines));
	assert_true(want.too_many);
	memset(lines, 'y', sizeof(lines));
	compare(place(lines, sizeof(lines)), sizeof(lines));
	assert_int_equal(want.count, 0);
}

static void marks_are_line_starts_and_first_colons(void **)
{
	static const char head[] = "A b:c:d\r\nE\n:F: g\r\n h: i\r\n\r\nbody:\n\n";
	static const uint16_t marks[] = { 0, 3, 9, 11, 13, 18, 20 };

	sip_index_scalar.build(&want, head, sizeof(head) - 1);
	assert_int_equal(want.count, sizeof(marks) / sizeof(marks[0]));
	assert_memory_equal(want.marks, marks, sizeof(marks));
	assert_true(want.complete);
	assert_int_equal(want.head_end, 25);
	assert_false(want.has_controls);
	compare(head, sizeof(head) - 1);
}

static void controls_are_seen_in_the_head_alone(void **)
{
	static const struct {
		const char *text;
		uint32_t len;
		bool controls;
	} cases[] = {
		{ "a\tb\r\nc: d\n\r\n\x01", 14, false },
		{ "a\rb\r\n\r\n", 7, true },
		{ "a\0b\r\n\r\n", 7, true },
		{ "a\x7f" "b\r\n\r\n", 7, true },
		{ "a\r\r\n\r\n", 6, true },
		{ "a\xff\x80\r\n\r\n", 7, false },
		{ "a\x1f\r\n\r\n", 6, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sip_index_scalar.build(&want, cases[i].text, cases[i].len);
		assert_int_equal(want.has_controls, cases[i].controls);
		compare(place(cases[i].text, cases[i].len), cases[i].len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(marks_are_line_starts_and_first_colons),
		cmocka_unit_test(controls_are_seen_in_the_head_alone),
		cmocka_unit_test(every_length_of_a_message_agrees),
		cmocka_unit_test(every_alignment_agrees),
		cmocka_unit_test(mutated_messages_agree),
		cmocka_unit_test(dense_noise_agrees),
		cmocka_unit_test(random_bytes_agree),
		cmocka_unit_test(marks_at_their_limit_agree),
	};
	return cmocka_run_group_tests(tests, room_map, NULL);
}
