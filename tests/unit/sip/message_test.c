/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sip/message.h: the parser on whole messages, its verdicts, what a 400 is built from, and the
 * steering peek, under each structural index.  The traps are those of RFC 4475 and RFC 5118.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sample.h"
#include "sip/index.h"
#include "sip/message.h"

static struct sip_message msg;

/* Parses from a buffer without a byte to spare, so that ASan sees a read past the end; checks
 * what holds for every message. */
static enum verdict_reason parse_bytes(const char *bytes, uint32_t len)
{
	static char *exact;
	struct span peeked;

	free(exact);
	exact = malloc(len ? len : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, len);
	memset(&msg, 0xa5, sizeof(msg));
	enum verdict_reason reason = sip_message_parse(&msg, exact, len);
	bool found = sip_message_peek_call_id(exact, len, &peeked);
	if (reason == VERDICT_REASON_NONE) {
		assert_true(found);
		assert_ptr_equal(peeked.data, msg.bytes + msg.call_id.offset);
		assert_int_equal(peeked.len, msg.call_id.len);
	}
	return reason;
}

static enum verdict_reason parse(const char *text)
{
	return parse_bytes(text, (uint32_t)strlen(text));
}

#define assert_span(got, literal)                                                                  \
	do {                                                                                       \
		struct span got_ = (got);                                                          \
		assert_int_equal(got_.len, sizeof(literal) - 1);                                   \
		assert_memory_equal(got_.data, literal, sizeof(literal) - 1);                      \
	} while (0)
#define assert_slice(slice, literal) assert_span(sip_slice_span(&msg, slice), literal)

/* A request, row by row, so that a test can say what it changes. */
struct rows {
	const char *start, *via, *from, *to, *call_id, *cseq, *more, *body;
};
static const struct rows sound = {
	.start = "OPTIONS sip:desk@pbx.example.net SIP/2.0\r\n",
	.via = "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKa1\r\n",
	.from = "From: <sip:probe@example.org>;tag=f1\r\n",
	.to = "To: <sip:desk@pbx.example.net>\r\n",
	.call_id = "Call-ID: c1@192.0.2.7\r\n",
	.cseq = "CSeq: 7 OPTIONS\r\n",
	.more = "Max-Forwards: 70\r\n",
	.body = "\r\n",
};

static enum verdict_reason parse_rows(struct rows rows)
{
	static char text[70000];
	int len = snprintf(text, sizeof(text), "%s%s%s%s%s%s%s%s", rows.start, rows.via, rows.from,
			   rows.to, rows.call_id, rows.cseq, rows.more, rows.body);

	assert_in_range(len, 1, sizeof(text) - 1);
	return parse_bytes(text, (uint32_t)len);
}

#define PARSE_WITH(...)                                                                            \
	__extension__({                                                                            \
		struct rows rows_ = sound;                                                         \
		const struct rows with_ = { __VA_ARGS__ };                                         \
		const char *const *from_ = (const char *const *)(const void *)&with_;              \
		const char **to_ = (const char **)(void *)&rows_;                                  \
		for (size_t i_ = 0; i_ < sizeof(rows_) / sizeof(char *); i_++)                     \
			to_[i_] = from_[i_] ? from_[i_] : to_[i_];                                 \
		parse_rows(rows_);                                                                 \
	})
#define assert_sound(...)            assert_int_equal(PARSE_WITH(__VA_ARGS__), VERDICT_REASON_NONE)
#define assert_reason(reason_, ...)  assert_int_equal(PARSE_WITH(__VA_ARGS__), reason_)

static void an_invite_is_decoded(void **)
{
	assert_int_equal(parse(SAMPLE_INVITE), VERDICT_REASON_NONE);
	assert_true(msg.is_request);
	assert_int_equal(msg.method, SIP_METHOD_INVITE);
	assert_slice(msg.method_token, "INVITE");
	assert_slice(msg.request_uri, "sip:+4930555010@sw.example.net:5060;user=phone");
	assert_span(msg.uri.user, "+4930555010");
	assert_int_equal(msg.uri.port, 5060);
	assert_slice(msg.call_id, "5f0d1c9e-88aa-4d1b-9a57-0a9c@198.51.100.7");
	assert_slice(msg.cseq_number, "102");
	assert_int_equal(msg.cseq, 102);
	assert_slice(msg.from_tag, "9b1d07");
	assert_int_equal(msg.to_tag.len, 0);
	assert_int_equal(msg.max_forwards, 69);
	assert_int_equal(msg.via_values, 2);
	assert_span(msg.via.transport, "UDP");
	assert_span(msg.via.sent_by, "192.0.2.10:5060");
	assert_span(msg.via.branch, "z9hG4bK-7f3a91c2e4b8");
	assert_true(msg.via.has_rport && msg.via.has_cookie);
	assert_int_equal(msg.header_count, 15);
	assert_int_equal(msg.len, 971);
	assert_int_equal(msg.body, 971 - 271);
	assert_true(sip_message_is_answerable(&msg));
	assert_span(sip_header_value(&msg, sip_message_find(&msg, SIP_HEADER_MAX_FORWARDS)), "69");
	const struct sip_header *via = sip_message_find(&msg, SIP_HEADER_VIA);
	assert_non_null(via);
	assert_int_equal(via->offset, msg.start_line_end);
	via = sip_message_find_next(&msg, via);
	assert_non_null(via);
	assert_null(sip_message_find_next(&msg, via));
	const struct sip_header *length = sip_message_find(&msg, SIP_HEADER_CONTENT_LENGTH);
	assert_int_equal(length->end, msg.headers_end);
	assert_null(sip_message_find(&msg, SIP_HEADER_ROUTE));
}

static void a_response_is_decoded(void **)
{
	assert_sound(.start = "SIP/2.0 183 Session Progress\r\n", .cseq = "CSeq: 9 INVITE\r\n",
		     .to = "To: <sip:desk@pbx.example.net>;tag=t9\r\n", .more = "");
	assert_false(msg.is_request);
	assert_int_equal(msg.status, 183);
	assert_slice(msg.reason_phrase, "Session Progress");
	assert_int_equal(msg.method, SIP_METHOD_INVITE);
	assert_slice(msg.method_token, "INVITE");
	assert_slice(msg.to_tag, "t9");
	assert_int_equal(msg.max_forwards, -1);
	assert_false(sip_message_is_answerable(&msg));
	assert_int_equal(msg.uri.all.len, 0);
	/* Phrases: none, none and no space before it, UTF-8 (RFC 4475 §3.1.1.12, .13). */
	assert_sound(.start = "SIP/2.0 100 \r\n");
	assert_int_equal(msg.reason_phrase.len, 0);
	assert_sound(.start = "SIP/2.0 200\r\n");
	assert_sound(.start = "sip/2.0 200 \xd0\xbd\xd0\xb5 = 5 * 40\tok\r\n");
	/* Nothing that only a request needs is looked at. */
	assert_sound(.start = "SIP/2.0 200 OK\r\n", .more = "Max-Forwards: many\r\n");
	assert_int_equal(msg.max_forwards, -1);
}

/* shows: 7, 8 */
static void folds_blanks_and_compact_names_are_read(void **)
{
	/* The traps of RFC 4475 §3.1.1.1 in one message. */
	static const char text[] =
		"INVITE sip:line4@gate.example.com;odd SIP/2.0\r\n"
		"tO :\r\n sip:line4@gate.example.com ;   tag    = 77nn\r\n"
		"f   : \"A \\\\\\\" B\"       <sip:ab@example.com>\r\n  ;\r\n  tag = 5x5\r\n"
		"mAX-fORWARDS: 0042\r\n"
		"I: fold.1@192.0.2.3\r\n"
		"l   : 4\r\n"
		"CSEQ: 0011\r\n  INVITE\r\n"
		"Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390xx\r\n"
		"s :\r\n"
		"Novel:   one\r\n two\r\n"
		"OddlyFilled: ;;,,;;,;\r\n"
		"rOUTE:\r\n <sip:serv.example.com;lr;a=b;c>\r\n"
		"v:  SIP  / 2.0  / TCP     spin.example.com   ;\r\n  branch  =   z9hG4bK9i  ,\r\n"
		" SIP  /    2.0   / UDP  198.51.100.1   ; branch=\r\n z9hG4bK3\r\n"
		"m:\"Q \\\"\\\"\" <sip:ab@example.com> ; p =\r\n  v ;\r\n  q = 0.33\r\n"
		"\r\nbody";

	assert_int_equal(parse(text), VERDICT_REASON_NONE);
	assert_slice(msg.to_tag, "77nn");
	assert_slice(msg.from_tag, "5x5");
	assert_int_equal(msg.max_forwards, 42);
	assert_int_equal(msg.cseq, 11);
	assert_slice(msg.cseq_number, "0011");
	assert_span(msg.via.transport, "UDP");
	assert_span(msg.via.sent_by, "192.0.2.2");
	assert_span(msg.via.branch, "390xx");
	assert_false(msg.via.has_cookie);
	assert_int_equal(msg.via_values, 3);
	assert_slice(msg.call_id, "fold.1@192.0.2.3");
	assert_int_equal(sip_message_find(&msg, SIP_HEADER_SUBJECT)->value_len, 0);
	assert_int_equal(sip_message_find(&msg, SIP_HEADER_SUBJECT)->flags, 0);
	assert_int_equal(sip_message_find(&msg, SIP_HEADER_TO)->flags, SIP_HEADER_FOLDED);
	assert_int_equal(sip_message_find(&msg, SIP_HEADER_TO)->name_len, 2);
	assert_int_equal(msg.len - msg.body, 4);
	assert_sound(.call_id = "Call-ID:\r\n\t c1@192.0.2.7 \r\n \r\n");
	assert_slice(msg.call_id, "c1@192.0.2.7");
	/* A fold between name and colon is none (RFC 3261 §25.1 HCOLON). */
	assert_reason(REASON_HEADER_SYNTAX, .call_id = "Call-ID\r\n : c1@192.0.2.7\r\n");
}

/* shows: 6 */
static void odd_characters_pass_where_the_grammar_has_them(void **)
{
	/* RFC 4475 §3.1.1.2: tokens, unpaired quotes in a Call-ID, escaped NUL and DEL. */
	static const char text[] =
		"!Odd-Method0_*+`.%there'~ sip:1_u.U~(to-be!sure)&isn't+it$/c?,/;;*"
		":&it=1,w!*p$w~d.(no)@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/TCP h1.example.com;branch=z9hG4bK-.!%66*_+`'~\r\n"
		"To: \"B:\\\x07 N:\\\0 D:\\\x7f\" <sip:1_u@example.com>\r\n"
		"From: t1~` t2'+_ t3*%!.- <sip:m@example.com>;p''~+*_!.-%=\"\xd1\x80\""
		";tag=_t~1'+`*%!-.\r\n"
		"Call-ID: o.w%ZK-!.*_+'@w`~)(><:\\/\"][?}{\r\n"
		"CSeq: 139122385 !Odd-Method0_*+`.%there'~\r\n"
		"Max-Forwards: 255\r\n"
		"extHeader-!.%*+_`'~: \xef\xbb\xbf\xe5\xa4\xa7\r\n"
		"Content-Length: 0\r\n\r\n";

	assert_int_equal(parse_bytes(text, sizeof(text) - 1), VERDICT_REASON_NONE);
	assert_int_equal(msg.method, SIP_METHOD_OTHER);
	assert_slice(msg.from_tag, "_t~1'+`*%!-.");
	assert_span(msg.uri.host, "example.com");
	assert_int_equal(msg.to_tag.len, 0);
	assert_slice(msg.call_id, "o.w%ZK-!.*_+'@w`~)(><:\\/\"][?}{");
	/* The percent sign is no escape in method and header name (§3.1.1.5). */
	assert_sound(.start = "IN%56ITE sip:a@b SIP/2.0\r\n", .cseq = "CSeq: 1 IN%56ITE\r\n",
		     .more = "C%6Fntact: <sip:x@y>\r\n");
	assert_int_equal(msg.method, SIP_METHOD_OTHER);
	assert_null(sip_message_find(&msg, SIP_HEADER_CONTACT));
	/* Methods compare with case. */
	assert_sound(.start = "options sip:a@b SIP/2.0\r\n", .cseq = "CSeq: 1 options\r\n");
	assert_int_equal(msg.method, SIP_METHOD_OTHER);
}

static void control_characters_are_refused_unless_escaped(void **)
{
	char text[1000];
	size_t len = strlen(SAMPLE_INVITE);
	uint32_t refused = 0;

	memcpy(text, SAMPLE_INVITE, len + 1);
	/* A NUL anywhere in the head, a bare CR anywhere but next to a line end. */
	for (size_t i = 0; i < 696; i++) {
		char before = text[i];
		text[i] = '\0';
		refused += parse_bytes(text, (uint32_t)len) != VERDICT_REASON_NONE;
		assert_true(parse_bytes(text, (uint32_t)len) != VERDICT_REASON_NONE);
		text[i] = '\r';
		assert_true(parse_bytes(text, (uint32_t)len) != VERDICT_REASON_NONE ||
			    before == '\r');
		text[i] = before;
	}
	assert_int_equal(refused, 696);
	assert_reason(REASON_CONTROL_CHARACTER, .more = "X: a\x01" "b\r\n");
	assert_reason(REASON_CONTROL_CHARACTER, .more = "X: \"a\x7f\"\r\n");
	assert_sound(.more = "X: \"a\\\x7f\" b\r\n");
	assert_reason(REASON_CONTROL_CHARACTER, .more = "X: a\\\x7f\r\n");
	assert_sound(.more = "X:\ta\tb\r\n");
	assert_sound(.body = "\r\nbody \x01\r\n");
}

/* shows: 17 */
static void start_lines_are_judged(void **)
{
	static const struct {
		const char *line;
		enum verdict_reason reason;
	} cases[] = {
		{ "OPTIONS  sip:a@b  SIP/2.0", REASON_START_LINE },   /* RFC 4475 §3.1.2.9 */
		{ "OPTIONS sip:a@b SIP/2.0  ", REASON_START_LINE },   /* §3.1.2.10 */
		{ " OPTIONS sip:a@b SIP/2.0", REASON_START_LINE },
		{ "OPTIONS\tsip:a@b SIP/2.0", REASON_START_LINE },
		{ "OPTIONS sip:a@b", REASON_START_LINE },
		{ "OPTIONS", REASON_START_LINE },
		{ "OPTIONS  SIP/2.0", REASON_START_LINE },
		{ "OPTIONS SIP/2.0", REASON_START_LINE },
		{ "OPT(IONS sip:a@b SIP/2.0", REASON_START_LINE },
		{ "OPTIONS sip:a@b HTTP/1.1", REASON_START_LINE },
		{ "OPTIONS sip:a@b SIP/2.", REASON_START_LINE },
		{ "OPTIONS sip:a@b SIP/2.0\r\n folded", REASON_START_LINE },
		{ "OPTIONS sip:a@b SIP/7.0", REASON_SIP_VERSION },    /* §3.1.2.16 */
		{ "OPTIONS sip:a@b SIP/2.00", REASON_SIP_VERSION },
		{ "OPTIONS sip:a@b sip/2.0", VERDICT_REASON_NONE },
		{ "OPTIONS <sip:a@b> SIP/2.0", REASON_REQUEST_URI_SYNTAX }, /* §3.1.2.7 */
		{ "OPTIONS sip:a@b; lr SIP/2.0", REASON_REQUEST_URI_SYNTAX }, /* §3.1.2.8 */
		{ "OPTIONS sip:a@b?Route=%3Csip:c%3E SIP/2.0", REASON_REQUEST_URI_SYNTAX }, /* .11 */
		{ "OPTIONS sip:2001:db8::10 SIP/2.0", REASON_REQUEST_URI_SYNTAX }, /* 5118 §4.2 */
		{ "OPTIONS sip:[2001:db8::10]:5070 SIP/2.0", VERDICT_REASON_NONE },
		{ "OPTIONS sip:[2001:db8::10:5070] SIP/2.0", VERDICT_REASON_NONE },
		{ "OPTIONS sip:u@[2001:db8:::192.0.2.1] SIP/2.0", VERDICT_REASON_NONE }, /* .10 */
		{ "OPTIONS sip:a@b:65536 SIP/2.0", REASON_REQUEST_URI_SYNTAX },
		{ "OPTIONS a@b SIP/2.0", REASON_REQUEST_URI_SYNTAX },
		{ "OPTIONS odd:opaque SIP/2.0", VERDICT_REASON_NONE }, /* 4475 §3.3.2 */
		{ "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0", VERDICT_REASON_NONE },
		{ "OPTIONS sip:sips%3Au%40x.com@example.net SIP/2.0", VERDICT_REASON_NONE },
		{ "OPTIONS sip:u;par=u%40x.net@example.com SIP/2.0", VERDICT_REASON_NONE },
		{ "SIP/2.0 99 Low", REASON_START_LINE },
		{ "SIP/2.0 099 Low", REASON_START_LINE },
		{ "SIP/2.0 700 High", REASON_STATUS_CODE },
		{ "SIP/2.0 4294967301 wraps", REASON_STATUS_CODE },   /* §3.1.2.19 */
		{ "SIP/2.0 20x OK", REASON_START_LINE },
		{ "SIP/2.0  200 OK", REASON_START_LINE },
		{ "SIP/2.0", REASON_START_LINE },
		{ "SIP/3.1 200 OK", REASON_SIP_VERSION },
		{ "SIP/2.0 699 Last", VERDICT_REASON_NONE },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[200];
		snprintf(line, sizeof(line), "%s\r\n", cases[i].line);
		enum verdict_reason reason = PARSE_WITH(.start = line);
		if (reason != cases[i].reason)
			fail_msg("%s: %d, not %d", cases[i].line, (int)reason, (int)cases[i].reason);
		/* Another version is answered 505, whatever version its Via has. */
		if (reason == REASON_SIP_VERSION)
			assert_int_equal(sip_message_is_answerable(&msg), line[0] == 'O');
	}
	assert_reason(REASON_SIP_VERSION, .start = "OPTIONS sip:a@b SIP/7.0\r\n",
		      .via = "Via: SIP/7.0/UDP 192.0.2.7;branch=z9hG4bKa1\r\n");
	assert_true(sip_message_is_answerable(&msg));
	assert_reason(REASON_VIA_SYNTAX, .via = "Via: SIP/7.0/UDP 192.0.2.7;branch=z9hG4bKa1\r\n");
}

/* shows: 53, 64, 65, 66 */
static void rows_are_judged(void **)
{
	static const struct {
		struct rows with;
		enum verdict_reason reason;
		bool answerable;
	} cases[] = {
		{ { .more = "no colon here\r\n" }, REASON_HEADER_SYNTAX, true },
		{ { .more = ": no name\r\n" }, REASON_HEADER_SYNTAX, true },
		{ { .more = "two words: x\r\n" }, REASON_HEADER_SYNTAX, true },
		{ { .more = "X:\r\n:y: z\r\n" }, REASON_HEADER_SYNTAX, true },
		{ { .more = "X: a\r\n b\r\n:y\r\n" }, REASON_HEADER_SYNTAX, true },
		{ { .body = "" }, REASON_NO_END_OF_HEADERS, true },
		{ { .body = "\r" }, REASON_NO_END_OF_HEADERS, true },
		{ { .via = "" }, REASON_VIA_MISSING, false },
		{ { .via = "Via: SIP/2.0/UDP\r\n" }, REASON_VIA_SYNTAX, false },
		{ { .via = "Via:\r\n" }, REASON_VIA_SYNTAX, false },
		{ { .via = "Via: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n" }, REASON_VIA_SYNTAX, true },
		{ { .via = "Via: SIP/2.0/UDP h;branch=z9hG4bKa,\r\n" }, REASON_VIA_SYNTAX, true },
		{ { .via = "Via: SIP/2.0/UDP h;branch=z9hG4bK\r\n" }, REASON_BRANCH_EMPTY, true },
		{ { .via = "Via: SIP/2.0/UDP h;branch=Z9HG4BK\r\n" }, REASON_BRANCH_EMPTY, true },
		{ { .via = "Via: SIP/2.0/UDP h\r\n" }, VERDICT_REASON_NONE, true },
		{ { .from = "" }, REASON_FROM_MISSING, true },
		{ { .from = "From: \"open <sip:a@b>;tag=1\r\n" }, REASON_FROM_SYNTAX, true },
		{ { .from = "From: <sip:a@b;tag=1\r\n" }, REASON_FROM_SYNTAX, true },
		{ { .from = "From: Bell, A <sip:a@b>;tag=1\r\n" }, REASON_FROM_SYNTAX, true },
		{ { .from = "From: <sip:a@b>;tag=1, <sip:c@d>\r\n" }, REASON_FROM_SYNTAX, true },
		{ { .from = "From: <sip:a@b>;tag=1;tag=2\r\n" }, REASON_FROM_SYNTAX, true },
		{ { .from = "From: <sip:a@b>;tag\r\n" }, REASON_FROM_SYNTAX, true },
		{ { .from = "From:\r\n" }, REASON_FROM_SYNTAX, true },
		{ { .from = "From: nobody\r\n" }, REASON_FROM_SYNTAX, true },
		{ { .from = "From: <sip:a@b>\r\n" }, VERDICT_REASON_NONE, true },
		{ { .from = "From: caller<sip:a@b>;tag=323\r\n" }, VERDICT_REASON_NONE, true },
		{ { .from = "From: <http://x.example.com>;tag=3\r\n" }, VERDICT_REASON_NONE, true },
		{ { .to = "" }, REASON_TO_MISSING, true },
		{ { .to = "To: \"Mr. J. <sip:j@b>\r\n" }, REASON_TO_SYNTAX, true },
		{ { .to = "To: \"W, T\" < sip:t@b >\r\n" }, REASON_TO_SYNTAX, true },
		{ { .to = "To: isbn:2983792873\r\n" }, VERDICT_REASON_NONE, true },
		{ { .to = "To: \"<sip:x;tag=no>;tag=no\" <sip:t@b;tag=no>;a;b=c\r\n" },
		  VERDICT_REASON_NONE, true },
		{ { .call_id = "" }, REASON_CALL_ID_MISSING, true },
		{ { .call_id = "Call-ID:\r\n" }, REASON_CALL_ID_SYNTAX, true },
		{ { .call_id = "Call-ID: a b\r\n" }, REASON_CALL_ID_SYNTAX, true },
		{ { .call_id = "Call-ID: a\r\n b\r\n" }, REASON_CALL_ID_SYNTAX, true },
		{ { .cseq = "" }, REASON_CSEQ_MISSING, true },
		{ { .cseq = "CSeq: OPTIONS\r\n" }, REASON_CSEQ_SYNTAX, true },
		{ { .cseq = "CSeq: 1\r\n" }, REASON_CSEQ_SYNTAX, true },
		{ { .cseq = "CSeq: 1 \r\n" }, REASON_CSEQ_SYNTAX, true },
		{ { .cseq = "CSeq: 1OPTIONS\r\n" }, REASON_CSEQ_SYNTAX, true },
		{ { .cseq = "CSeq: -1 OPTIONS\r\n" }, REASON_CSEQ_SYNTAX, true },
		{ { .cseq = "CSeq: 1 OPTIONS x\r\n" }, REASON_CSEQ_SYNTAX, true },
		{ { .cseq = "CSeq: 4294967296 OPTIONS\r\n" }, REASON_CSEQ_SYNTAX, true },
		{ { .cseq = "CSeq: 36893488147419103232 OPTIONS\r\n" }, REASON_CSEQ_SYNTAX, true },
		{ { .cseq = "CSeq: 4294967295 OPTIONS\r\n" }, VERDICT_REASON_NONE, true },
		{ { .cseq = "CSeq: 8 INVITE\r\n" }, REASON_CSEQ_METHOD, true },
		{ { .cseq = "CSeq: 8 options\r\n" }, REASON_CSEQ_METHOD, true },
		{ { .more = "f: <sip:a@b>;tag=2\r\n" }, REASON_DUPLICATE_HEADER, true },
		{ { .more = "t: <sip:a@b>\r\n" }, REASON_DUPLICATE_HEADER, true },
		{ { .more = "i: c2\r\n" }, REASON_DUPLICATE_HEADER, true },
		{ { .more = "CSeq: 7 OPTIONS\r\n" }, REASON_DUPLICATE_HEADER, true },
		{ { .more = "Max-Forwards: 1\r\nMax-Forwards: 1\r\n" }, REASON_DUPLICATE_HEADER, true },
		{ { .more = "Content-Length: 0\r\nl: 0\r\n" }, REASON_DUPLICATE_HEADER, true },
		{ { .more = "Max-Forwards: -1\r\n" }, REASON_MAX_FORWARDS_SYNTAX, true },
		{ { .more = "Max-Forwards:\r\n" }, REASON_MAX_FORWARDS_SYNTAX, true },
		{ { .more = "Content-Length: -999\r\n" }, REASON_CONTENT_LENGTH_SYNTAX, true },
		{ { .more = "Content-Length: five\r\n" }, REASON_CONTENT_LENGTH_SYNTAX, true },
		{ { .more = "Content-Length:\r\n" }, REASON_CONTENT_LENGTH_SYNTAX, true },
		{ { .more = "Content-Length: 1\r\n" }, REASON_BODY_SHORT, true },
		{ { .more = "l: 18446744073709551616\r\n" }, REASON_BODY_SHORT, true },
		/* What a proxy does not need is never a reason (RFC 3261 §16.3 item 1). */
		{ { .more = "Date: Fri, 01 Jan 2010 16:00:00 EST\r\nExpires: 1000000000000000\r\n"
			    "Contact: \"Joe\" <sip:joe@example.org>;;;;\r\nAccept: ,,\r\n"
			    "Timestamp: x\r\nContact: sip:u@example.com?Route=%3Csip:a%3E\r\n" },
		  VERDICT_REASON_NONE, true },
		/* An ACK has no response. */
		{ { .start = "ACK sip:a@b SIP/2.0\r\n", .cseq = "CSeq: 1 INVITE\r\n" },
		  REASON_CSEQ_METHOD, false },
		{ { .start = " ACK sip:a@b SIP/2.0\r\n", .cseq = "CSeq: 1 ACK\r\n" },
		  REASON_START_LINE, false },
		{ { .start = "ACK  sip:a@b SIP/2.0\r\n" }, REASON_START_LINE, false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct rows *w = &cases[i].with;
		enum verdict_reason reason =
			PARSE_WITH(w->start, w->via, w->from, w->to, w->call_id, w->cseq, w->more, w->body);
		if (reason != cases[i].reason)
			fail_msg("case %zu: %d, not %d", i, (int)reason, (int)cases[i].reason);
		if (sip_message_is_answerable(&msg) != cases[i].answerable)
			fail_msg("case %zu: answerable is not %d", i, cases[i].answerable);
	}
}

static void tags_come_from_the_header_not_the_uri(void **)
{
	assert_sound(.to = "To: \"<sip:x;tag=no>;tag=no\" <sip:t@b;tag=no>;a=\";tag=no\" ; TAG = y\r\n");
	assert_slice(msg.to_tag, "y");
	assert_sound(.to = "To: sip:t@b;tag=y\r\n"); /* §20.10: without <> all belongs to To */
	assert_slice(msg.to_tag, "y");
	assert_sound(.to = "To: <sip:t@b;tag=no>\r\n");
	assert_int_equal(msg.to_tag.len, 0);
}

static void numbers_are_clamped(void **)
{
	assert_sound(.more = "Max-Forwards: 300\r\n");
	assert_int_equal(msg.max_forwards, 255);
	assert_sound(.more = "Max-Forwards: 1000000000000000000000000000000000000000\r\n");
	assert_int_equal(msg.max_forwards, 255);
	/* Digits are taken eight at a time: lengths around that, and leading zeros. */
	assert_sound(.more = "Max-Forwards: 0000007\r\n");
	assert_int_equal(msg.max_forwards, 7);
	assert_sound(.more = "Max-Forwards: 00000042\r\n");
	assert_int_equal(msg.max_forwards, 42);
	assert_sound(.more = "Max-Forwards: 000000000123\r\n");
	assert_int_equal(msg.max_forwards, 123);
	assert_reason(REASON_MAX_FORWARDS_SYNTAX, .more = "Max-Forwards: 12345678x\r\n");
	assert_reason(REASON_MAX_FORWARDS_SYNTAX, .more = "Max-Forwards: 1/\r\n");
	assert_reason(REASON_MAX_FORWARDS_SYNTAX, .more = "Max-Forwards: 1:\r\n");
	assert_reason(REASON_MAX_FORWARDS_SYNTAX, .more = "Max-Forwards: 1\xb1\r\n");
	assert_sound(.cseq = "CSeq: 12345678 OPTIONS\r\n");
	assert_int_equal(msg.cseq, 12345678);
	assert_sound(.cseq = "CSeq: 0000000004294967295 OPTIONS\r\n");
	assert_int_equal(msg.cseq, 4294967295u);
	assert_slice(msg.cseq_number, "0000000004294967295");
	assert_sound(.via = "Via: SIP/2.0/UDP h:0000065535;branch=z9hG4bKa\r\n");
	assert_int_equal(msg.via.port, 65535);
	assert_sound(.more = "Max-Forwards: 0\r\n");
	assert_int_equal(msg.max_forwards, 0);
	assert_sound(.more = "");
	assert_int_equal(msg.max_forwards, -1);
}

/* shows: 9, 12 */
static void the_body_ends_where_content_length_says(void **)
{
	assert_sound(.more = "Content-Length: 3\r\n", .body = "\r\nabcINVITE sip:x SIP/2.0\r\n\r\n");
	assert_int_equal(msg.len - msg.body, 3);
	assert_memory_equal(msg.bytes + msg.body, "abc", 3);
	assert_true(msg.has_content_length);
	assert_sound(.body = "\r\nabcde");
	assert_int_equal(msg.len - msg.body, 5);
	assert_false(msg.has_content_length);
}

static void bare_line_feeds_and_leading_line_ends_are_taken(void **)
{
	assert_int_equal(parse("\r\n\n\r\nBYE sip:a@b SIP/2.0\nv:SIP/2.0/UDP h\nf:<sip:a@b>;tag=1\n"
			       "t:<sip:a@b>;tag=2\ni:c\nCSeq:1 BYE\n\nx"),
			 VERDICT_REASON_NONE);
	assert_int_equal(msg.bytes[0], 'B');
	assert_int_equal(msg.len - msg.body, 1);
	assert_slice(msg.call_id, "c");
	assert_int_equal(msg.header_count, 5);
	assert_int_equal(parse("\r\n\r\n"), REASON_START_LINE);
	assert_int_equal(parse(""), REASON_START_LINE);
	assert_int_equal(msg.uri.all.len + msg.via.value.len, 0);
	assert_false(sip_message_is_answerable(&msg));
	assert_int_equal(parse("x"), REASON_NO_END_OF_HEADERS);
	assert_int_equal(msg.uri.all.len + msg.via.value.len, 0);
	assert_reason(REASON_VIA_MISSING, .via = "");
	assert_int_equal(msg.via.value.len, 0);
	assert_reason(REASON_START_LINE, .start = "OPTIONS\r\n");
	assert_int_equal(msg.uri.all.len, 0);
	assert_int_equal(parse("x"), REASON_NO_END_OF_HEADERS);
	assert_false(sip_message_is_answerable(&msg));
}

static void more_rows_than_the_table_holds_are_refused(void **)
{
	static char rows[60000];
	size_t len = 0;

	for (int i = 0; i < SIP_HEADERS_MAX - 5; i++)
		len += (size_t)snprintf(rows + len, sizeof(rows) - len, "X-%d: y\r\n", i);
	assert_sound(.more = rows);
	assert_int_equal(msg.header_count, SIP_HEADERS_MAX);
	snprintf(rows + len, sizeof(rows) - len, "Allow: y\r\n");
	assert_reason(REASON_TOO_MANY_HEADERS, .more = rows);
	assert_int_equal(msg.header_count, SIP_HEADERS_MAX);
	assert_true(sip_message_is_answerable(&msg));
	for (len = 0; len + 9 < sizeof(rows);)
		len += (size_t)snprintf(rows + len, sizeof(rows) - len, "X: y\r\n");
	assert_reason(REASON_TOO_MANY_HEADERS, .more = rows);
	/* Few rows, many folds. */
	len = (size_t)snprintf(rows, sizeof(rows), "X: y\r\n");
	for (int i = 0; i < SIP_INDEX_MARKS_MAX; i++)
		len += (size_t)snprintf(rows + len, sizeof(rows) - len, " z\r\n");
	assert_reason(REASON_TOO_MANY_HEADERS, .more = rows);
}

/* shows: 16 */
static void the_longest_datagram_is_parsed(void **)
{
	static char text[SIP_DATAGRAM_MAX + 2];
	int len = snprintf(text, sizeof(text), "%s%s%s%s%s%sX: ", sound.start, sound.via, sound.from,
			   sound.to, sound.call_id, sound.cseq);

	memset(text + len, 'x', sizeof(text) - (size_t)len);
	memcpy(text + SIP_DATAGRAM_MAX - 4, "\r\n\r\n", 4);
	assert_int_equal(parse_bytes(text, SIP_DATAGRAM_MAX), VERDICT_REASON_NONE);
	assert_int_equal(msg.headers_end, SIP_DATAGRAM_MAX - 2);
	assert_int_equal(msg.body, SIP_DATAGRAM_MAX);
	assert_int_equal(parse_bytes(text, SIP_DATAGRAM_MAX + 1), REASON_START_LINE);
}

static void the_peek_finds_what_the_parser_finds(void **)
{
	struct span id;

	/* parse_bytes compares the two on everything above; here is what the peek must not take. */
	assert_false(sip_message_peek_call_id("x", 1, &id));
	assert_false(sip_message_peek_call_id("A\r\nB: c\r\n\r\nCall-ID: body\r\n", 26, &id));
	assert_false(sip_message_peek_call_id("A\r\nB: c\r\n Call-ID: fold\r\n\r\n", 27, &id));
	assert_false(sip_message_peek_call_id("A\r\nCall-IDs: x\r\nCall\r\n\r\n", 25, &id));
	assert_true(sip_message_peek_call_id("A\r\nC: x\r\nContact: y\r\ncALL-id \t:  z \r\n\r\n", 41, &id));
	assert_span(id, "z");
	assert_true(sip_message_peek_call_id("A\ni:z\n", 6, &id));
	assert_span(id, "z");
	assert_true(sip_message_peek_call_id("A\ni:z", 5, &id));
	assert_span(id, "z");
}

static int index_use(void **state)
{
	return sip_index_use((enum sip_index_kind)(uintptr_t)*state) ? 0 : -1;
}

int main(void)
{
	int failed = 0;

	for (uintptr_t kind = 0; kind < SIP_INDEX_KINDS; kind++) {
		if (!sip_index_supported((enum sip_index_kind)kind))
			continue;
#define TEST(name) { #name, name, index_use, NULL, (void *)kind }
		const struct CMUnitTest tests[] = {
			TEST(an_invite_is_decoded),
			TEST(a_response_is_decoded),
			TEST(folds_blanks_and_compact_names_are_read),
			TEST(odd_characters_pass_where_the_grammar_has_them),
			TEST(control_characters_are_refused_unless_escaped),
			TEST(start_lines_are_judged),
			TEST(rows_are_judged),
			TEST(tags_come_from_the_header_not_the_uri),
			TEST(numbers_are_clamped),
			TEST(the_body_ends_where_content_length_says),
			TEST(bare_line_feeds_and_leading_line_ends_are_taken),
			TEST(more_rows_than_the_table_holds_are_refused),
			TEST(the_longest_datagram_is_parsed),
			TEST(the_peek_finds_what_the_parser_finds),
		};
		failed += cmocka_run_group_tests(tests, NULL, NULL);
	}
	return failed;
}
