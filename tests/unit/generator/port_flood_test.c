/* SPDX-License-Identifier: BSD-3-Clause */
/* generator/flood.h: as many as are due, each its own, from each address and each file in turn. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "generator/flood.h"
#include "sip/message.h"

#define HZ 1000000u /* a TSC of microseconds */

static struct endpoint from[3], proxy;
static char error[FLOOD_ERROR_MAX];
static char folder[64];

static int set_up(void **)
{
	bool good = endpoint_parse(SPAN("192.0.2.66:5099"), 0, &from[0]) &&
		    endpoint_parse(SPAN("192.0.2.67:5099"), 0, &from[1]) &&
		    endpoint_parse(SPAN("192.0.2.68:5099"), 0, &from[2]) &&
		    endpoint_parse(SPAN("192.0.2.1:5060"), 0, &proxy);

	snprintf(folder, sizeof(folder), "/tmp/tandem-flood-%ld-XXXXXX", (long)getpid());
	return good && mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static void file_write(const char *name, const char *text, size_t len)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	fclose(file);
}

static struct flood *create(const char *what, uint16_t from_count)
{
	const struct flood_config config = {
		.what = what, .from = from, .from_count = from_count, .proxy = proxy, .seed = 42
	};

	error[0] = '\0';
	return flood_create(&config, error);
}

struct taken {
	char room[TRAFFIC_OCTETS_MAX];
	const char *data;
	uint32_t len;
	uint16_t from;
};

static bool take(struct flood *flood, uint64_t now, struct taken *taken)
{
	return flood_next(flood, now, taken->room, sizeof(taken->room), &taken->data, &taken->len,
			  &taken->from);
}

static uint32_t count_due(struct flood *flood, uint64_t now)
{
	struct taken taken;
	uint32_t count = 0;

	while (take(flood, now, &taken))
		count++;
	return count;
}

static void as_many_are_sent_as_are_due(void **)
{
	struct flood *flood = create("invite", 1);

	assert_non_null(flood);
	flood_begin(flood, 1000, 2, 5000, HZ);
	assert_int_equal(count_due(flood, 5000), 1);
	assert_int_equal(count_due(flood, 5000 + 999), 0);
	assert_int_equal(count_due(flood, 5000 + 1000), 1);
	/* What a pause held up is sent after it. */
	assert_int_equal(count_due(flood, 5000 + HZ), 999);
	assert_false(flood_is_done(flood, 5000 + HZ));
	assert_int_equal(count_due(flood, 5000 + 2 * HZ), 999);
	assert_true(flood_is_done(flood, 5000 + 2 * HZ));
	assert_int_equal(flood_results(flood)->sent, 2000);
	assert_int_equal(flood_results(flood)->due, 2000);
	flood_begin(flood, 1000, 2, 0, HZ);
	assert_int_equal(count_due(flood, HZ), 1001);
	flood_stop(flood);
	assert_true(flood_is_done(flood, HZ));
	assert_int_equal(count_due(flood, 2 * HZ), 0);
	flood_destroy(flood);
}

static void what_was_not_sent_in_its_time_is_never_sent(void **)
{
	struct flood *flood = create("invite", 1);

	assert_non_null(flood);
	flood_begin(flood, 1000, 2, 0, HZ);
	assert_int_equal(count_due(flood, HZ / 2), 501);
	assert_false(flood_is_done(flood, 2 * HZ));
	assert_true(flood_is_done(flood, 3 * HZ));
	assert_int_equal(count_due(flood, 3 * HZ), 0);
	assert_int_equal(flood_results(flood)->sent, 501);
	assert_int_equal(flood_results(flood)->due, 2000);
	flood_destroy(flood);
}

/* Parsed by the proxy's own parser; false: it would be dropped or answered 400. */
static bool is_well_formed(const struct taken *taken)
{
	static struct sip_message message;

	return sip_message_parse(&message, taken->data, taken->len) == VERDICT_REASON_NONE;
}

static void built_in_messages_are_well_formed_and_each_its_own(void **)
{
	static const char *const names[] = { "invite",    "options", "register",
					     "responses", "ack",     "scanner" };
	struct taken one, other;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct flood *flood = create(names[i], 3);

		assert_non_null(flood);
		flood_begin(flood, HZ, 1, 0, HZ);
		assert_true(take(flood, 100, &one) && take(flood, 100, &other));
		if (!is_well_formed(&one))
			fail_msg("%s: malformed: %.*s", names[i], (int)one.len, one.data);
		assert_int_equal(one.from, 0);
		assert_int_equal(other.from, 1);
		assert_null(memmem(one.data, one.len, "@@", 2));
		assert_non_null(memmem(one.data, one.len, "192.0.2.66:5099", 15));
		assert_non_null(memmem(other.data, other.len, "192.0.2.67:5099", 15));
		assert_true(take(flood, 100, &other));
		assert_true(take(flood, 100, &other));
		/* From the same address again, and yet another call. */
		assert_int_equal(other.from, 0);
		assert_int_equal(other.len, one.len);
		assert_memory_not_equal(other.data, one.data, one.len);
		flood_destroy(flood);
	}
}

static void a_folder_is_sent_file_by_file(void **)
{
	static const char vector[] = "# c\ntrap: x\nrule: RFC 3261 §7\nexpect: drop BODY_SHORT\n"
				     "=== message\nX \\x01${branch}\n\\{4*ab}\\\n=== end\n";
	static char large[4000];
	struct flood *flood;
	struct taken taken;
	bool seen[3][3] = { { false } };

	memset(large, 'z', sizeof(large));
	file_write("1plain", "any\0thing", 9);
	file_write("2large.sip", large, sizeof(large));
	file_write("3trap.vector", vector, sizeof(vector) - 1);
	file_write("4empty", "", 0);
	file_write(".hidden", "no", 2);
	flood = create(folder, 2);
	if (!flood)
		fail_msg("%s", error);
	assert_int_equal(flood_messages(flood), 3);
	flood_begin(flood, HZ, 1, 0, HZ);
	for (int i = 0; i < 6; i++) {
		assert_true(take(flood, 100, &taken));
		seen[i % 3][taken.from] = true;
		if (i % 3 == 0) {
			assert_int_equal(taken.len, 9);
			assert_memory_equal(taken.data, "any\0thing", 9);
		} else if (i % 3 == 1) {
			assert_int_equal(taken.len, 4000);
			assert_ptr_not_equal(taken.data, taken.room);
		} else {
			assert_memory_equal(taken.data, "X \x01z9hG4bK", 10);
			assert_memory_equal(taken.data + taken.len - 10, "\r\nabababab", 10);
		}
	}
	for (int i = 0; i < 3; i++)
		assert_true(seen[i][0] && seen[i][1]);
	flood_destroy(flood);
}

static void a_flood_knows_its_own_calls(void **)
{
	static const char file[] = "OPTIONS sip:x SIP/2.0\r\nCall-ID: of-a-file\r\n\r\n";
	static const char other[] = "OPTIONS sip:x SIP/2.0\r\nCall-ID: of-a-call\r\n\r\n";
	struct flood *flood = create("invite", 1);
	struct taken taken;

	flood_begin(flood, 1, 1, 0, HZ);
	assert_true(take(flood, 0, &taken));
	assert_true(flood_owns(flood, taken.data, taken.len));
	assert_false(flood_owns(flood, file, sizeof(file) - 1));
	assert_false(flood_owns(flood, "", 0));
	flood_destroy(flood);
	file_write("0file", file, sizeof(file) - 1);
	flood = create(folder, 1);
	assert_non_null(flood);
	assert_true(flood_owns(flood, file, sizeof(file) - 1));
	assert_false(flood_owns(flood, other, sizeof(other) - 1));
	assert_false(flood_owns(flood, taken.data, taken.len));
	flood_destroy(flood);
}

static void what_is_no_flood_is_told(void **)
{
	assert_null(create("deluge", 1));
	assert_non_null(strstr(error, "'deluge' is no flood (invite,"));
	file_write("5bad.vector", "trap: x\n=== message\n", 20);
	assert_null(create(folder, 1));
	assert_non_null(strstr(error, "5bad.vector: line"));
}

static void answers_are_counted_by_status(void **)
{
	struct flood *flood = create("options", 1);
	const struct flood_results *results = flood_results(flood);

	flood_begin(flood, 1, 1, 0, HZ);
	flood_receive(flood, "SIP/2.0 200 OK\r\n", 16);
	flood_receive(flood, "SIP/2.0 503 No\r\n", 16);
	flood_receive(flood, "SIP/2.0 503 No\r\n", 16);
	flood_receive(flood, "SIP/2.0 50", 10);
	flood_receive(flood, "SIP/2.0 999 x\r\n", 15);
	flood_receive(flood, "BYE sip:x SIP/2.0", 17);
	flood_receive(flood, "", 0);
	assert_int_equal(results->received, 7);
	assert_int_equal(results->statuses[200], 1);
	assert_int_equal(results->statuses[503], 2);
	assert_int_equal(results->requests, 4);
	flood_destroy(flood);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_are_sent_as_are_due),
		cmocka_unit_test(what_was_not_sent_in_its_time_is_never_sent),
		cmocka_unit_test(built_in_messages_are_well_formed_and_each_its_own),
		cmocka_unit_test(a_folder_is_sent_file_by_file),
		cmocka_unit_test(a_flood_knows_its_own_calls),
		cmocka_unit_test(what_is_no_flood_is_told),
		cmocka_unit_test(answers_are_counted_by_status),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
