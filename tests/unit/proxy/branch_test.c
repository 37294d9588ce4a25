/* SPDX-License-Identifier: BSD-3-Clause */
/* What the branch that we put into our Via depends on, seen from outside (RFC 5393 §4.2.1). */
#include "rig.h"

#include <stdio.h>

static const char two_services[] =
	"interface access address 192.0.2.1/24 gateway 192.0.2.254 peers 192.0.2.0/24\n"
	"interface core address 198.51.100.1/24\n"
	"pool sw\n"
	"target sw sw1 198.51.100.11:5060\n"
	"service in listen 192.0.2.1:5060 pool sw\n"
	"service other listen 192.0.2.1:5070 pool sw\n";

struct sent {
	const char *method, *uri, *rows, *branch, *call_id;
	unsigned int cseq;
	const char *local;
};

static const struct sent plain = {
	"MESSAGE", "sip:b@x.example", "", "z9hG4bKone", "branch-1", 1, "192.0.2.1:5060",
};

/* "z9hG4bK", 32 digits of the key, 8 of the second part. */
struct parts {
	char first[33], second[9];
};

/* By an engine of its own: nothing is a retransmission of anything. */
static struct parts branch_of(struct sent sent)
{
	struct rig *rig = rig_create(two_services);
	struct parts parts;
	char text[4096];

	snprintf(text, sizeof(text),
		 "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.50:5060;branch=%s\r\n%s"
		 "From: <sip:a@example.com>;tag=f\r\nTo: <sip:b@example.com>\r\n"
		 "Call-ID: %s\r\nCSeq: %u %s\r\n\r\n",
		 sent.method, sent.uri, sent.branch, sent.rows, sent.call_id, sent.cseq,
		 sent.method);
	assert_int_equal(rig_receive(rig, "192.0.2.50:5060", sent.local, text).kind,
			 VERDICT_FORWARD);
	/* The request is sent last, after a 100. */
	const char *via = rig_header(rig_sent(rig, rig->outbox->count - 1), "Via", 0);
	const char *branch = strstr(via, ";branch=z9hG4bK");
	assert_non_null(branch);
	assert_int_equal(strspn(branch + 15, "0123456789abcdef"), 40);
	snprintf(parts.first, sizeof(parts.first), "%.32s", branch + 15);
	snprintf(parts.second, sizeof(parts.second), "%.8s", branch + 47);
	rig_destroy(rig);
	return parts;
}

static void assert_second_part_differs(struct sent changed)
{
	assert_string_not_equal(branch_of(plain).second, branch_of(changed).second);
}

/* shows: 70 */
static void the_second_part_changes_with_all_that_routing_looks_at(void **)
{
	static const char *const uris[] = {
		"sip:c@x.example", "sip:b@y.example", "sip:b@x.example:5061", "sip:x.example",
		"sip:b@x.example;user=phone", "tel:+15551234",
	};
	static const char *const routes[] = {
		"Route: <sip:192.0.2.1;lr>\r\n",
		"Route: <sip:192.0.2.1:5060;lr>\r\n",
		"Route: <sip:198.51.100.30;lr>\r\n",
		"Route: <sip:198.51.100.30;lr>, <sip:far.example;lr>\r\n",
		"Route: <sip:198.51.100.30;lr>\r\nRoute: <sip:near.example;lr>\r\n",
	};
	struct sent changed = plain;

	for (size_t i = 0; i < ARRAY_SIZE(uris); i++) {
		changed.uri = uris[i];
		assert_second_part_differs(changed);
	}
	changed = plain;
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
		changed.rows = routes[i];
		assert_second_part_differs(changed);
		for (size_t j = 0; j < i; j++) {
			struct sent before = changed;
			before.rows = routes[j];
			assert_string_not_equal(branch_of(before).second,
						branch_of(changed).second);
		}
	}
	/* The service that takes it. */
	changed = plain;
	changed.local = "192.0.2.1:5070";
	assert_second_part_differs(changed);
}

/* shows: 72 */
static void the_second_part_changes_with_the_transaction_too(void **)
{
	struct sent changed = plain;

	changed.call_id = "branch-2";
	assert_second_part_differs(changed);
	changed.call_id = "Branch-1";
	assert_second_part_differs(changed);
	changed = plain;
	changed.cseq = 2;
	assert_second_part_differs(changed);
}

/* shows: 71, 73 */
static void the_second_part_does_not_change_with_method_or_hops(void **)
{
	struct sent changed = plain;
	const struct parts before = branch_of(plain);

	changed.method = "INVITE";
	assert_string_equal(branch_of(changed).second, before.second);
	assert_string_equal(branch_of(changed).first, before.first);
	/* A loop comes back with other Vias, other Max-Forwards: the same second part, and a
	 * branch of its own all the same (§4.2.2, RFC 3261 §8.1.1.7). */
	changed = plain;
	changed.branch = "z9hG4bKtwo";
	changed.rows = "Via: SIP/2.0/UDP 198.51.100.77;x;y=\"a;branch=b\"\r\nMax-Forwards: 12\r\n";
	assert_string_equal(branch_of(changed).second, before.second);
	assert_string_not_equal(branch_of(changed).first, before.first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_second_part_changes_with_all_that_routing_looks_at),
		cmocka_unit_test(the_second_part_changes_with_the_transaction_too),
		cmocka_unit_test(the_second_part_does_not_change_with_method_or_hops),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
