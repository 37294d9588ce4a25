/* SPDX-License-Identifier: BSD-3-Clause */
/* sip/uri.h: URIs, name-addr and parameters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sip/request_uri.h"
#include "sip/uri.h"

static struct sip_uri uri;
static struct sip_name_addr address;

#define assert_span(got, literal) assert_true(span_equal(got, SPAN(literal)))

static void every_part_of_a_sip_uri_is_found(void **)
{
	assert_true(sip_uri_decode(SPAN("sips:al:pw@ex.example.com:5062;transport=tcp;LR;maddr=192.0.2.1"
					";method=INVITE;user=phone?subject=x&a=b"),
				   &uri));
	assert_int_equal(uri.scheme, SIP_URI_SIPS);
	assert_span(uri.user, "al");
	assert_span(uri.host, "ex.example.com");
	assert_span(uri.host_port, "ex.example.com:5062");
	assert_int_equal(uri.port, 5062);
	assert_span(uri.params, ";transport=tcp;LR;maddr=192.0.2.1;method=INVITE;user=phone");
	assert_span(uri.headers, "?subject=x&a=b");
	assert_span(uri.transport, "tcp");
	assert_span(uri.maddr, "192.0.2.1");
	assert_span(uri.method, "INVITE");
	assert_true(uri.has_lr);
	assert_true(sip_uri_decode(SPAN("SiP:h?x=y"), &uri));
	assert_int_equal(uri.scheme, SIP_URI_SIP);
	assert_int_equal(uri.user.len + uri.params.len + uri.port, 0);
	assert_span(uri.headers, "?x=y");
	assert_false(uri.has_lr);
	assert_true(sip_uri_decode(SPAN("sip:h;lrx=1;xlr;transports=udp;transport"), &uri));
	assert_false(uri.has_lr);
	assert_int_equal(uri.transport.len, 0);
	assert_true(sip_uri_decode(SPAN("sip:h;lr?x=y;maddr=z"), &uri));
	assert_true(uri.has_lr);
	assert_span(uri.params, ";lr");
	assert_int_equal(uri.maddr.len, 0);
	assert_true(sip_uri_decode(SPAN("sip:h;maddr=192.0.2.1?x=y"), &uri));
	assert_span(uri.maddr, "192.0.2.1");
}

static void the_user_part_may_hold_separators(void **)
{
	assert_true(sip_uri_decode(SPAN("sip:u;par=u%40n?x/y,z@example.com"), &uri));
	assert_span(uri.user, "u;par=u%40n?x/y,z");
	assert_span(uri.host, "example.com");
	assert_int_equal(uri.params.len, 0);
}

static void ipv6_references_are_read(void **)
{
	assert_true(sip_uri_decode(SPAN("sip:[2001:db8::10]:5070;lr"), &uri));
	assert_span(uri.host, "2001:db8::10");
	assert_span(uri.host_port, "[2001:db8::10]:5070");
	assert_true(uri.host_is_ipv6 && uri.has_lr);
	assert_int_equal(uri.port, 5070);
	assert_true(sip_uri_decode(SPAN("sip:u@[2001:db8:::192.0.2.1]"), &uri)); /* RFC 5118 §4.10 */
	assert_span(uri.host, "2001:db8:::192.0.2.1");
}

static void other_schemes_are_not_malformed(void **)
{
	assert_true(sip_uri_decode(SPAN("tel:+49-30-555;phone-context=x"), &uri));
	assert_int_equal(uri.scheme, SIP_URI_TEL);
	assert_span(uri.host, "+49-30-555");
	assert_span(uri.params, ";phone-context=x");
	assert_true(sip_uri_decode(SPAN("soap.beep://192.0.2.103:3002"), &uri));
	assert_int_equal(uri.scheme, SIP_URI_OTHER);
	assert_true(sip_uri_decode(SPAN("sipx:h"), &uri));
	assert_int_equal(uri.scheme, SIP_URI_OTHER);
	assert_span(uri.all, "sipx:h");
}

static void malformed_uris_are_refused(void **)
{
	static const char *const bad[] = {
		"", ":", "sip", "sip:", "1sip:h", "si p:h", "sip: h", "sip:h ", "sip:@h", "sip:u@",
		"sip::pw@h", "sip:u@h@i", "sip:h:", "sip:h:x", "sip:h:0", "sip:h:65536", "sip:2001:db8::1",
		"sip:[::1", "sip:[]", "sip:[::1]x", "sip:h/x", "sip:<h>", "sip:\"h\"", "sip:h\x7f",
		"sip:h\r\n ;lr", "tel:", "tel:;x", "sip:h,i", "x:a b",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (sip_uri_decode(span_of_string(bad[i]), &uri))
			fail_msg("taken: %s", bad[i]);
	}
	assert_false(sip_uri_decode(span_of("sip:h\0i", 7), &uri));
}

static void addresses_are_read_with_and_without_brackets(void **)
{
	assert_true(sip_name_addr_decode(SPAN(" \"A, \\\" <B>\"  <sip:a@b;lr?x=,> ; q=1 "), &address));
	assert_span(address.display, "\"A, \\\" <B>\"");
	assert_span(address.uri, "sip:a@b;lr?x=,");
	assert_span(address.params, "; q=1");
	assert_true(address.has_brackets);
	assert_true(sip_name_addr_decode(SPAN("A B<sip:a@b>"), &address));
	assert_span(address.display, "A B");
	assert_int_equal(address.params.len, 0);
	assert_true(sip_name_addr_decode(SPAN("<sip:a@b>"), &address));
	assert_int_equal(address.display.len, 0);
	assert_true(sip_name_addr_decode(SPAN("sip:a@b;unknown"), &address));
	assert_span(address.uri, "sip:a@b");
	assert_span(address.params, ";unknown");
	assert_false(address.has_brackets);
	assert_true(sip_name_addr_decode(SPAN("\xc3\x84rger <sip:a@b>"), &address));
	assert_true(sip_name_addr_decode(SPAN("sip:a@b;x=\"\\\"<c>\";y=\"<\""), &address));
	assert_span(address.uri, "sip:a@b");
	assert_span(address.params, ";x=\"\\\"<c>\";y=\"<\"");
	assert_false(address.has_brackets);
}

static void malformed_addresses_are_refused(void **)
{
	static const char *const bad[] = {
		"", " ", "\"x <sip:a@b>", "\"x\"", "\"x\" sip:a@b", "<sip:a@b", "<>", "< sip:a@b>", "<sip:a@b >",
		"A, B <sip:a@b>", "A@B <sip:a@b>", "<sip:a@b> x", "<sip:a@b>,<sip:c@d>", "sip:a@b,sip:c@d",
		"bob", "<bob>", "sip:a@b;x=<y>", "sip:a b@c", "<a <sip:b>>",
		"sip:a@b;x=\"<\" <sip:c@d>", "sip:a@b;x=\"<", "a\"b<\" <sip:c@d>",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (sip_name_addr_decode(span_of_string(bad[i]), &address))
			fail_msg("taken: %s", bad[i]);
	}
}

static void parameters_are_found(void **)
{
	struct span params = SPAN(";a=b;C ; d = \"e;f=g\\\"\" ;h=;i=[::1];;a=z;j=k l;m=n");
	struct span value;

	assert_true(sip_param_find(params, SPAN("A"), &value));
	assert_span(value, "b");
	assert_true(sip_param_find(params, SPAN("c"), &value));
	assert_int_equal(value.len, 0);
	assert_true(sip_param_find(params, SPAN("d"), &value));
	assert_span(value, "\"e;f=g\\\"\"");
	assert_true(sip_param_find(params, SPAN("h"), &value));
	assert_int_equal(value.len, 0);
	assert_true(sip_param_find(params, SPAN("i"), &value));
	assert_span(value, "[::1]");
	assert_true(sip_param_find(params, SPAN("m"), &value));
	assert_span(value, "n");
	assert_false(sip_param_find(params, SPAN("f"), &value));
	assert_false(sip_param_find(params, SPAN("l"), &value));
	assert_false(sip_param_find(SPAN_EMPTY, SPAN("a"), &value));
	assert_false(sip_param_find(SPAN(";x=\"open;a=b"), SPAN("a"), &value));
}

/* shows: 82, 94 */
static void a_request_uri_is_written_without_what_it_may_not_have(void **)
{
	static const struct {
		const char *from, *to, *stripped, *with_host;
	} cases[] = {
		{ "sip:a@h", "sip:a@h", "sip:a@h", "sip:a@x:1" },
		{ "sip:a:p@h:5070;method=INVITE;maddr=192.0.2.1;x",
		  "sip:a:p@h:5070;maddr=192.0.2.1;x", "sip:a:p@h;x", "sip:a:p@x:1;maddr=192.0.2.1;x" },
		{ "SIP:h;METHOD=x;Method;MAddr=1;methods=2;maddr", "SIP:h;MAddr=1;methods=2;maddr",
		  "SIP:h;methods=2", "SIP:x:1;MAddr=1;methods=2;maddr" },
		{ "sip:a@[2001:db8::1]:5070;lr?Route=a&b=c", "sip:a@[2001:db8::1]:5070;lr",
		  "sip:a@[2001:db8::1];lr", "sip:a@x:1;lr" },
		{ "sip:a;maddr=user;b@[::1]?x=;method=y", "sip:a;maddr=user;b@[::1]",
		  "sip:a;maddr=user;b@[::1]", "sip:a;maddr=user;b@x:1" },
		{ "tel:+1;method=x;maddr=y", "tel:+1;method=x;maddr=y", "tel:+1;method=x;maddr=y",
		  "tel:+1;method=x;maddr=y" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *wanted[] = { cases[i].to, cases[i].stripped, cases[i].with_host };
		assert_true(sip_uri_decode(span_of_string(cases[i].from), &uri));
		for (size_t how = 0; how < ARRAY_SIZE(wanted); how++) {
			char text[128];
			struct text_writer w = text_writer_of(text, sizeof(text));
			sip_request_uri_put(&w, &uri, how == 1,
					    how == 2 ? SPAN("x:1") : SPAN_EMPTY);
			assert_true(span_equal(text_written(&w), span_of_string(wanted[how])));
			assert_false(w.overflow);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_of_a_sip_uri_is_found),
		cmocka_unit_test(the_user_part_may_hold_separators),
		cmocka_unit_test(ipv6_references_are_read),
		cmocka_unit_test(other_schemes_are_not_malformed),
		cmocka_unit_test(malformed_uris_are_refused),
		cmocka_unit_test(addresses_are_read_with_and_without_brackets),
		cmocka_unit_test(malformed_addresses_are_refused),
		cmocka_unit_test(parameters_are_found),
		cmocka_unit_test(a_request_uri_is_written_without_what_it_may_not_have),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
