/* SPDX-License-Identifier: BSD-3-Clause */
/* proxy/stun.c octet by octet; the request of RFC 5769 §2.1 among them. */
#include "rig.h"

#include <string.h>

#define COOKIE "\x21\x12\xa4\x42"
#define ID     "abcdefghijkl"
#define FROM   "192.0.2.77:32853"
#define FROM_NO_PORT "192.0.2.77:0"
#define HEADER "\0\x01\0\0" COOKIE ID

static const char snapshot[] =
	"interface access address 192.0.2.1/24 address 2001:db8::1/64\n"
	"interface core address 198.51.100.1/24\n"
	"pool sw\n"
	"target sw sw1 198.51.100.11:5060\n"
	"service in listen 192.0.2.1:5060 listen [2001:db8::1]:5060 pool sw\n";

static struct verdict receive_from(struct rig *rig, const char *source, const char *local,
				   const void *bytes, size_t len)
{
	struct proxy_datagram datagram = { .data = rig->buffer, .len = (uint32_t)len };

	memcpy(rig->buffer, bytes, len);
	/* Nobody writes a port 0, but datagrams come from there. */
	bool is_portless = strcmp(source, FROM_NO_PORT) == 0;
	assert_true(endpoint_parse(span_of_string(is_portless ? FROM : source), 5060,
				   &datagram.source));
	if (is_portless)
		datagram.source.port = 0;
	assert_true(endpoint_parse(span_of_string(local), 5060, &datagram.local));
	datagram.interface = strncmp(local, "198.", 4) == 0;
	outbox_reset(rig->outbox);
	return proxy_receive(rig->proxy, rig->snapshot, &datagram, rig->now, rig->outbox);
}

static void assert_sent(struct rig *rig, const char *to, const void *bytes, size_t len)
{
	assert_int_equal(rig->outbox->count, 1);
	rig_assert_sent_to(rig, 0, to);
	assert_int_equal(rig->outbox->entries[0].len, len);
	assert_memory_equal(rig->outbox->entries[0].data, bytes, len);
}

/* shows: 257 */
static void request_is_answered_with_the_address_that_it_came_from(void **)
{
	static const char answer[] = "\x01\x01\0\x0c" COOKIE ID "\0\x20\0\x08\0\x01\xa1\x47"
				     "\xe1\x12\xa6\x0f";
	struct rig *rig = rig_create(snapshot);

	rig_assert_verdict(receive_from(rig, FROM, "192.0.2.1:5060", HEADER, 20), VERDICT_REPLY,
			   REASON_STUN_BINDING);
	assert_sent(rig, FROM, answer, sizeof(answer) - 1);
	/* From the address and port that were asked. */
	struct endpoint local;
	assert_true(endpoint_parse(SPAN("192.0.2.1:5060"), 5060, &local));
	assert_true(endpoint_equal(&rig->outbox->entries[0].source, &local));
	assert_int_equal(rig->outbox->entries[0].interface, 0);
	rig_destroy(rig);
}

/* shows: 257 */
static void address_of_ipv6_is_hidden_behind_cookie_and_transaction_id(void **)
{
	static const char answer[] = "\x01\x01\0\x18" COOKIE ID "\0\x20\0\x14\0\x02\x32\xd6"
				     "\x01\x13\xa9\xfa"
				     "abcdefghijk\x5b";
	struct rig *rig = rig_create(snapshot);

	rig_assert_verdict(receive_from(rig, "[2001:db8::37]:5060", "[2001:db8::1]:5060", HEADER,
					20),
			   VERDICT_REPLY, REASON_STUN_BINDING);
	/* fa: b8 xor 42; the id's last octet xor 37. */
	assert_sent(rig, "[2001:db8::37]:5060", answer, sizeof(answer) - 1);
	rig_destroy(rig);
}

/* RFC 5769 §2.1, whose PRIORITY (0x0024) has to be understood by who answers. */
static const char published[] =
	"\0\x01\0\x58\x21\x12\xa4\x42\xb7\xe7\xa7\x01\xbc\x34\xd6\x86\xfa\x87\xdf\xae"
	"\x80\x22\0\x10STUN test client"
	"\0\x24\0\x04\x6e\0\x01\xff"
	"\x80\x29\0\x08\x93\x2f\xf9\xb1\x51\x26\x3b\x36"
	"\0\x06\0\x09\x65\x76\x74\x6a\x3a\x68\x36\x76\x59\x20\x20\x20"
	"\0\x08\0\x14\x9a\xea\xa7\x0c\xbf\xd8\xcb\x56\x78\x1e\xf2\xb5\xb2\xd3\xf2\x49\xc1\xb5\x71\xa2"
	"\x80\x28\0\x04\xe5\x7a\x3b\xcf";

static void attribute_that_must_be_understood_is_answered_420(void **)
{
	struct rig *rig = rig_create(snapshot);

	rig_assert_verdict(receive_from(rig, FROM, "192.0.2.1:5060", published,
					sizeof(published) - 1),
			   VERDICT_REPLY, REASON_STUN_ATTRIBUTE);
	assert_int_equal(rig->outbox->count, 1);
	const char *sent = rig->outbox->entries[0].data;
	assert_int_equal(rig->outbox->entries[0].len, 20 + 8 + 8 + 8);
	assert_memory_equal(sent, "\x01\x11\0\x18", 4);
	assert_memory_equal(sent + 4, published + 4, 16);
	assert_memory_equal(sent + 20, "\0\x09\0\x04\0\0\x04\x14\0\x0a\0\x02\0\x24\0\0", 16);
	/* It came with a fingerprint, and gets one. */
	assert_memory_equal(sent + 36, "\x80\x28\0\x04", 4);
	rig_destroy(rig);
}

static void fingerprint_is_verified(void **)
{
	char bytes[sizeof(published)];
	struct rig *rig = rig_create(snapshot);

	/* Every octet is under it, or is part of it. */
	for (size_t i = 8; i < sizeof(published) - 1; i++) {
		memcpy(bytes, published, sizeof(bytes));
		bytes[i] ^= 0x40;
		struct verdict verdict = receive_from(rig, FROM, "192.0.2.1:5060", bytes,
						      sizeof(published) - 1);
		/* A fingerprint that no longer says that it is one is an attribute to ignore. */
		if (i == sizeof(published) - 9 || i == sizeof(published) - 8)
			continue;
		if (verdict.kind != VERDICT_DROP)
			fail_msg("octet %zu changed, and an answer came", i);
		assert_int_equal(verdict.reason, REASON_STUN_MALFORMED);
		assert_int_equal(rig->outbox->count, 0);
	}
	rig_destroy(rig);
}

static void attributes_unknown_are_listed_up_to_sixteen(void **)
{
	char bytes[20 + 4 * 40] = HEADER;
	struct rig *rig = rig_create(snapshot);

	for (unsigned int count = 1; count <= 40; count++) {
		unsigned int listed = MIN(count, 16u);
		bytes[3] = (char)(4 * count);
		bytes[20 + 4 * (count - 1)] = 0x7f;
		bytes[20 + 4 * (count - 1) + 1] = (char)count;
		rig_assert_verdict(receive_from(rig, FROM, "192.0.2.1:5060", bytes, 20 + 4 * count),
				   VERDICT_REPLY, REASON_STUN_ATTRIBUTE);
		assert_int_equal(rig->outbox->entries[0].len, 20 + 8 + 4 + (2 * listed + 3) / 4 * 4);
		assert_int_equal(rig->outbox->entries[0].data[31], 2 * listed);
		assert_int_equal(rig->outbox->entries[0].data[32 + 2 * listed - 1], listed);
		/* Nothing to gain from a forged source. */
		assert_in_range(rig->outbox->entries[0].len, 20, 20 + 4 * count + 12);
	}
	rig_destroy(rig);
}

static void attributes_for_others_are_ignored(void **)
{
	static const char bytes[] = "\0\x01\0\x0c" COOKIE ID "\x80\x22\0\x03xyz\0"
				    "\0\x06\0\0";
	struct rig *rig = rig_create(snapshot);

	rig_assert_verdict(receive_from(rig, FROM, "192.0.2.1:5060", bytes, sizeof(bytes) - 1),
			   VERDICT_REPLY, REASON_STUN_BINDING);
	rig_destroy(rig);
}

static void malformed_messages_are_dropped(void **)
{
	static const struct {
		size_t len;
		const char *bytes;
	} all[] = {
		{ 9, "\0\x01\0\0\x21\x12\xa4\x42" "a" },		  /* no whole header */
		{ 19, HEADER },						  /* nor here */
		{ 20, "\0\x01\0\0\x21\x12\xa4\x43" ID },		  /* no cookie: RFC 3489 */
		{ 24, "\0\x01\0\0" COOKIE ID "\x80\x22\0\0" },		  /* longer than it says */
		{ 20, "\0\x01\0\x04" COOKIE ID },			  /* shorter */
		{ 22, "\0\x01\0\x02" COOKIE ID "\x80\x22" },		  /* not in words */
		{ 24, "\0\x01\0\x04" COOKIE ID "\x80\x22\0\x01" },	  /* no value */
		{ 28, "\0\x01\0\x08" COOKIE ID "\x80\x22\0\x05xyz\0" },   /* padding missing */
		{ 28, "\0\x01\0\x08" COOKIE ID "\x80\x22\xff\xff" "abcd" }, /* far too long */
		{ 24, "\0\x01\0\x04" COOKIE ID "\x80\x28\0\0" },	  /* a fingerprint of nothing */
	};
	struct rig *rig = rig_create(snapshot);

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		rig_assert_verdict(receive_from(rig, FROM, "192.0.2.1:5060", all[i].bytes,
						all[i].len),
				   VERDICT_DROP, REASON_STUN_MALFORMED);
		assert_int_equal(rig->outbox->count, 0);
	}
	rig_destroy(rig);
}

/* shows: 258 */
static void nothing_but_a_request_is_answered(void **)
{
	static const char *const types[] = { "\0\x11", "\x01\x01", "\x01\x11", "\0\x03", "\0\0" };
	struct rig *rig = rig_create(snapshot);

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		char bytes[] = HEADER;
		memcpy(bytes, types[i], 2);
		rig_assert_verdict(receive_from(rig, FROM, "192.0.2.1:5060", bytes, 20),
				   VERDICT_DROP, REASON_STUN);
		assert_int_equal(rig->outbox->count, 0);
	}
	rig_destroy(rig);
}

static void only_a_listening_port_answers_and_never_itself(void **)
{
	struct rig *rig = rig_create(snapshot);

	rig_assert_verdict(receive_from(rig, FROM, "192.0.2.1:5061", HEADER, 20), VERDICT_DROP,
			   REASON_STUN);
	rig_assert_verdict(receive_from(rig, "198.51.100.11:5060", "198.51.100.1:5060", HEADER, 20),
			   VERDICT_DROP, REASON_STUN);
	rig_assert_verdict(receive_from(rig, "192.0.2.1:5060", "192.0.2.1:5060", HEADER, 20),
			   VERDICT_DROP, REASON_RESPONSE_ADDRESS);
	rig_assert_verdict(receive_from(rig, FROM_NO_PORT, "192.0.2.1:5060", HEADER, 20),
			   VERDICT_DROP, REASON_RESPONSE_ADDRESS);
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_is_answered_with_the_address_that_it_came_from),
		cmocka_unit_test(address_of_ipv6_is_hidden_behind_cookie_and_transaction_id),
		cmocka_unit_test(attribute_that_must_be_understood_is_answered_420),
		cmocka_unit_test(fingerprint_is_verified),
		cmocka_unit_test(attributes_unknown_are_listed_up_to_sixteen),
		cmocka_unit_test(attributes_for_others_are_ignored),
		cmocka_unit_test(malformed_messages_are_dropped),
		cmocka_unit_test(nothing_but_a_request_is_answered),
		cmocka_unit_test(only_a_listening_port_answers_and_never_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
