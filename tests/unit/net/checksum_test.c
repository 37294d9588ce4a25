/* SPDX-License-Identifier: BSD-3-Clause */
/* net/checksum.h against RFC 1071's example and against the textbook's loop. */
#include "fixture.h"
#include "net/checksum.h"

static void the_example_of_rfc_1071_comes_out(void **)
{
	static const uint8_t data[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	uint8_t out[2];
	uint16_t folded = checksum_fold(checksum_add(0, data, sizeof(data)));

	memcpy(out, &folded, 2);
	assert_int_equal(out[0] << 8 | out[1], 0xddf2); /* §3 */
	uint16_t final = checksum_final(checksum_add(0, data, sizeof(data)));
	memcpy(out, &final, 2);
	assert_int_equal(out[0] << 8 | out[1], 0x220d);
}

static void every_length_and_alignment_agrees_with_the_textbook(void **)
{
	uint8_t bytes[2048];
	uint64_t seed = 7;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (uint8_t)(seed >> 56) | (i % 3 ? 0 : 0xf0);
	}
	for (size_t start = 0; start < 9; start++) {
		for (size_t len = 0; len < 300; len++) {
			uint8_t out[2];
			uint16_t folded = checksum_fold(checksum_add(0, bytes + start, len));

			memcpy(out, &folded, 2);
			uint32_t expected = sum_words(0, bytes + start, len);
			assert_int_equal(out[0] << 8 | out[1], expected);
		}
	}
}

static void pieces_of_even_length_add_up(void **)
{
	uint8_t bytes[600];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37 + 11);
	uint16_t whole = checksum_fold(checksum_add(0, bytes, sizeof(bytes)));
	for (size_t cut = 0; cut <= sizeof(bytes); cut += 2) {
		uint64_t sum = checksum_add(0, bytes, cut);
		sum = checksum_add(sum, bytes + cut, sizeof(bytes) - cut);
		assert_int_equal(checksum_fold(sum), whole);
	}
}

static void the_longest_datagram_of_ones_does_not_overflow(void **)
{
	uint8_t *bytes = malloc(65535);

	memset(bytes, 0xff, 65535);
	assert_int_equal(checksum_fold(checksum_add(0, bytes, 65534)), 0xffff);
	assert_int_equal(checksum_fold(checksum_add(UINT32_MAX, bytes, 65534)), 0xffff);
	free(bytes);
}

static void a_udp_checksum_of_zero_is_sent_as_ones(void **)
{
	assert_int_equal(checksum_final(0xffff), 0);
	assert_int_equal(checksum_final_udp(0xffff), 0xffff);
	assert_int_equal(checksum_final_udp(0x1234), checksum_final(0x1234));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_rfc_1071_comes_out),
		cmocka_unit_test(every_length_and_alignment_agrees_with_the_textbook),
		cmocka_unit_test(pieces_of_even_length_add_up),
		cmocka_unit_test(the_longest_datagram_of_ones_does_not_overflow),
		cmocka_unit_test(a_udp_checksum_of_zero_is_sent_as_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
