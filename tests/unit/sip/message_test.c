/* SPDX-License-Identifier: BSD-3-Clause */
/* sip/message.h: the parser on whole messages, its verdicts, and what a 400 is built from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sample.h"
#include "sip/message.h"

static struct sip_message msg;

static enum verdict_reason parse(const char *text)
{
	return sip_message_parse(&msg, text, (uint32_t)strlen(text));
}

#define assert_span(got, literal)                                                                  \
	do {                                                                                       \
		struct span got_ = (got);                                                          \
		assert_int_equal(got_.len, sizeof(literal) - 1);                                   \
		assert_memory_equal(got_.data, literal, sizeof(literal) - 1);                      \
	} while (0)
#define assert_slice(slice, literal) assert_span(sip_slice_span(&msg, slice), literal)

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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_invite_is_decoded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
