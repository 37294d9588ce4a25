/* SPDX-License-Identifier: BSD-3-Clause */
/* proxy/memory.h: what is kept back for dialogs, what copies are kept for, what they take. */
#include "rig.h"

#include <stdio.h>
#include <unistd.h>

#include "proxy/memory.h"

#define CALLER   "192.0.2.50:5062"
#define STRANGER "198.18.0.9:5060"
#define ACCESS   "192.0.2.1:5060"
#define CORE     "198.51.100.1:5060"
#define TARGET   "198.51.100.11:5060"

#ifdef BASE_ASAN
#define ALLOWED_PERCENT 125
#else
#define ALLOWED_PERCENT 105
#endif

static void give_memory(struct rig *rig, uint32_t txns, uint32_t tombstones, size_t retain_max)
{
	const struct proxy_config config = {
		.txns_max = txns, .tombstones_max = tombstones, .retain_max = retain_max, .seed = 1,
	};

	proxy_destroy(rig->proxy);
	rig->proxy = proxy_create(&config, rig->now);
	assert_non_null(rig->proxy);
}

static const char *request(const char *method, unsigned int number, const char *to_tag,
			   size_t filler)
{
	static char text[20000], row[16000];

	snprintf(row, sizeof(row), "X-Filler: %0*d\r\n", (int)filler, 0);
	snprintf(text, sizeof(text),
		 "%s sip:bob@198.51.100.11 SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 192.0.2.50:5062;rport;branch=z9hG4bK%s%u\r\n"
		 "From: <sip:alice@example.com>;tag=1\r\nTo: <sip:bob@example.com>%s%s\r\n"
		 "Call-ID: call-%u@alice\r\nCSeq: 1 %s\r\nMax-Forwards: 70\r\n"
		 "Contact: <sip:alice@192.0.2.50:5062>\r\n%sContent-Length: 0\r\n\r\n",
		 method, method, number, *to_tag ? ";tag=" : "", to_tag, number, method,
		 filler ? row : "");
	return text;
}

static const char *answer(const char *sent, const char *line)
{
	static char text[20000];
	int n = snprintf(text, sizeof(text), "SIP/2.0 %s\r\n", line);
	const char *row;

	for (unsigned int i = 0; (row = rig_header(sent, "Via", i)); i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "Via: %s\r\n", row);
	snprintf(text + n, sizeof(text) - (size_t)n,
		 "From: %s\r\nTo: %s;tag=b\r\nCall-ID: %s\r\nCSeq: %s\r\nContent-Length: 0\r\n\r\n",
		 rig_header(sent, "From", 0), rig_header(sent, "To", 0),
		 rig_header(sent, "Call-ID", 0), rig_header(sent, "CSeq", 0));
	return text;
}

static struct proxy_memory memory_of(struct rig *rig)
{
	struct proxy_memory memory;

	proxy_memory_read(rig->proxy, &memory);
	return memory;
}

static void assert_nothing_is_left(struct rig *rig)
{
	rig_advance(rig, 400000);
	struct proxy_memory memory = memory_of(rig);
	assert_int_equal(memory.txns, 0);
	assert_int_equal(memory.tombstones, 0);
	assert_int_equal(rig_stats(rig).retained, 0);
	for (int i = 0; i < PROXY_OWED_KINDS; i++) {
		assert_int_equal(memory.owed[i].count, 0);
		assert_int_equal(memory.owed[i].bytes, 0);
	}
	for (int i = 0; i < PROXY_TIMER_KINDS; i++)
		assert_int_equal(rig_stats(rig).running[i], 0);
	rig_destroy(rig);
}

/* Until one is refused; how many were not. */
static uint32_t fill(struct rig *rig, const char *source, const char *method, const char *to_tag,
		     unsigned int first, enum verdict_reason why)
{
	uint32_t taken = 0;
	struct verdict verdict;

	while ((verdict = rig_receive(rig, source, ACCESS,
				      request(method, first + taken, to_tag, 0)))
		       .kind == VERDICT_FORWARD)
		taken++;
	rig_assert_verdict(verdict, VERDICT_REPLY, why);
	assert_memory_equal(rig_sent(rig, 0), "SIP/2.0 503 ", 12);
	assert_null(rig_header(rig_sent(rig, 0), "Retry-After", 0));
	return taken;
}

static void slots_are_kept_for_requests_within_dialogs(void **)
{
	struct rig *rig = rig_create(rig_two_armed);

	give_memory(rig, 64, 64, 16 << 20);
	assert_int_equal(memory_of(rig).txns_reserve, 4);
	assert_int_equal(fill(rig, CALLER, "INVITE", "", 0, REASON_TXN_POOL_FULL), 60);
	assert_int_equal(memory_of(rig).reserve_used, 0);
	/* A stranger can write a To tag too. */
	assert_int_equal(fill(rig, STRANGER, "BYE", "b", 500, REASON_TXN_POOL_FULL), 0);
	assert_int_equal(fill(rig, CALLER, "BYE", "b", 100, REASON_TXN_POOL_FULL), 4);
	assert_int_equal(memory_of(rig).reserve_used, 4);
	assert_int_equal(memory_of(rig).txns, 64);
	/* What ends makes room: first for dialogs again. */
	assert_int_equal(fill(rig, CALLER, "INVITE", "", 200, REASON_TXN_POOL_FULL), 0);
	assert_nothing_is_left(rig);
}

static void copies_are_kept_for_requests_within_dialogs(void **)
{
	struct rig *rig = rig_create(rig_two_armed);

	give_memory(rig, 1024, 1024, 256 << 10);
	uint32_t initial = fill(rig, CALLER, "INVITE", "", 0, REASON_RETAIN_FULL);
	struct proxy_memory memory = memory_of(rig);
	assert_true(initial > 100);
	assert_true(memory.copies_limit - memory.copies_allocated <= memory.copies_reserve);
	assert_true(memory.copies_limit - memory.copies_allocated > memory.copies_reserve - 2048);
	assert_int_equal(memory.copies_refused, 0);
	assert_int_equal(fill(rig, STRANGER, "BYE", "b", 5000, REASON_RETAIN_FULL), 0);
	assert_true(fill(rig, CALLER, "BYE", "b", 2000, REASON_RETAIN_FULL) >= 8);
	assert_true(memory_of(rig).copies_refused > 0);
	assert_nothing_is_left(rig);
}

static void copies_are_counted_by_what_they_are_kept_for(void **)
{
	struct rig *rig = rig_create(rig_two_armed);
	static char sent[20000];

	rig_receive(rig, CALLER, ACCESS, request("INVITE", 1, "", 0));
	snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 1));
	assert_int_equal(memory_of(rig).owed[PROXY_OWED_REQUEST].count, 1);
	assert_true(memory_of(rig).owed[PROXY_OWED_REQUEST].bytes >= strlen(sent));
	rig_receive(rig, TARGET, CORE, answer(sent, "180 Ringing"));
	assert_int_equal(memory_of(rig).owed[PROXY_OWED_RESPONSE].count, 1);
	rig_receive(rig, CALLER, ACCESS, request("CANCEL", 1, "", 0));
	/* Its Via names another branch: no CANCEL of ours came of it. */
	assert_int_equal(memory_of(rig).owed[PROXY_OWED_CANCEL].count, 0);
	static char cancel[20000];
	snprintf(cancel, sizeof(cancel), "%s", request("CANCEL", 1, "", 0));
	memcpy(strstr(cancel, "z9hG4bKCANCEL"), "z9hG4bKINVITE", 13);
	rig_receive(rig, CALLER, ACCESS, cancel);
	assert_int_equal(memory_of(rig).owed[PROXY_OWED_CANCEL].count, 1);
	rig_receive(rig, TARGET, CORE, answer(sent, "487 Request Terminated"));
	struct proxy_memory memory = memory_of(rig);
	assert_int_equal(memory.owed[PROXY_OWED_REQUEST].count, 0);
	assert_int_equal(memory.owed[PROXY_OWED_CANCEL].count, 0);
	assert_int_equal(memory.owed[PROXY_OWED_RESPONSE].count, 1);
	assert_int_equal(memory.owed[PROXY_OWED_ACK].count, 1);
	/* The tombstone keeps what it owes. */
	rig_receive(rig, CALLER, ACCESS, request("MESSAGE", 2, "", 0));
	snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 0));
	rig_receive(rig, TARGET, CORE, answer(sent, "200 OK"));
	assert_int_equal(memory_of(rig).tombstones, 1);
	assert_int_equal(memory_of(rig).owed[PROXY_OWED_RESPONSE].count, 2);
	assert_nothing_is_left(rig);
}

/*
 * 384 octets and 1.25 times what it may have to send again.  The classes of the allocator are a
 * quarter apart at most, and 52 octets come on top for length, size, kind and the two addresses;
 * so short messages may take more, those of every length together do not.
 */
static void live_transaction_takes_what_was_promised(void **)
{
	uint64_t takes = 0, allowed = 0, worst_permille = 0;

	for (size_t filler = 200; filler < 3600; filler += 17) {
		struct rig *rig = rig_create(rig_two_armed);
		static char sent[20000], ringing[20000];
		rig_receive(rig, CALLER, ACCESS, request("INVITE", 1, "", filler));
		snprintf(sent, sizeof(sent), "%s", rig_sent(rig, 1));
		rig_receive(rig, TARGET, CORE, answer(sent, "180 Ringing"));
		snprintf(ringing, sizeof(ringing), "%s", rig_sent(rig, 0));
		uint64_t resent = strlen(sent) + strlen(ringing);
		struct proxy_memory memory = memory_of(rig);
		assert_int_equal(memory.txns, 1);
		assert_int_equal(memory.copies, 2);
		takes += memory.txns * proxy_txn_octets + memory.copies_allocated;
		allowed += 384 + resent * 5 / 4;
		worst_permille = MAX(worst_permille, memory.copies_allocated * 1000 / resent);
		rig_destroy(rig);
	}
	print_message("live transactions take %.3f of what is allowed; worst copies %.3f\n",
		      (double)takes / (double)allowed, (double)worst_permille / 1000);
	assert_true(takes <= allowed);
	assert_true(worst_permille <= 1320);
	assert_true(proxy_txn_octets <= 384);
	assert_int_equal(proxy_tombstone_octets, 64);
	assert_in_range(proxy_dialog_octets, 1, 128);
}

/* What is planned is taken, to a thousandth, whatever an engine is given. */
static void plan_fills_what_an_engine_is_given(void **)
{
	const struct proxy_config none = { .txns_max = 0 };
	const size_t fixed = proxy_memory_needed(&none);

	for (size_t octets = (size_t)8 << 20; octets <= (size_t)8 << 30; octets = octets * 3 / 2) {
		struct proxy_config config = { .txns_max = 0 };
		assert_true(proxy_memory_plan(octets, &config));
		assert_int_equal(proxy_memory_needed(&config), octets);
		size_t shared = octets - fixed;
		assert_in_range(config.retain_max, shared * 49 / 100, shared * 51 / 100);
		/* 384 for the slot, its two places in the table, timer, call, mark. */
		assert_in_range(shared / 8 / config.txns_max, 570, 590);
		assert_in_range(shared / 4 / config.tombstones_max, 160, 165);
		assert_in_range(shared / 8 / config.dialogs_max, 120, 128);
	}
	struct proxy_config config = { .txns_max = 0 };
	assert_false(proxy_memory_plan(fixed, &config));
	assert_false(proxy_memory_plan(fixed + 4096, &config));
	/* Beyond what slots can be counted, all is for copies. */
	assert_true(proxy_memory_plan((size_t)1 << 40, &config));
	assert_int_equal(config.txns_max, 1 << 24);
	assert_int_equal(proxy_memory_needed(&config), (size_t)1 << 40);
}

static size_t resident(void)
{
	unsigned long size = 0, pages = 0;
	FILE *statm = fopen("/proc/self/statm", "re");

	assert_non_null(statm);
	assert_int_equal(fscanf(statm, "%lu %lu", &size, &pages), 2);
	fclose(statm);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* The books against the structures' own, and both against the kernel's. */
static void plan_is_what_an_engine_really_takes(void **)
{
	const size_t octets = (size_t)96 << 20;
	struct proxy_config config = { .seed = 1 };
	struct proxy_memory m;

	assert_true(proxy_memory_plan(octets, &config));
	size_t before = resident();
	struct proxy *proxy = proxy_create(&config, 0);
	size_t took = resident() - before;
	assert_non_null(proxy);
	proxy_memory_read(proxy, &m);
	size_t told = m.slots_octets + m.table_octets + m.wheel_octets + m.calls_octets +
		      m.peers_octets + m.marks_octets + m.dialogs_octets + m.names_octets +
		      m.copies_limit;
	proxy_destroy(proxy);
	print_message("planned %zu octets, told %zu, resident %zu\n", octets, told, took);
	/* The engine itself is not told of; the copies' limit is whole pages. */
	assert_in_range(told, octets - (64 << 10), octets);
	/* jemalloc's descriptions are on top, in sanitized builds shadow memory too. */
	assert_in_range(took, octets / 100 * 99, octets / 100 * ALLOWED_PERCENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slots_are_kept_for_requests_within_dialogs),
		cmocka_unit_test(copies_are_kept_for_requests_within_dialogs),
		cmocka_unit_test(copies_are_counted_by_what_they_are_kept_for),
		cmocka_unit_test(live_transaction_takes_what_was_promised),
		cmocka_unit_test(plan_fills_what_an_engine_is_given),
		cmocka_unit_test(plan_is_what_an_engine_really_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
