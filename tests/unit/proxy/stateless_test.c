/* SPDX-License-Identifier: BSD-3-Clause */
/* What explain says of services without transactions and of responses without any. */
#include "rig.h"

#include <stdio.h>
#include <string.h>

#include "balance/policy.h"

static const char snapshot[] =
	"interface access address 192.0.2.1/24\n"
	"interface core address 198.51.100.1/24\n"
	"pool sw\n"
	"target sw sw1 198.51.100.11:5060\n"
	"target sw sw2 198.51.100.12:5060\n"
	"service in listen 192.0.2.1:5060 pool sw mode stateless\n";

static const char message[] = "MESSAGE sip:100@example.com SIP/2.0\r\n"
			      "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKm\r\n"
			      "From: <sip:alice@example.com>;tag=a\r\n"
			      "To: <sip:100@example.com>\r\n"
			      "Call-ID: stateless\r\n"
			      "CSeq: 1 MESSAGE\r\n"
			      "Content-Length: 0\r\n\r\n";

static struct proxy_explanation explain(struct rig *rig, const char *source, const char *local,
					uint16_t interface, const char *text)
{
	struct proxy_explanation said;
	struct proxy_datagram datagram = { .data = rig->buffer,
					   .len = (uint32_t)strlen(text),
					   .interface = interface };

	memcpy(rig->buffer, text, datagram.len);
	assert_true(endpoint_parse(span_of_string(source), 5060, &datagram.source));
	assert_true(endpoint_parse(span_of_string(local), 5060, &datagram.local));
	proxy_explain(rig->proxy, rig->snapshot, &datagram, rig->now, &said);
	return said;
}

static void explain_says_that_a_service_is_stateless_and_what_settles(void **)
{
	struct rig *rig = rig_create(snapshot);
	struct proxy_explanation said =
		explain(rig, "192.0.2.50:5060", "192.0.2.1:5060", 0, message);

	assert_int_equal(said.kind, ROUTE_TARGET);
	assert_non_null(strstr(said.why, "stateless service in"));
	assert_null(strstr(said.why, "transaction"));
	rig_assert_verdict(rig_receive(rig, "192.0.2.50:5060", "192.0.2.1:5060", message),
			   VERDICT_FORWARD, REASON_INITIAL_REQUEST);
	assert_true(endpoint_equal(&said.next_hop, &rig->outbox->entries[0].destination));
	uint16_t target = said.target;
	const struct balance_target *chosen = &rig->snapshot->targets[target];
	assert_int_equal(chosen->status->requests, 1);
	/* Taken out: for 64*T1 the choice stays, and is kept in mind. */
	balance_admin_set(chosen->status, TARGET_MAINT, tick_to_ms(rig->now),
			  rig->snapshot->settle_ms);
	said = explain(rig, "192.0.2.50:5060", "192.0.2.1:5060", 0, message);
	assert_int_equal(said.target, target);
	assert_non_null(strstr(said.why, "with a transaction"));
	rig->now += TICK_SECONDS(32);
	said = explain(rig, "192.0.2.50:5060", "192.0.2.1:5060", 0, message);
	assert_int_not_equal(said.target, target);
	assert_null(strstr(said.why, "transaction"));
	assert_int_equal(rig_stats(rig).txns_created, 0);
	rig_destroy(rig);
}

static void explain_says_where_a_response_without_a_transaction_goes(void **)
{
	struct rig *rig = rig_create(snapshot);
	char response[2048], via[512];

	(void)rig_receive(rig, "192.0.2.50:5060", "192.0.2.1:5060", message);
	snprintf(via, sizeof(via), "%s", rig_header(rig_sent(rig, 0), "Via", 0));
	for (int status = 180; status <= 200; status += 20) {
		snprintf(response, sizeof(response),
			 "SIP/2.0 %d x\r\nVia: %s\r\n"
			 "Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bKm\r\n"
			 "From: <sip:alice@example.com>;tag=a\r\nTo: <sip:100@example.com>;tag=b\r\n"
			 "Call-ID: stateless\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n",
			 status, via);
		struct proxy_explanation said = explain(rig, "198.51.100.11:5060",
							"198.51.100.1:5060", 1, response);
		struct verdict came =
			rig_receive(rig, "198.51.100.11:5060", "198.51.100.1:5060", response);
		rig_assert_verdict(said.verdict, came.kind, came.reason);
		assert_int_equal(said.kind, ROUTE_RESPONSE);
		assert_non_null(strstr(said.why, status == 200 ? "goes to the address" : "absorbed"));
	}
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(explain_says_that_a_service_is_stateless_and_what_settles),
		cmocka_unit_test(explain_says_where_a_response_without_a_transaction_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
