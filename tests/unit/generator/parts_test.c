/* SPDX-License-Identifier: BSD-3-Clause */
/* Mixes, numbers, templates, shapes, and what creation refuses. */
#include "fixture.h"

#include <string.h>

#include "generator/engine.h"

static void a_mix_is_read(void **)
{
	struct traffic_mix mix;
	const char *error = NULL;

	assert_true(traffic_mix_parse(SPAN("call=8,register=1, options = 2,cancel"), &mix, &error));
	assert_int_equal(mix.weights[TRAFFIC_FLOW_CALL], 8);
	assert_int_equal(mix.weights[TRAFFIC_FLOW_OPTIONS], 2);
	assert_int_equal(mix.weights[TRAFFIC_FLOW_CANCEL], 1);
	assert_int_equal(mix.weights[TRAFFIC_FLOW_CHALLENGE], 0);
}

static void a_mistaken_mix_is_refused_with_what_is_accepted(void **)
{
	static const char *const mistakes[] = { "", "calls=1", "call=", "call=-1", "call=0",
						"call=1001", "call=600,options=600", "call=1,,", "," };

	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++) {
		struct traffic_mix mix = { .weights = { 42 } };
		const char *error = NULL;
		if (traffic_mix_parse(span_of_string(mistakes[i]), &mix, &error))
			fail_msg("'%s' is no mix", mistakes[i]);
		assert_non_null(error);
		assert_int_equal(mix.weights[0], 42);
	}
	assert_false(traffic_mix_parse(SPAN("x"), &(struct traffic_mix){ { 0 } }, NULL));
}

static void weights_are_spread_evenly(void **)
{
	uint8_t order[TRAFFIC_WEIGHTS_MAX];
	struct traffic_mix mix = { .weights = { [TRAFFIC_FLOW_CALL] = 6, [TRAFFIC_FLOW_OPTIONS] = 2 } };
	uint32_t options = 0;

	assert_int_equal(flow_order_make(&mix, order), 8);
	for (uint32_t i = 0; i < 8; i++) {
		options += order[i] == TRAFFIC_FLOW_OPTIONS;
		if (i == 3)
			assert_int_equal(options, 1);
	}
	assert_int_equal(options, 2);
}

static void numbers_come_back(void **)
{
	char digits[NUMBER_DIGITS];
	uint64_t number;

	for (uint64_t i = 0; i < 2000; i++) {
		uint64_t serial = hash_mix64(i) >> (i % 64);
		number_put(digits, number_of_serial(99, serial));
		assert_true(number_read(digits, &number));
		assert_int_equal(number_to_serial(99, number), serial);
	}
	number_put(digits, 0x0123456789abcdefu);
	assert_memory_equal(digits, "0123456789abcdef", NUMBER_DIGITS);
	/* Every octet that is no digit, at every place. */
	for (uint32_t at = 0; at < NUMBER_DIGITS; at++) {
		for (int octet = 0; octet < 256; octet++) {
			const bool good = (octet >= '0' && octet <= '9') ||
					  (octet >= 'a' && octet <= 'f');
			memcpy(digits, "0123456789abcdef", NUMBER_DIGITS);
			digits[at] = (char)octet;
			assert_int_equal(number_read(digits, &number), good);
		}
	}
}

static void every_template_is_a_sound_message(void **)
{
	struct endpoint address = { .port = 0 };
	static struct sip_message msg;
	char text[TRAFFIC_OCTETS_MAX];

	assert_true(endpoint_parse(SPAN("[2001:db8:1234:5678:9abc:def0:1234:5678]:50600"), 0, &address));
	const struct traffic_config config = { .callers = &address, .targets = &address,
					       .caller_count = 1, .target_count = 1 };
	struct template_set *set = template_set_create(&config);
	assert_non_null(set);
	for (int kind = MESSAGE_NONE + 1; kind < MESSAGE_OTHER_PROVISIONAL; kind++) {
		const bool needs_via = messages[kind].status;
		struct template_values values = { .digits = "0123456789abcdef", .cseq = '2' };
		values.rows = needs_via ? "Via: SIP/2.0/UDP a;branch=z9hG4bKx\r\n" :
			      kind == MESSAGE_ACK_REFUSAL ? "To: <sip:b@c>;tag=d\r\n" : "";
		values.rows_len = (uint32_t)strlen(values.rows);
		uint32_t len = template_render(set, (enum message)kind, &values, text, sizeof(text));
		enum verdict_reason reason = sip_message_parse(&msg, text, len);
		if (!len || reason != VERDICT_REASON_NONE || msg.len != len)
			fail_msg("%s: %s\n%.*s", messages[kind].text, verdict_reasons[reason].name,
				 (int)len, text);
		assert_int_equal(msg.method, messages[kind].method);
		assert_int_equal(msg.status, messages[kind].status);
		assert_int_equal(msg.via_values, 1);
		assert_null(memchr(text, '#', len));
		assert_true(msg.has_content_length);
		/* Not a single octet past the room that there is. */
		assert_int_equal(template_render(set, (enum message)kind, &values, text, 200), 0);
	}
	template_set_destroy(set);
}

/* A shape stands for the message that it was learnt from: one octet more, less or other is not
 * of it, but where variables stand. */
static void a_shape_notices_every_octet_that_is_no_variable(void **)
{
	static const char text[] =
		"BYE sip:a@198.51.100.11:5060 SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bKabcdef;tandem=0123\r\n"
		"Via: SIP/2.0/UDP 192.0.2.50:5060;rport;branch=z9hG4bKb20123456789abcdef\r\n"
		"Call-ID: 0123456789abcdef-0123456789abcd@bench.example\r\n"
		"CSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n";
	const struct shape_place place = { .side = TRAFFIC_TARGETS, .local = 1, .target = 1 };
	struct shape_set *set = shape_set_create(1);
	const char *via = strstr(text, "SIP/2.0/UDP 198"), *own = strstr(text, "SIP/2.0/UDP 192");
	const char *branch = strstr(text, "z9hG4bKabcdef"), *hint = strstr(text, "0123\r\n");
	const char *digits;
	struct received learnt = {
		.data = text, .len = sizeof(text) - 1, .kind = MESSAGE_BYE, .via_count = 2,
		.via = { { (uint16_t)(via - text), (uint16_t)(strcspn(via, "\r")) },
			 { (uint16_t)(own - text), (uint16_t)(strcspn(own, "\r")) } },
		.branch = { (uint16_t)(branch - text), 13 },
	}, got;
	char other[sizeof(text)];

	assert_non_null(set);
	assert_null(shape_guess_number(set, TRAFFIC_TARGETS, text, sizeof(text) - 1));
	digits = shape_find_number(set, TRAFFIC_TARGETS, text, sizeof(text) - 1);
	assert_non_null(digits);
	assert_ptr_equal(shape_guess_number(set, TRAFFIC_TARGETS, text, sizeof(text) - 1), digits);
	assert_false(shape_match(set, &place, text, sizeof(text) - 1, digits, true, &got));
	assert_true(shape_learn(set, &place, digits, &learnt));
	assert_true(shape_match(set, &place, text, sizeof(text) - 1, digits, true, &got));
	assert_int_equal(got.kind, MESSAGE_BYE);
	assert_ptr_equal(got.data, text);
	for (uint32_t i = 0; i < sizeof(text) - 1; i++) {
		const char *at = text + i;
		const bool variable = (at >= branch && at < branch + 13) ||
				      (at >= hint && at < hint + 4);
		memcpy(other, text, sizeof(text));
		other[i] = other[i] == 'x' ? 'y' : 'x';
		if (shape_match(set, &place, other, sizeof(text) - 1, digits, true, &got) != variable)
			fail_msg("octet %u: '%.20s'", i, at);
		for (int octet = 0; octet < 256 && variable; octet++) {
			other[i] = (char)octet;
			if (shape_match(set, &place, other, sizeof(text) - 1, digits, true, &got) !=
			    octets_are(OCTET_TOKEN, other + i, 1))
				fail_msg("octet %u as 0x%02x", i, (unsigned)octet);
		}
	}
	assert_false(shape_match(set, &place, text, sizeof(text) - 2, digits, true, &got));
	assert_false(shape_match(set, &(struct shape_place){ .side = TRAFFIC_TARGETS, .local = 1,
							     .target = 1, .caller = 1 },
				 text, sizeof(text) - 1, digits, true, &got));
	shape_set_destroy(set);
}

static void classes_of_octets_are_those_of_the_grammar(void **)
{
	for (int i = 0; i < 256; i++) {
		const char octet = (char)i;
		const bool letter = (i >= '0' && i <= '9') || (i >= 'A' && i <= 'Z') ||
				    (i >= 'a' && i <= 'z');
		assert_int_equal(octets_are(OCTET_TOKEN, &octet, 1),
				 letter || (i && strchr("-.!%*_+`'~", i)));
		assert_int_equal(octets_are(OCTET_PARAMETER, &octet, 1),
				 letter || (i && strchr("-_.!~*'()%[]/:&+$", i)));
	}
	assert_true(octets_are(OCTET_TOKEN, "z9hG4bK", 7));
	assert_false(octets_are(OCTET_TOKEN, "z9hG4b\r", 7));
}

/* Of Record-Route the values of parameters alone may be others, and of octets that may stand there:
 * also where the last vector would reach past the message's end. */
static void a_shape_leaves_only_parameters_of_record_route_open(void **)
{
	static const char text[] =
		"SIP/2.0 180 Ringing\r\nCSeq: 1 INVITE\r\n"
		"Call-ID: 0123456789abcdef-0123456789abcd@bench.example\r\n"
		"Record-Route: <sip:198.51.100.1:5060;lr;t=0123456789012345678901234567890123>;x=y\r\n\r\n";
	const struct shape_place place = { .side = TRAFFIC_CALLERS };
	struct shape_set *set = shape_set_create(1);
	const char *rr = strstr(text, "<sip:"), *value = strstr(text, "t=0") + 2;
	const char *digits = shape_find_number(set, TRAFFIC_CALLERS, text, sizeof(text) - 1);
	const struct received learnt = {
		.data = text, .len = sizeof(text) - 1, .kind = MESSAGE_RINGING, .status = 180,
		.rr_count = 1, .rr = { { (uint16_t)(rr - text), (uint16_t)strcspn(rr, "\r") } },
	};
	struct received got;
	char other[sizeof(text)];

	assert_non_null(digits);
	assert_true(shape_learn(set, &place, digits, &learnt));
	for (uint32_t i = 0; i < sizeof(text) - 1; i++) {
		const char *at = text + i;
		const bool variable = (at >= value && at < value + 34) || *at == 'y';
		memcpy(other, text, sizeof(text));
		for (int octet = 0; octet < 256; octet++) {
			other[i] = (char)octet;
			const bool same = other[i] == text[i];
			if (shape_match(set, &place, other, sizeof(text) - 1, digits, true, &got) !=
			    (same || (variable && octets_are(OCTET_PARAMETER, other + i, 1))))
				fail_msg("octet %u as 0x%02x", i, (unsigned)octet);
		}
	}
	shape_set_destroy(set);
}

/* More shapes than there is room for: the oldest give way, and nothing else happens. */
static void shapes_give_way_to_newer_ones(void **)
{
	char text[600];
	struct shape_set *set = shape_set_create(1);
	struct received got;

	assert_non_null(set);
	for (uint32_t i = 0; i < 5000; i++) {
		int len = snprintf(text, sizeof(text),
				   "BYE sip:a@b SIP/2.0\r\nCall-ID: 0123456789abcdef"
				   "-0123456789abcd@bench.example\r\nX: %0*u\r\nCSeq: 2 BYE\r\n\r\n", (int)(1 + i % 300), i);
		const struct shape_place place = { .side = 1, .local = (uint16_t)(i % 7) };
		const struct received learnt = { .data = text, .len = (uint16_t)len,
						 .kind = MESSAGE_BYE };
		const char *digits = shape_find_number(set, 1, text, (uint32_t)len);
		assert_non_null(digits);
		assert_true(shape_learn(set, &place, digits, &learnt));
		assert_true(shape_match(set, &place, text, (uint32_t)len, digits, true, &got));
	}
	shape_set_destroy(set);
}

static void creation_refuses_what_cannot_be(void **)
{
	struct endpoint address = { .port = 0 };
	char error[128];

	assert_true(endpoint_parse(SPAN("192.0.2.1"), 5060, &address));
	const struct traffic_config good = { .callers = &address, .targets = &address,
					     .caller_count = 1, .target_count = 1, .direct = true,
					     .calls_max = 1000, .tsc_hz = VIRTUAL_HZ };
	struct traffic *t = traffic_create(&good, 1, error, sizeof(error));
	assert_non_null(t);
	const struct traffic_trial bad = { .rate = 0, .seconds = 1, .mix = { { 1 } } };
	assert_false(traffic_begin(t, &bad, 2));
	traffic_destroy(t);
	for (int i = 0; i < 5; i++) {
		struct traffic_config config = good;
		config.caller_count = i == 0 ? 0 : 1;
		config.target_count = i == 1 ? TRAFFIC_TARGETS_MAX + 1 : 1;
		config.calls_max = i == 2 ? 0 : 1;
		config.tsc_hz = i == 3 ? 0 : VIRTUAL_HZ;
		config.direct = i != 4;
		error[0] = '\0';
		assert_null(traffic_create(&config, 1, error, sizeof(error)));
		assert_true(error[0]);
	}
}

static void a_call_takes_the_octets_that_the_header_tells(void **)
{
	struct endpoint address = { .port = 0 };
	char error[128];

	assert_true(endpoint_parse(SPAN("192.0.2.1"), 5060, &address));
	struct traffic_config config = { .callers = &address, .targets = &address,
					 .caller_count = 1, .target_count = 1, .direct = true,
					 .calls_max = 1000, .tsc_hz = VIRTUAL_HZ };
	struct traffic *t = traffic_create(&config, 1, error, sizeof(error));
	size_t few = traffic_octets(t);
	traffic_destroy(t);
	config.calls_max = 21000;
	t = traffic_create(&config, 1, error, sizeof(error));
	assert_in_range((traffic_octets(t) - few) / 20000, 1, TRAFFIC_CALL_OCTETS);
	traffic_destroy(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mix_is_read),
		cmocka_unit_test(a_mistaken_mix_is_refused_with_what_is_accepted),
		cmocka_unit_test(weights_are_spread_evenly),
		cmocka_unit_test(numbers_come_back),
		cmocka_unit_test(every_template_is_a_sound_message),
		cmocka_unit_test(a_shape_notices_every_octet_that_is_no_variable),
		cmocka_unit_test(classes_of_octets_are_those_of_the_grammar),
		cmocka_unit_test(a_shape_leaves_only_parameters_of_record_route_open),
		cmocka_unit_test(shapes_give_way_to_newer_ones),
		cmocka_unit_test(creation_refuses_what_cannot_be),
		cmocka_unit_test(a_call_takes_the_octets_that_the_header_tells),
	};

	return cmocka_run_group_tests_name("generator-parts", tests, NULL, NULL);
}
