/* SPDX-License-Identifier: BSD-3-Clause */
/* proxy/note.h: the engine says what it decided to whoever lends it room, and where each message
 * comes from; proxy_txns_read: live transactions, row by row. */
#include "rig.h"

#include <stdio.h>

#include "sip/message.h"

#define CALLER "192.0.2.50:5060"
#define ACCESS "192.0.2.1:5060"
#define CORE   "198.51.100.1:5060"

static const char request_form[] =
	"%s sip:bob@example.com SIP/2.0\r\n"
	"Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bK%s\r\n"
	"From: <sip:alice@example.com>;tag=1\r\n"
	"To: <sip:bob@example.com>\r\n"
	"Call-ID: %s\r\n"
	"CSeq: 1 %s\r\n"
	"Max-Forwards: 70\r\n"
	"Content-Length: 0\r\n"
	"\r\n";

static struct proxy_notes notes;

static struct rig *rig_noting(const char *snapshot)
{
	struct rig *rig = rig_create(snapshot);

	notes.count = 0;
	rig->outbox->notes = &notes;
	return rig;
}

static struct verdict receive_request(struct rig *rig, const char *method, const char *call_id)
{
	char text[1024];

	snprintf(text, sizeof(text), request_form, method, call_id, call_id, method);
	notes.count = 0;
	return rig_receive(rig, CALLER, ACCESS, text);
}

/* Runs what is due within `ms`, batch by batch, until one took notes. */
static void expire_until_noted(struct rig *rig, uint64_t ms)
{
	tick_t end = rig->now + TICK_MS(ms);

	notes.count = 0;
	while (notes.count == 0 && proxy_next_expiry(rig->proxy) <= end) {
		rig->now = MAX(rig->now, proxy_next_expiry(rig->proxy));
		outbox_reset(rig->outbox);
		(void)proxy_expire(rig->proxy, rig->snapshot, rig->now, rig->outbox);
	}
}

static void a_choice_is_noted_with_its_service_pool_policy_and_target(void **)
{
	struct rig *rig = rig_noting(rig_two_armed);

	(void)receive_request(rig, "INVITE", "noted");
	assert_int_equal(notes.count, 1);
	assert_int_equal(notes.notes[0].kind, NOTE_CHOSEN);
	assert_int_equal(notes.notes[0].how, NOTE_BY_POLICY);
	assert_int_equal(notes.notes[0].service, 0);
	assert_int_equal(notes.notes[0].pool, 0);
	assert_int_equal(notes.notes[0].attempt, 0);
	assert_int_equal(notes.notes[0].policy, rig->snapshot->pools[0].policy);
	const char *sent = rig_sent(rig, 1);
	assert_memory_equal(sent, "INVITE ", 7);
	bool is_of_the_target = false;
	for (uint32_t i = 0; i < rig->snapshot->target_count; i++)
		is_of_the_target |= rig->snapshot->targets[i].id == notes.notes[0].target_id &&
				    endpoint_equal(&rig->snapshot->targets[i].endpoint,
						   &rig->outbox->entries[1].destination);
	assert_true(is_of_the_target);
	rig_destroy(rig);
}

static void nothing_is_noted_when_nobody_looks(void **)
{
	struct rig *rig = rig_noting(rig_two_armed);

	rig->outbox->notes = NULL;
	(void)receive_request(rig, "INVITE", "unseen");
	assert_int_equal(notes.count, 0);
	assert_int_equal(rig->outbox->count, 2);
	rig_destroy(rig);
}

static void messages_say_where_they_come_from(void **)
{
	struct rig *rig = rig_noting(rig_two_armed);

	(void)receive_request(rig, "INVITE", "origins");
	assert_int_equal(rig->outbox->entries[0].origin, OUTBOX_OWN); /* 100 */
	assert_int_equal(rig->outbox->entries[1].origin, OUTBOX_FORWARDED);
	/* The 100 is made anew for a copy of the request. */
	(void)receive_request(rig, "INVITE", "origins");
	assert_int_equal(rig->outbox->count, 1);
	assert_int_equal(rig->outbox->entries[0].origin, OUTBOX_OWN);
	/* Timer A */
	expire_until_noted(rig, 1000);
	assert_int_equal(rig->outbox->count, 1);
	assert_int_equal(rig->outbox->entries[0].origin, OUTBOX_AGAIN);
	rig_destroy(rig);
}

static void a_timer_that_runs_out_is_noted_by_name_with_its_request(void **)
{
	struct rig *rig = rig_noting(rig_two_armed);

	(void)receive_request(rig, "INVITE", "timer");
	uint64_t target = notes.notes[0].target_id;
	expire_until_noted(rig, 1000);
	assert_int_equal(notes.count, 1);
	assert_int_equal(notes.notes[0].kind, NOTE_TIMER);
	assert_int_equal(notes.notes[0].timer, PROXY_TIMER_A);
	assert_int_equal(notes.notes[0].target_id, target);
	assert_int_equal(notes.notes[0].entry, 0);
	assert_non_null(notes.notes[0].about);
	assert_memory_equal(notes.notes[0].about, "INVITE ", 7);
	rig_destroy(rig);
}

static void a_fail_over_is_noted_step_by_step(void **)
{
	struct rig *rig = rig_noting(rig_two_armed);

	(void)receive_request(rig, "INVITE", "over");
	uint64_t first = notes.notes[0].target_id;
	do
		expire_until_noted(rig, 40000);
	while (notes.notes[0].timer != PROXY_TIMER_B);
	assert_int_equal(notes.count, 4);
	assert_int_equal(notes.notes[1].kind, NOTE_FAILED);
	assert_int_equal(notes.notes[1].cause, FAILOVER_TIMEOUT);
	assert_int_equal(notes.notes[1].target_id, first);
	assert_int_equal(notes.notes[2].kind, NOTE_NEXT);
	assert_int_equal(notes.notes[2].how, NOTE_AFTER);
	assert_int_equal(notes.notes[3].kind, NOTE_CHOSEN);
	assert_int_equal(notes.notes[3].attempt, 1);
	assert_int_equal(notes.notes[3].tried, 1);
	assert_int_not_equal(notes.notes[3].target_id, first);
	rig_destroy(rig);
}

static void notes_without_room_are_left_out(void **)
{
	struct rig *rig = rig_noting(rig_two_armed);

	(void)receive_request(rig, "INVITE", "full");
	notes.count = PROXY_NOTES_MAX;
	outbox_reset(rig->outbox);
	rig->now += TICK_SECONDS(1);
	(void)proxy_expire(rig->proxy, rig->snapshot, rig->now, rig->outbox);
	assert_int_equal(notes.count, PROXY_NOTES_MAX);
	assert_int_equal(rig->outbox->count, 1);
	rig_destroy(rig);
}

/* Live transactions. */

static uint32_t read_rows(struct rig *rig, const struct proxy_txn_filter *filter,
			  struct proxy_txn_row *rows)
{
	uint32_t cursor = 0, count = proxy_txns_read(rig->proxy, filter, rig->now, &cursor, rows, 8);

	assert_int_equal(cursor, UINT32_MAX);
	return count;
}

static bool is_call(const struct proxy_txn_row *row, const char *call_id)
{
	return span_equal(span_of(row->call_id, row->call_id_len), span_of_string(call_id));
}

static void a_live_transaction_tells_its_call_state_age_and_timers(void **)
{
	struct rig *rig = rig_noting(rig_two_armed);
	const struct proxy_txn_filter any = { .service = BALANCE_NONE };
	struct proxy_txn_row rows[8];

	(void)receive_request(rig, "INVITE", "live-1");
	uint64_t target = notes.notes[0].target_id;
	rig->now += TICK_MS(123);
	assert_int_equal(read_rows(rig, &any, rows), 1);
	assert_true(is_call(&rows[0], "live-1"));
	assert_memory_equal(rows[0].method, "INVITE", rows[0].method_len);
	assert_string_equal(rows[0].client_state, "Calling");
	assert_string_equal(rows[0].server_state, "Proceeding");
	assert_int_equal(rows[0].age_ms, 123);
	assert_int_equal(rows[0].due_ms, 500 - 123);
	assert_int_equal(rows[0].timers, 1u << PROXY_TIMER_A | 1u << PROXY_TIMER_B);
	assert_int_equal(rows[0].target_id, target);
	/* A copy that comes does not make it younger. */
	(void)receive_request(rig, "INVITE", "live-1");
	assert_int_equal(read_rows(rig, &any, rows), 1);
	assert_int_equal(rows[0].age_ms, 123);
	rig_destroy(rig);
}

static void filters_take_what_is_so_in_all_they_ask(void **)
{
	struct rig *rig = rig_noting(rig_two_armed);
	struct proxy_txn_row rows[8];

	(void)receive_request(rig, "INVITE", "old");
	rig->now += TICK_MS(300);
	(void)receive_request(rig, "MESSAGE", "young");
	const struct proxy_txn_filter filters[] = {
		{ .service = BALANCE_NONE, .older_ms = 200 },
		{ .service = BALANCE_NONE, .state = "calling" },
		{ .service = BALANCE_NONE, .method = "INVITE" },
		{ .service = 0, .call_id = "old" },
	};
	for (size_t i = 0; i < ARRAY_SIZE(filters); i++) {
		assert_int_equal(read_rows(rig, &filters[i], rows), 1);
		assert_true(is_call(&rows[0], "old"));
	}
	const struct proxy_txn_filter none[] = {
		{ .service = 1 },
		{ .service = BALANCE_NONE, .state = "Accepted" },
		{ .service = BALANCE_NONE, .method = "MESSAGE", .older_ms = 200 },
		{ .service = BALANCE_NONE, .target_id = 1 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(none); i++)
		assert_int_equal(read_rows(rig, &none[i], rows), 0);
	rig_destroy(rig);
}

static void a_long_table_is_read_in_parts(void **)
{
	struct rig *rig = rig_noting(rig_two_armed);
	const struct proxy_txn_filter any = { .service = BALANCE_NONE };
	struct proxy_txn_row rows[2];
	uint32_t cursor = 0, parts = 0, count = 0;
	char call_id[16];

	for (unsigned int i = 0; i < 5; i++) {
		snprintf(call_id, sizeof(call_id), "part-%u", i);
		(void)receive_request(rig, "MESSAGE", call_id);
	}
	while (cursor != UINT32_MAX) {
		uint32_t n = proxy_txns_read(rig->proxy, &any, rig->now, &cursor, rows, 2);
		assert_in_range(n, 0, 2);
		count += n;
		parts++;
	}
	assert_int_equal(count, 5);
	assert_true(parts >= 3);
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_choice_is_noted_with_its_service_pool_policy_and_target),
		cmocka_unit_test(nothing_is_noted_when_nobody_looks),
		cmocka_unit_test(messages_say_where_they_come_from),
		cmocka_unit_test(a_timer_that_runs_out_is_noted_by_name_with_its_request),
		cmocka_unit_test(a_fail_over_is_noted_step_by_step),
		cmocka_unit_test(notes_without_room_are_left_out),
		cmocka_unit_test(a_live_transaction_tells_its_call_state_age_and_timers),
		cmocka_unit_test(filters_take_what_is_so_in_all_they_ask),
		cmocka_unit_test(a_long_table_is_read_in_parts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
