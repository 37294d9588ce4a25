/* SPDX-License-Identifier: BSD-3-Clause */
/* Dialogs where memory ends: nothing is refused because of it, and everything is counted.  What
 * dialogs do otherwise is in tests/scenario. */
#include "rig.h"

#include <stdio.h>

#define CALLER "192.0.2.50:5062"
#define ACCESS "192.0.2.1:5060"
#define CORE   "198.51.100.1:5060"

static const char enforcing[] =
	"interface access address 192.0.2.1/24\n"
	"interface core address 198.51.100.1/24\n"
	"pool sw\n"
	"target sw sw1 198.51.100.11:5060\n"
	"service in listen 192.0.2.1:5060 pool sw record-route cseq-check enforce\n";

static struct proxy_dialog_stats dialogs(struct rig *rig)
{
	struct proxy_dialog_stats stats;

	assert_true(proxy_dialog_stats_read(rig->proxy, BALANCE_NONE, &stats));
	return stats;
}

/* A call with CSeq 101 from INVITE to 200, its Route rows for requests of the caller. */
static void call_begin(struct rig *rig, int number, const char *to_tag, char routes[2][512])
{
	char text[4096];
	const char *row;

	snprintf(text, sizeof(text),
		 "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50:5062;branch=z9hG4bKi%d\r\n"
		 "From: <sip:a@example.com>;tag=a\r\nTo: <sip:bob@example.com>\r\n"
		 "Call-ID: call-%d\r\nCSeq: 101 INVITE\r\nContact: <sip:a@192.0.2.50:5062>\r\n\r\n",
		 number, number);
	rig_assert_verdict(rig_receive(rig, CALLER, ACCESS, text), VERDICT_FORWARD,
			   REASON_INITIAL_REQUEST);
	const char *sent = rig_sent(rig, 1);
	int n = snprintf(text, sizeof(text), "SIP/2.0 200 OK\r\n");
	for (unsigned int i = 0; (row = rig_header(sent, "Via", i)); i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Via: %s\r\n", row);
	for (unsigned int i = 0; i < 2; i++) {
		row = rig_header(sent, "Record-Route", i);
		assert_non_null(row);
		/* Of the caller's route set the lowest value is the first. */
		snprintf(routes[1 - i], sizeof(routes[0]), "%s", row);
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Record-Route: %s\r\n", row);
	}
	snprintf(text + n, sizeof(text) - (size_t)n,
		 "From: <sip:a@example.com>;tag=a\r\nTo: <sip:bob@example.com>;tag=%s\r\n"
		 "Call-ID: call-%d\r\nCSeq: 101 INVITE\r\nContact: <sip:bob@198.51.100.11>\r\n\r\n",
		 to_tag, number);
	rig_assert_verdict(rig_receive(rig, "198.51.100.11:5060", CORE, text), VERDICT_FORWARD,
			   REASON_FINAL);
}

static struct verdict in_dialog(struct rig *rig, int number, const char *to_tag, unsigned int cseq,
				const char *method, char routes[2][512])
{
	char text[4096];
	static unsigned int branch;

	snprintf(text, sizeof(text),
		 "%s sip:bob@198.51.100.11 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50:5062;branch=z9hG4bKd%u\r\n"
		 "Route: %s, %s\r\nFrom: <sip:a@example.com>;tag=a\r\nTo: <sip:bob@example.com>;tag=%s\r\n"
		 "Call-ID: call-%d\r\nCSeq: %u %s\r\n\r\n",
		 method, branch++, routes[0], routes[1], to_tag, number, cseq, method);
	outbox_reset(rig->outbox);
	return rig_receive(rig, CALLER, ACCESS, text);
}

static void a_full_table_forwards_by_the_signed_route(void **)
{
	struct rig *rig = rig_create(enforcing);
	char routes[RIG_DIALOGS + 1][2][512];

	for (int i = 0; i <= RIG_DIALOGS; i++)
		call_begin(rig, i, "b", routes[i]);
	assert_int_equal(dialogs(rig).created, RIG_DIALOGS);
	assert_int_equal(dialogs(rig).full, 1);
	assert_int_equal(rig_stats(rig).dialogs, RIG_DIALOGS);
	assert_int_equal(rig_stats(rig).dialogs_max, RIG_DIALOGS);
	for (int i = 0; i < RIG_DIALOGS; i++)
		rig_assert_verdict(in_dialog(rig, i, "b", 2, "INFO", routes[i]), VERDICT_REPLY,
				   REASON_CSEQ_OUT_OF_ORDER);
	rig_assert_verdict(in_dialog(rig, RIG_DIALOGS, "b", 2, "INFO", routes[RIG_DIALOGS]),
			   VERDICT_FORWARD, REASON_DIALOG_REQUEST);
	rig_assert_sent_to(rig, 0, "198.51.100.11:5060");
	rig_destroy(rig);
}

static void a_2xx_beyond_the_watches_goes_on_unwatched(void **)
{
	struct rig *rig = rig_create(enforcing);
	char routes[2][512];

	/* There is a watch for every sixteen dialogs, and one. */
	call_begin(rig, 0, "b", routes);
	call_begin(rig, 1, "b", routes);
	assert_int_equal(rig_stats(rig).dialog_watches, 1);
	assert_int_equal(dialogs(rig).unwatched, 1);
	assert_int_equal(dialogs(rig).live, 2);
	rig_assert_verdict(in_dialog(rig, 1, "b", 101, "ACK", routes), VERDICT_FORWARD, REASON_ACK);
	rig_advance(rig, 32001);
	assert_int_equal(dialogs(rig).unacknowledged_caller, 1);
	assert_int_equal(rig_stats(rig).dialog_watches, 0);
	rig_destroy(rig);
}

/* Tags that do not tell the sides apart would count both directions as one. */
static void a_dialog_of_two_equal_tags_is_not_kept(void **)
{
	struct rig *rig = rig_create(enforcing);
	char routes[2][512];

	call_begin(rig, 0, "A", routes);
	assert_int_equal(dialogs(rig).created, 0);
	rig_assert_verdict(in_dialog(rig, 0, "A", 2, "INFO", routes), VERDICT_FORWARD,
			   REASON_DIALOG_REQUEST);
	rig_destroy(rig);
}

/* A refused request and one that found no room leave the numbers as they were. */
static void what_is_not_forwarded_raises_no_number(void **)
{
	struct rig *rig = rig_create(enforcing);
	char routes[2][512];

	call_begin(rig, 0, "b", routes);
	rig_assert_verdict(in_dialog(rig, 0, "b", 4, "INFO", routes), VERDICT_REPLY,
			   REASON_CSEQ_OUT_OF_ORDER);
	rig_assert_verdict(in_dialog(rig, 0, "b", 200, "INFO", routes), VERDICT_FORWARD,
			   REASON_DIALOG_REQUEST);
	/* All slots are taken by INFOs that nobody answers. */
	unsigned int cseq = 201;
	while (in_dialog(rig, 0, "b", cseq, "INFO", routes).kind == VERDICT_FORWARD)
		cseq++;
	/* `cseq` was answered 503; the one before it is the highest, so a gap of one below what
	 * comes next is still open. */
	struct proxy_dialog_stats before = dialogs(rig);
	rig_assert_verdict(in_dialog(rig, 0, "b", cseq - 1, "INFO", routes), VERDICT_REPLY,
			   REASON_TXN_POOL_FULL);
	rig_advance(rig, 31000);
	rig_advance(rig, 6000);
	rig_assert_verdict(in_dialog(rig, 0, "b", cseq + 1, "INFO", routes), VERDICT_FORWARD,
			   REASON_DIALOG_REQUEST);
	rig_assert_verdict(in_dialog(rig, 0, "b", cseq, "INFO", routes), VERDICT_FORWARD,
			   REASON_DIALOG_REQUEST);
	assert_int_equal(dialogs(rig).out_of_order_caller, before.out_of_order_caller);
	rig_destroy(rig);
}

static void an_event_names_the_call(void **)
{
	struct rig *rig = rig_create(enforcing);
	char routes[2][512];

	call_begin(rig, 7, "b", routes);
	in_dialog(rig, 7, "b", 3, "UPDATE", routes);
	assert_int_equal(rig->outbox->event_count, 1);
	const struct engine_event *event = &rig->outbox->events[0];
	assert_int_equal(event->kind, ENGINE_EVENT_CSEQ_OUT_OF_ORDER);
	assert_string_equal(event->call_id, "call-7");
	assert_string_equal(event->method, "UPDATE");
	assert_int_equal(event->cseq, 3);
	assert_int_equal(event->expected, 102);
	assert_int_equal(event->flags, ENGINE_EVENT_REFUSED);
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_table_forwards_by_the_signed_route),
		cmocka_unit_test(a_2xx_beyond_the_watches_goes_on_unwatched),
		cmocka_unit_test(a_dialog_of_two_equal_tags_is_not_kept),
		cmocka_unit_test(what_is_not_forwarded_raises_no_number),
		cmocka_unit_test(an_event_names_the_call),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
