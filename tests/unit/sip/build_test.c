/* SPDX-License-Identifier: BSD-3-Clause */
/* sip/build.h: responses, ACK and CANCEL, octet by octet. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "sip/build.h"

static struct sip_message msg, other;
static char out[4096];

static enum verdict_reason parse(struct sip_message *to, const char *text)
{
	return sip_message_parse(to, text, (uint32_t)strlen(text));
}

static void parse_good(struct sip_message *to, const char *text)
{
	assert_int_equal(parse(to, text), VERDICT_REASON_NONE);
}

static void assert_written(const struct text_writer *w, const char *expected)
{
	struct span is = text_written(w);

	assert_false(w->overflow);
	if (!span_equal(is, span_of_string(expected)))
		fail_msg("written:\n%.*s\nexpected:\n%s", SPAN_ARGS(is), expected);
}

static void assert_response(const struct sip_response_options *options, const char *expected)
{
	struct text_writer w = text_writer_of(out, sizeof(out));

	sip_build_response(&w, &msg, options);
	assert_written(&w, expected);
}

static const char invite[] = "INVITE sip:+4930123@target.example.com;user=phone SIP/2.0\r\n"
			     "Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKtop;rport\r\n"
			     "Via: SIP/2.0/UDP first.example.com;branch=z9hG4bKlow;received=10.1.1.1\r\n"
			     "Max-Forwards: 70\r\n"
			     "From: \"Ann\" <sip:ann@example.com>;tag=a1\r\n"
			     "To: <sip:+4930123@target.example.com>\r\n"
			     "Call-ID: c1@192.0.2.7\r\n"
			     "CSeq: 0007 INVITE\r\n"
			     "Timestamp: 54.21\r\n"
			     "Contact: <sip:ann@192.0.2.7:5062>\r\n"
			     "Content-Length: 4\r\n\r\nbody";

/* shows: 51 */
static void a_response_carries_what_the_rfc_asks_and_no_more(void **)
{
	parse_good(&msg, invite);
	assert_response(&(struct sip_response_options){ .status = 503, .to_tag = SPAN("t9") },
			"SIP/2.0 503 Service Unavailable\r\n"
			"Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKtop;rport\r\n"
			"Via: SIP/2.0/UDP first.example.com;branch=z9hG4bKlow;received=10.1.1.1\r\n"
			"From: \"Ann\" <sip:ann@example.com>;tag=a1\r\n"
			"To: <sip:+4930123@target.example.com>;tag=t9\r\n"
			"Call-ID: c1@192.0.2.7\r\n"
			"CSeq: 0007 INVITE\r\n"
			"Content-Length: 0\r\n\r\n");
}

/* RFC 3261 §8.2.6.1, §17.2.1 */
/* shows: 175 */
static void a_100_copies_timestamp_and_gets_no_tag(void **)
{
	parse_good(&msg, invite);
	assert_response(&(struct sip_response_options){ .status = 100,
							.to_tag = SPAN("t9"),
							.received = SPAN("192.0.2.7"),
							.rport = 40001 },
			"SIP/2.0 100 Trying\r\n"
			"Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKtop;received=192.0.2.7"
			";rport=40001\r\n"
			"Via: SIP/2.0/UDP first.example.com;branch=z9hG4bKlow;received=10.1.1.1\r\n"
			"From: \"Ann\" <sip:ann@example.com>;tag=a1\r\n"
			"To: <sip:+4930123@target.example.com>\r\n"
			"Call-ID: c1@192.0.2.7\r\n"
			"CSeq: 0007 INVITE\r\n"
			"Timestamp: 54.21\r\n"
			"Content-Length: 0\r\n\r\n");
}

#define REQUEST(via, to)                                                                           \
	"OPTIONS sip:x@example.com SIP/2.0\r\n" via "Max-Forwards: 1\r\n"                          \
	"f: <sip:a@b.example>;tag=1\r\nt: " to "\r\ni: c\r\nCSeq: 1 OPTIONS\r\nl: 0\r\n\r\n"
#define REPLY(via, to)                                                                             \
	"SIP/2.0 483 Too Many Hops\r\n" via "From: <sip:a@b.example>;tag=1\r\nTo: " to             \
	"\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"

/* shows: 20, 21, 22, 31 */
static void the_top_via_tells_the_source_as_it_was(void **)
{
	static const struct {
		const char *request, *response, *received;
		uint16_t rport;
	} cases[] = {
		/* what the sender claims is never trusted */
		{ REQUEST("v: SIP/2.0/UDP h;received=6.6.6.6;branch=z9hG4bK1;rport=6\r\n", "<sip:a>"),
		  REPLY("Via: SIP/2.0/UDP h;branch=z9hG4bK1;received=192.0.2.1;rport=7\r\n",
			"<sip:a>;tag=x"),
		  "192.0.2.1", 7 },
		{ REQUEST("v: SIP/2.0/UDP h;received=6.6.6.6;branch=z9hG4bK1;rport=6\r\n", "<sip:a>"),
		  REPLY("Via: SIP/2.0/UDP h;branch=z9hG4bK1;rport\r\n", "<sip:a>;tag=x"),
		  "", 0 },
		/* rport is filled in where it was asked for (RFC 3581 §4), and not added */
		{ REQUEST("v: SIP/2.0/UDP h;branch=z9hG4bK1\r\n", "<sip:a>"),
		  REPLY("Via: SIP/2.0/UDP h;branch=z9hG4bK1;received=192.0.2.1\r\n",
			"<sip:a>;tag=x"),
		  "192.0.2.1", 7 },
		/* IPv6 without brackets (RFC 5118 §4.5); case of names; unknown and quoted
		 * parameters stay */
		{ REQUEST("v: SIP/2.0/UDP [2001:db8::1]:5060;X=\";rport\\\";received=1\";RPORT;"
			  "Branch=z9hG4bK1;keep\r\n",
			  "<sip:a>"),
		  REPLY("Via: SIP/2.0/UDP [2001:db8::1]:5060;X=\";rport\\\";received=1\";"
			"Branch=z9hG4bK1;keep;received=2001:db8::9;rport=5060\r\n",
			"<sip:a>;tag=x"),
		  "2001:db8::9", 5060 },
		/* one row, many values; the others are left as they are */
		{ REQUEST("Via: SIP/2.0/UDP h;branch=z9hG4bK1;rport , SIP/2.0/TCP i;rport;"
			  "branch=z9hG4bK2,SIP/2.0/UDP j\r\nvia:SIP/2.0/UDP k\r\n",
			  "<sip:a>"),
		  REPLY("Via: SIP/2.0/UDP h;branch=z9hG4bK1;received=192.0.2.1;rport=9 , "
			"SIP/2.0/TCP i;rport;branch=z9hG4bK2,SIP/2.0/UDP j\r\n"
			"Via: SIP/2.0/UDP k\r\n",
			"<sip:a>;tag=x"),
		  "192.0.2.1", 9 },
		/* no parameter at all */
		{ REQUEST("Via: SIP/2.0/UDP h\r\n", "<sip:a>"),
		  REPLY("Via: SIP/2.0/UDP h;received=192.0.2.1\r\n", "<sip:a>;tag=x"),
		  "192.0.2.1", 9 },
		/* folds */
		{ REQUEST("Via: SIP / 2.0 / UDP\r\n h ; rport\r\n ;branch\t= z9hG4bK1\r\n", "<sip:a>"),
		  REPLY("Via: SIP / 2.0 / UDP\r\n h ;branch\t= z9hG4bK1;received=192.0.2.1;rport=9"
			"\r\n",
			"<sip:a>;tag=x"),
		  "192.0.2.1", 9 },
		/* no line of blanks is left where a folded parameter was taken out */
		{ REQUEST("Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n ;received=6.6.6.6\r\n", "<sip:a>"),
		  REPLY("Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n", "<sip:a>;tag=x"), "", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		parse_good(&msg, cases[i].request);
		assert_response(
			&(struct sip_response_options){
				.status = 483,
				.to_tag = SPAN("x"),
				.received = span_of_string(cases[i].received),
				.rport = cases[i].rport },
			cases[i].response);
	}
}

#define VIA "Via: SIP/2.0/UDP h;branch=z9hG4bK1\r\n"

/* shows: 51, 130 */
static void a_to_tag_is_added_where_there_is_none(void **)
{
	static const struct {
		const char *request, *response;
	} cases[] = {
		{ REQUEST(VIA, "<sip:a>;tag=mine"), REPLY(VIA, "<sip:a>;tag=mine") },
		{ REQUEST(VIA, "<sip:a>;TAG=mine"), REPLY(VIA, "<sip:a>;TAG=mine") },
		{ REQUEST(VIA, "<sip:a;tag=uri>"), REPLY(VIA, "<sip:a;tag=uri>;tag=x") },
		{ REQUEST(VIA, "\";tag=no\" <sip:a>"), REPLY(VIA, "\";tag=no\" <sip:a>;tag=x") },
		{ REQUEST(VIA, "sip:a@b;p=q"), REPLY(VIA, "sip:a@b;p=q;tag=x") },
		{ REQUEST(VIA, "<sip:a>\r\n ;p=q"), REPLY(VIA, "<sip:a>\r\n ;p=q;tag=x") },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		parse_good(&msg, cases[i].request);
		assert_response(&(struct sip_response_options){ .status = 483,
								.to_tag = SPAN("x") },
				cases[i].response);
	}
	parse_good(&msg, REQUEST(VIA, "<sip:a>"));
	assert_response(&(struct sip_response_options){ .status = 483 }, REPLY(VIA, "<sip:a>"));
}

static void rows_and_phrase_of_the_caller_are_written(void **)
{
	parse_good(&msg, REQUEST(VIA, "<sip:a>;tag=m"));
	assert_response(&(struct sip_response_options){
				.status = 420,
				.reason_phrase = SPAN("No Such Thing"),
				.extra = SPAN("Unsupported: x\r\nSupported: y\r\n") },
			"SIP/2.0 420 No Such Thing\r\n" VIA
			"From: <sip:a@b.example>;tag=1\r\nTo: <sip:a>;tag=m\r\nCall-ID: c\r\n"
			"CSeq: 1 OPTIONS\r\nUnsupported: x\r\nSupported: y\r\n"
			"Content-Length: 0\r\n\r\n");
}

/* A request that was given up half way: the response still answers what can be answered. */
static void malformed_requests_are_answered_with_what_they_have(void **)
{
	static const struct {
		const char *request, *response;
	} cases[] = {
		{ "OPTIONS sip:x@example.com SIP/2.0\r\n" VIA
		  "CSeq: 99999999999999 OPTIONS\r\nCall-ID: c\r\nFrom: <sip:a>;tag=1\r\n"
		  "To: <sip:b>;tag=has\r\nVia: SIP/2.0/UDP low\r\n\r\n",
		  "SIP/2.0 400 Bad Request\r\n" VIA "Via: SIP/2.0/UDP low\r\nFrom: <sip:a>;tag=1\r\n"
		  "To: <sip:b>;tag=has\r\nCall-ID: c\r\nCSeq: 99999999999999 OPTIONS\r\n"
		  "Content-Length: 0\r\n\r\n" },
		{ "OPTIONS sip:x@example.com SIP/2.0\r\n" VIA
		  "CSeq: 1 INVITE\r\nCall-ID: c\r\nFrom: <sip:a>;tag=1\r\nTo: <sip:b>\r\n\r\n",
		  "SIP/2.0 400 Bad Request\r\n" VIA "From: <sip:a>;tag=1\r\nTo: <sip:b>;tag=x\r\n"
		  "Call-ID: c\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n" },
		{ "OPTIONS sip:x@example.com SIP/7.0\r\n" VIA
		  "CSeq: 1 OPTIONS\r\nCall-ID: c\r\nFrom: <sip:a>;tag=1\r\nTo: \"open <sip:b>;tag=q\r\n"
		  "\r\n",
		  "SIP/2.0 400 Bad Request\r\n" VIA "From: <sip:a>;tag=1\r\nTo: \"open <sip:b>;tag=q\r\n"
		  "Call-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_not_equal(parse(&msg, cases[i].request), VERDICT_REASON_NONE);
		assert_true(sip_message_is_answerable(&msg));
		assert_response(&(struct sip_response_options){ .status = 400,
								.to_tag = SPAN("x") },
				cases[i].response);
	}
}

/* Whatever was cut off or changed: what is written is bounded and parses as far as it goes. */
static void damaged_requests_never_break_the_builder(void **)
{
	size_t len = strlen(invite);
	char *copy = malloc(len);

	for (size_t cut = 0; cut < len; cut++) {
		for (int damage = 0; damage < 3; damage++) {
			memcpy(copy, invite, len);
			copy[cut] = "\0;\n"[damage];
			uint32_t n = (uint32_t)(damage ? len : cut);
			(void)sip_message_parse(&msg, copy, n);
			if (!sip_message_is_answerable(&msg))
				continue;
			struct text_writer w = text_writer_of(out, sizeof(out));
			sip_build_response(&w, &msg,
					   &(struct sip_response_options){
						   .status = 400,
						   .to_tag = SPAN("t"),
						   .received = SPAN("192.0.2.1"),
						   .rport = 5 });
			assert_false(w.overflow);
			struct span written = text_written(&w);
			assert_true(written.len < len + 100);
			enum verdict_reason why =
				sip_message_parse(&other, out, (uint32_t)written.len);
			if (why == VERDICT_REASON_NONE) {
				assert_int_equal(other.status, 400);
				assert_int_equal(other.via_values, msg.via_values);
			}
		}
	}
	free(copy);
}

static const char sent[] = "INVITE sip:+4930123@198.51.100.11 SIP/2.0\r\n"
			   "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKours;tandem=AbC\r\n"
			   "Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKtop;rport=5062\r\n"
			   "Record-Route: <sip:198.51.100.1;lr>\r\n"
			   "Route: <sip:p1.example.com;lr>,\r\n <sip:p2.example.com;lr>\r\n"
			   "Max-Forwards: 12\r\n"
			   "From: \"Ann\" <sip:ann@example.com>;tag=a1\r\n"
			   "To: <sip:+4930123@target.example.com>\r\n"
			   "Call-ID: c1@192.0.2.7\r\n"
			   "CSeq: 0007 INVITE\r\n"
			   "Require: 100rel\r\nProxy-Require: x\r\nReason: SIP;cause=1\r\n"
			   "ROUTE: <sip:p3.example.com;lr>\r\n"
			   "Contact: <sip:ann@192.0.2.7:5062>\r\n"
			   "Content-Length: 4\r\n\r\nbody";

/* RFC 3261 §17.1.1.3 */
/* shows: 152 */
static void an_ack_repeats_the_invite_and_takes_to_from_the_response(void **)
{
	struct text_writer w = text_writer_of(out, sizeof(out));

	parse_good(&msg, sent);
	parse_good(&other, "SIP/2.0 486 Busy Here\r\n"
			   "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKours;tandem=AbC;x\r\n"
			   "Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKtop;rport=5062\r\n"
			   "f: other <sip:ann@example.com>;tag=a1\r\n"
			   "t: <sip:+4930123@target.example.com>;tag=b2\r\n"
			   "i: c1@192.0.2.7\r\nCSeq: 7 INVITE\r\nl: 0\r\n\r\n");
	sip_build_ack(&w, &msg, &other);
	assert_written(&w, "ACK sip:+4930123@198.51.100.11 SIP/2.0\r\n"
			   "Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKours;tandem=AbC\r\n"
			   "Max-Forwards: 70\r\n"
			   "Route: <sip:p1.example.com;lr>,\r\n <sip:p2.example.com;lr>\r\n"
			   "Route: <sip:p3.example.com;lr>\r\n"
			   "From: \"Ann\" <sip:ann@example.com>;tag=a1\r\n"
			   "To: <sip:+4930123@target.example.com>;tag=b2\r\n"
			   "Call-ID: c1@192.0.2.7\r\n"
			   "CSeq: 0007 ACK\r\n"
			   "Content-Length: 0\r\n\r\n");
}

/* RFC 3261 §9.1: no Require, no Proxy-Require; RFC 3326 §2: Reason rows of the CANCEL. */
/* shows: 148 */
static void a_cancel_repeats_the_invite(void **)
{
	static const char expected[] =
		"CANCEL sip:+4930123@198.51.100.11 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKours;tandem=AbC\r\n"
		"Max-Forwards: 70\r\n"
		"Route: <sip:p1.example.com;lr>,\r\n <sip:p2.example.com;lr>\r\n"
		"Route: <sip:p3.example.com;lr>\r\n"
		"From: \"Ann\" <sip:ann@example.com>;tag=a1\r\n"
		"To: <sip:+4930123@target.example.com>\r\n"
		"Call-ID: c1@192.0.2.7\r\n"
		"CSeq: 0007 CANCEL\r\n";
	char whole[2048];
	struct text_writer w = text_writer_of(out, sizeof(out));

	parse_good(&msg, sent);
	sip_build_cancel(&w, &msg, NULL, SPAN_EMPTY);
	snprintf(whole, sizeof(whole), "%sContent-Length: 0\r\n\r\n", expected);
	assert_written(&w, whole);

	parse_good(&other, "CANCEL sip:+4930123@target.example.com SIP/2.0\r\n"
			   "Via: SIP/2.0/UDP 192.0.2.7:5062;branch=z9hG4bKtop\r\n"
			   "Max-Forwards: 70\r\nFrom: <sip:ann@example.com>;tag=a1\r\n"
			   "To: <sip:+4930123@target.example.com>\r\nCall-ID: c1@192.0.2.7\r\n"
			   "CSeq: 7 CANCEL\r\nReason: SIP;cause=200;text=\"elsewhere\"\r\n"
			   "reason: Q.850 ;cause=16\r\nContent-Length: 0\r\n\r\n");
	w = text_writer_of(out, sizeof(out));
	sip_build_cancel(&w, &msg, &other, SPAN_EMPTY);
	snprintf(whole, sizeof(whole),
		 "%sReason: SIP;cause=200;text=\"elsewhere\"\r\nReason: Q.850 ;cause=16\r\n"
		 "Content-Length: 0\r\n\r\n",
		 expected);
	assert_written(&w, whole);
}

static void what_does_not_fit_overflows_and_stays_inside(void **)
{
	parse_good(&msg, invite);
	parse_good(&other, sent);
	struct text_writer whole = text_writer_of(out, sizeof(out));
	sip_build_response(&whole, &msg, &(struct sip_response_options){ .status = 500 });
	size_t len = text_written(&whole).len;
	for (size_t size = 0; size <= len; size++) {
		char *exact = malloc(size ? size : 1);
		struct text_writer w = text_writer_of(exact, size);
		sip_build_response(&w, &msg, &(struct sip_response_options){ .status = 500 });
		assert_int_equal(w.overflow, size < len);
		w = text_writer_of(exact, size);
		sip_build_cancel(&w, &other, NULL, SPAN_EMPTY);
		w = text_writer_of(exact, size);
		sip_build_ack(&w, &other, &other);
		free(exact);
	}
}

static void reason_phrases_are_the_registered_ones(void **)
{
	assert_true(span_equal(sip_reason_phrase(100), SPAN("Trying")));
	assert_true(span_equal(sip_reason_phrase(408), SPAN("Request Timeout")));
	assert_true(span_equal(sip_reason_phrase(481), SPAN("Call/Transaction Does Not Exist")));
	assert_true(span_equal(sip_reason_phrase(505), SPAN("Version Not Supported")));
	assert_true(span_equal(sip_reason_phrase(199), SPAN("Early Dialog Terminated")));
	/* unregistered: the class's (RFC 3261 §7.2) */
	assert_true(span_equal(sip_reason_phrase(150), SPAN("Provisional")));
	assert_true(span_equal(sip_reason_phrase(299), SPAN("Success")));
	assert_true(span_equal(sip_reason_phrase(399), SPAN("Redirection")));
	assert_true(span_equal(sip_reason_phrase(499), SPAN("Client Error")));
	assert_true(span_equal(sip_reason_phrase(599), SPAN("Server Error")));
	assert_true(span_equal(sip_reason_phrase(699), SPAN("Global Failure")));
	for (uint16_t status = 100; status < 700; status++)
		assert_true(sip_reason_phrase(status).len > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_response_carries_what_the_rfc_asks_and_no_more),
		cmocka_unit_test(a_100_copies_timestamp_and_gets_no_tag),
		cmocka_unit_test(the_top_via_tells_the_source_as_it_was),
		cmocka_unit_test(a_to_tag_is_added_where_there_is_none),
		cmocka_unit_test(rows_and_phrase_of_the_caller_are_written),
		cmocka_unit_test(malformed_requests_are_answered_with_what_they_have),
		cmocka_unit_test(damaged_requests_never_break_the_builder),
		cmocka_unit_test(an_ack_repeats_the_invite_and_takes_to_from_the_response),
		cmocka_unit_test(a_cancel_repeats_the_invite),
		cmocka_unit_test(what_does_not_fit_overflows_and_stays_inside),
		cmocka_unit_test(reason_phrases_are_the_registered_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
