/* SPDX-License-Identifier: BSD-3-Clause */
#include "sip/sdp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const char head[] = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\n";

static void expect_rejection(const char *offer, const char *rest)
{
	char text[512];
	struct text_writer w = text_writer_of(text, sizeof(text));

	sdp_put_rejection(&w, span_of_string(offer));
	struct span written = text_written(&w);
	assert_false(w.overflow);
	assert_true(written.len >= sizeof(head) - 1);
	assert_memory_equal(written.data, head, sizeof(head) - 1);
	assert_int_equal(written.len - (sizeof(head) - 1), strlen(rest));
	assert_memory_equal(written.data + sizeof(head) - 1, rest, strlen(rest));
}

static void each_stream_is_refused_by_port_0(void **)
{
	expect_rejection("v=0\r\no=a 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n"
			 "m=audio 49170/2 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\n"
			 "m=video 51372 RTP/SAVPF 31\r\n",
			 "t=0 0\r\nm=audio 0 RTP/AVP 0 8\r\nm=video 0 RTP/SAVPF 31\r\n");
}

static void the_time_is_the_offers(void **)
{
	expect_rejection("v=0\nt=2873397496 2873404696\nm=audio 1 RTP/AVP 0\n",
			 "t=2873397496 2873404696\r\nm=audio 0 RTP/AVP 0\r\n");
}

static void an_offer_cut_short_does_no_harm(void **)
{
	expect_rejection("", "t=0 0\r\n");
	expect_rejection("m=", "t=0 0\r\nm= 0\r\n");
	expect_rejection("m=audio", "t=0 0\r\nm=audio 0\r\n");
	expect_rejection("m=audio 5", "t=0 0\r\nm=audio 0\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_stream_is_refused_by_port_0),
		cmocka_unit_test(the_time_is_the_offers),
		cmocka_unit_test(an_offer_cut_short_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
