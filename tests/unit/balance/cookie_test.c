/* SPDX-License-Identifier: BSD-3-Clause */
/* balance/cookie.h: what is signed comes back, and nothing else verifies. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "balance/cookie.h"
#include "support/snapshot_fixture.h"

#define CALL_ID SPAN("a84b4c76e66710@pc33.example.com")
#define CREATOR SPAN("1928301774")
#define OTHER   SPAN("a6c85cf")
#define BRANCH  SPAN("z9hG4bK0123456789abcdef0123456789abcdef00112233")

static struct snapshot_fixture *fixture;
static struct balance_snapshot *snapshot;

static int load(void **)
{
	char error[160];

	fixture = snapshot_fixture_create(
		"interface access address 192.0.2.1/24 address 2001:db8::1/64\n"
		"interface core address 198.51.100.1/24 address 198.51.100.2/24 "
		"address 2001:db8:1::1/64\n"
		"route-key 3 33\nroute-key 9 99\nroute-key 3 333\n",
		error, sizeof(error));
	if (!fixture)
		fail_msg("%s", error);
	snapshot = snapshot_fixture_edit(fixture);
	return 0;
}

static int unload(void **)
{
	snapshot_fixture_destroy(fixture);
	return 0;
}

static struct endpoint at(const char *endpoint)
{
	struct endpoint out;

	if (!endpoint_parse(span_of_string(endpoint), 0, &out))
		fail_msg("%s", endpoint);
	return out;
}

struct text {
	char bytes[128];
	size_t len;
};

static struct span span_of_text(const struct text *text)
{
	return span_of(text->bytes, text->len);
}

static struct text route_encode(const struct route_token *token)
{
	struct text text;
	struct text_writer w = text_writer_of(text.bytes, ROUTE_TOKEN_TEXT_MAX);

	route_token_encode(snapshot, token, CALL_ID, CREATOR, &w);
	assert_false(w.overflow);
	text.len = text_written(&w).len;
	return text;
}

static struct text hint_encode(const struct via_hint *hint)
{
	struct text text;
	struct text_writer w = text_writer_of(text.bytes, VIA_HINT_TEXT_MAX);

	via_hint_encode(snapshot, hint, BRANCH, &w);
	assert_false(w.overflow);
	text.len = text_written(&w).len;
	return text;
}

static enum route_token_side route_decode(struct span text, struct route_token *out)
{
	return route_token_decode(snapshot, text, CALL_ID, CREATOR, OTHER, out);
}

static struct route_token token_of(unsigned int n)
{
	struct route_token token = { .ingress = (uint8_t)(n % 16),
				     .egress = (uint8_t)(n / 3 % 16),
				     .inner = n & 1,
				     .service = n & 2 ? (uint16_t)(n & 0xff) : (uint16_t)(n * 77) };
	if (n % 3) {
		token.has_source = true;
		token.source = at(n % 3 == 1 ? "203.0.113.7:40001" : "[2001:db8:9::7]:5060");
	}
	return token;
}

static void assert_same_token(const struct route_token *a, const struct route_token *b)
{
	assert_int_equal(a->ingress, b->ingress);
	assert_int_equal(a->egress, b->egress);
	assert_int_equal(a->inner, b->inner);
	assert_int_equal(a->service, b->service);
	assert_int_equal(a->has_source, b->has_source);
	assert_true(endpoint_equal(&a->source, &b->source));
}

static void route_tokens_come_back_whole(void **)
{
	for (unsigned int n = 0; n < 2000; n++) {
		struct route_token token = token_of(n), back;
		struct text text = route_encode(&token);
		assert_int_equal(route_decode(span_of_text(&text), &back),
				 ROUTE_TOKEN_FROM_CREATOR);
		assert_same_token(&token, &back);
	}
}

static void route_tokens_are_short(void **)
{
	struct route_token token = { .ingress = 1, .service = 200 };

	assert_int_equal(route_encode(&token).len, 16);
	token.has_source = true;
	token.source = at("203.0.113.7:40001");
	assert_int_equal(route_encode(&token).len, 24);
	token.source = at("[2001:db8:9::7]:5060");
	token.service = UINT16_MAX;
	assert_true(route_encode(&token).len <= ROUTE_TOKEN_TEXT_MAX);
}

static void the_tag_tells_who_sends(void **)
{
	struct route_token token = { .egress = 1 }, back;
	struct text text = route_encode(&token);
	struct span t = span_of_text(&text);

	assert_int_equal(route_token_decode(snapshot, t, CALL_ID, CREATOR, OTHER, &back),
			 ROUTE_TOKEN_FROM_CREATOR);
	assert_int_equal(route_token_decode(snapshot, t, CALL_ID, OTHER, CREATOR, &back),
			 ROUTE_TOKEN_TO_CREATOR);
	assert_int_equal(route_token_decode(snapshot, t, CALL_ID, OTHER, OTHER, &back),
			 ROUTE_TOKEN_FORGED);
	assert_int_equal(route_token_decode(snapshot, t, CALL_ID, SPAN_EMPTY, SPAN_EMPTY, &back),
			 ROUTE_TOKEN_FORGED);
	assert_int_equal(route_token_decode(snapshot, t, SPAN("A84b4c76e66710@pc33.example.com"),
					    CREATOR, OTHER, &back),
			 ROUTE_TOKEN_FORGED);
	/* fields do not run into each other */
	assert_int_equal(route_token_decode(snapshot, t, SPAN("a84b4c76e66710@pc33.example.com1"),
					    SPAN("928301774"), OTHER, &back),
			 ROUTE_TOKEN_FORGED);
}

static void tags_compare_without_case(void **)
{
	struct route_token token = { .egress = 1 }, back;
	struct text text;
	struct text_writer w = text_writer_of(text.bytes, ROUTE_TOKEN_TEXT_MAX);

	route_token_encode(snapshot, &token, CALL_ID, SPAN("aBcDeFgHiJ"), &w);
	assert_int_equal(route_token_decode(snapshot, text_written(&w), CALL_ID, SPAN("AbCdEfGhIj"),
					    OTHER, &back),
			 ROUTE_TOKEN_FROM_CREATOR);
}

static void every_key_of_the_list_verifies_and_no_other(void **)
{
	struct route_token token = { .service = 4 }, back;

	for (uint32_t i = 0; i < snapshot->route_key_count; i++) {
		struct balance_route_key saved = snapshot->route_keys[0];
		snapshot->route_keys[0] = snapshot->route_keys[i];
		struct text text = route_encode(&token);
		snapshot->route_keys[0] = saved;
		assert_int_equal(route_decode(span_of_text(&text), &back),
				 ROUTE_TOKEN_FROM_CREATOR);
		struct hash_key key = snapshot->route_keys[i].key;
		snapshot->route_keys[i].key.k1 ^= 1;
		assert_int_equal(route_decode(span_of_text(&text), &back), ROUTE_TOKEN_FORGED);
		snapshot->route_keys[i].key = key;
		uint32_t count = snapshot->route_key_count;
		snapshot->route_key_count = 0;
		assert_int_equal(route_decode(span_of_text(&text), &back), ROUTE_TOKEN_FORGED);
		snapshot->route_key_count = count;
	}
}

static void no_flipped_bit_of_a_route_token_passes(void **)
{
	for (unsigned int n = 0; n < 12; n++) {
		struct route_token token = token_of(n), back;
		struct text text = route_encode(&token);
		for (size_t bit = 0; bit < 8 * text.len; bit++) {
			text.bytes[bit / 8] ^= (char)(1 << bit % 8);
			assert_int_equal(route_decode(span_of_text(&text), &back),
					 ROUTE_TOKEN_FORGED);
			text.bytes[bit / 8] ^= (char)(1 << bit % 8);
		}
		for (size_t len = 0; len < text.len; len++)
			assert_int_equal(route_decode(span_of(text.bytes, len), &back),
					 ROUTE_TOKEN_FORGED);
		text.bytes[text.len] = 'A';
		for (size_t more = 1; more < 5; more++) {
			text.bytes[text.len + more] = 'A';
			assert_int_equal(route_decode(span_of(text.bytes, text.len + more), &back),
					 ROUTE_TOKEN_FORGED);
		}
	}
}

static void what_cannot_be_signed_is_refused(void **)
{
	struct route_token token = { .ingress = BALANCE_INTERFACES_MAX };
	struct via_hint hint = { .answer = at("192.0.2.7:5060"),
				 .ingress = BALANCE_INTERFACES_MAX };
	char bytes[128];
	struct text_writer w = text_writer_of(bytes, sizeof(bytes));

	route_token_encode(snapshot, &token, CALL_ID, CREATOR, &w);
	assert_true(w.overflow);
	w = text_writer_of(bytes, sizeof(bytes));
	token.ingress = 0;
	snapshot->route_key_count = 0;
	route_token_encode(snapshot, &token, CALL_ID, CREATOR, &w);
	assert_true(w.overflow);
	w = text_writer_of(bytes, sizeof(bytes));
	via_hint_encode(snapshot, &hint, BRANCH, &w);
	assert_true(w.overflow);
	w = text_writer_of(bytes, sizeof(bytes));
	hint.ingress = 0;
	hint.answer.address.family = IP_NONE;
	via_hint_encode(snapshot, &hint, BRANCH, &w);
	assert_true(w.overflow);
}

static struct via_hint hint_of(unsigned int n)
{
	static const char *const answers[] = { "203.0.113.7:5060", "203.0.113.7:40001",
					       "[2001:db8:9::7]:5060", "[2001:db8:9::7]:1" };
	static const char *const v4[] = { "198.51.100.1:5060", "198.51.100.2:5080" };
	struct via_hint hint = {
		.shard = (uint16_t)(n * 13),
		.instance = (uint16_t)(n * 7),
		.epoch = n * 2654435761u,
		.slot = n & 4 ? UINT32_MAX - n : n,
		.generation = n & 8 ? UINT32_MAX - n : n * n,
		.sent_second = 1700000000u + n,
		.attempt = (uint8_t)n,
		.ingress = 1,
		.stateless = n % 5 == 0,
		.answer = at(answers[n % 4]),
	};
	hint.local =
		at(hint.answer.address.family == IP_V4 ? v4[n / 4 % 2] : "[2001:db8:1::1]:5060");
	if (hint.stateless)
		hint.slot = hint.generation = 0;
	return hint;
}

static void hints_come_back_whole(void **)
{
	for (unsigned int n = 0; n < 4000; n++) {
		struct via_hint hint = hint_of(n), back;
		struct text text = hint_encode(&hint);
		assert_true(via_hint_decode(snapshot, span_of_text(&text), BRANCH, &back));
		assert_int_equal(hint.shard, back.shard);
		assert_int_equal(hint.instance, back.instance);
		assert_int_equal(hint.epoch, back.epoch);
		assert_int_equal(hint.slot, back.slot);
		assert_int_equal(hint.generation, back.generation);
		assert_int_equal(hint.sent_second, back.sent_second);
		assert_int_equal(hint.attempt, back.attempt);
		assert_int_equal(hint.ingress, back.ingress);
		assert_int_equal(hint.stateless, back.stateless);
		assert_true(endpoint_equal(&hint.answer, &back.answer));
		assert_true(endpoint_equal(&hint.local, &back.local));
	}
}

static void hints_are_short(void **)
{
	struct via_hint hint = { .shard = 3,
				 .instance = 1,
				 .epoch = 0x67000000,
				 .slot = 1000,
				 .generation = 90,
				 .sent_second = 1700000000,
				 .ingress = 1,
				 .answer = at("203.0.113.7:5060"),
				 .local = at("198.51.100.1:5060") };

	assert_int_equal(hint_encode(&hint).len, 38);
	hint.answer = at("[2001:db8:9::7]:40001");
	hint.local = at("[2001:db8:1::1]:5070");
	hint.shard = hint.instance = UINT16_MAX;
	hint.slot = hint.generation = UINT32_MAX;
	assert_true(hint_encode(&hint).len <= VIA_HINT_TEXT_MAX);
}

static void an_own_address_that_is_gone_is_replaced_by_the_first(void **)
{
	struct via_hint hint = hint_of(5), back;
	struct endpoint first = at("198.51.100.1:5080");

	assert_int_equal(hint.local.address.bytes[3], 2);
	struct text text = hint_encode(&hint);
	snapshot->interfaces[1].address_count = 1;
	assert_true(via_hint_decode(snapshot, span_of_text(&text), BRANCH, &back));
	assert_true(endpoint_equal(&back.local, &first));
	snapshot->interface_count = 1;
	assert_true(via_hint_decode(snapshot, span_of_text(&text), BRANCH, &back));
	assert_int_equal(back.local.address.family, IP_NONE);
}

static void no_flipped_bit_of_a_hint_passes(void **)
{
	for (unsigned int n = 0; n < 20; n++) {
		struct via_hint hint = hint_of(n), back;
		struct text text = hint_encode(&hint);
		for (size_t bit = 0; bit < 8 * text.len; bit++) {
			text.bytes[bit / 8] ^= (char)(1 << bit % 8);
			assert_false(via_hint_decode(snapshot, span_of_text(&text), BRANCH, &back));
			text.bytes[bit / 8] ^= (char)(1 << bit % 8);
		}
		for (size_t len = 0; len < text.len; len++)
			assert_false(
				via_hint_decode(snapshot, span_of(text.bytes, len), BRANCH, &back));
	}
}

static void a_hint_belongs_to_its_branch_and_key(void **)
{
	struct via_hint hint = hint_of(6), back;
	struct text text = hint_encode(&hint);
	struct span t = span_of_text(&text);

	assert_true(via_hint_decode(snapshot, t, BRANCH, &back));
	/* branches compare without case (RFC 3261 §7.3.1) */
	assert_true(via_hint_decode(
		snapshot, t, SPAN("Z9HG4BK0123456789ABCDEF0123456789abcdef00112233"), &back));
	assert_false(via_hint_decode(
		snapshot, t, SPAN("z9hG4bK0123456789abcdef0123456789abcdef00112234"), &back));
	assert_false(via_hint_decode(snapshot, t, SPAN_EMPTY, &back));
	snapshot->hint_key.k0 ^= 1;
	assert_false(via_hint_decode(snapshot, t, BRANCH, &back));
}

/* One key for both would not make one pass as the other. */
static void kinds_are_kept_apart(void **)
{
	struct route_token token = { .has_source = true, .source = at("[2001:db8:9::7]:1") }, route;
	struct via_hint hint = hint_of(1), back;

	snapshot->hint_key = snapshot->route_keys[0].key;
	struct text text = route_encode(&token);
	assert_false(via_hint_decode(snapshot, span_of_text(&text), CREATOR, &back));
	text = hint_encode(&hint);
	assert_int_equal(route_decode(span_of_text(&text), &route), ROUTE_TOKEN_FORGED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, load, unload)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(route_tokens_come_back_whole),
		TEST(route_tokens_are_short),
		TEST(the_tag_tells_who_sends),
		TEST(tags_compare_without_case),
		TEST(every_key_of_the_list_verifies_and_no_other),
		TEST(no_flipped_bit_of_a_route_token_passes),
		TEST(what_cannot_be_signed_is_refused),
		TEST(hints_come_back_whole),
		TEST(hints_are_short),
		TEST(an_own_address_that_is_gone_is_replaced_by_the_first),
		TEST(no_flipped_bit_of_a_hint_passes),
		TEST(a_hint_belongs_to_its_branch_and_key),
		TEST(kinds_are_kept_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
