/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much memory calls take in steady state, and what a message costs by the number of
 * transactions that exist meanwhile.  One engine, one core, virtual time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "load.h"

/* What is left of both transactions of a call lives for 32 s: Timers L and M of the INVITE, J of
 * the BYE. */
#define TOMBSTONES_A_CALL 2
#define TOMBSTONE_SECONDS 32
#define WARM_MS           34000u
#define TARGET_RATE       100000.0

struct run {
	double rate;
	uint32_t ring_ms;
	uint32_t passes_a_sample;
};

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double cycles_a_ns(void)
{
	double start = seconds_now();
	uint64_t before = __rdtsc();

	while (seconds_now() - start < 0.2)
		;
	return (double)(__rdtsc() - before) / ((seconds_now() - start) * 1e9);
}

static double resident(void)
{
	unsigned long size = 0, pages = 0;
	FILE *statm = fopen("/proc/self/statm", "re");

	if (!statm || fscanf(statm, "%lu %lu", &size, &pages) != 2)
		pages = 0;
	if (statm)
		fclose(statm);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static double live_of(const struct run *run)
{
	return run->rate * run->ring_ms / 1000;
}

static double tombstones_of(const struct run *run)
{
	return run->rate * TOMBSTONES_A_CALL * TOMBSTONE_SECONDS;
}

/* Room for the run, a tenth and the reserve on top. */
static struct load *create(const struct run *run)
{
	const double live = live_of(run), tombstones = tombstones_of(run);
	const struct load_config config = {
		.calls_a_second = run->rate,
		.ring_ms = run->ring_ms,
		.passes_a_sample = run->passes_a_sample,
		.txns_max = (uint32_t)(live * 1.2) + 1024,
		.tombstones_max = (uint32_t)(tombstones * 1.05) + 1024,
		/* A live INVITE's request and 180, half of the tombstones' 200 to the BYE. */
		.retain_max = (size_t)((live * 2600 + tombstones / 2 * 560) * 1.2) + (64u << 20),
	};

	return load_create(&config);
}

/* Octets that are in use, the share of what finds and times them included. */
struct account {
	double txns, tombstones, index, copies, total;
};

static void account_of(const struct load *load, struct proxy_memory *m, struct account *a)
{
	proxy_memory_read(load_proxy(load), m);
	const double slots = (double)(m->txns_max + m->tombstones_max);
	const double a_slot = (double)(m->table_octets + m->wheel_octets) / slots + 8;

	*a = (struct account){
		.txns = (double)m->txns * proxy_txn_octets,
		.tombstones = (double)m->tombstones * proxy_tombstone_octets,
		.index = (double)(m->txns + m->tombstones) * a_slot,
		.copies = (double)m->copies_allocated,
	};
	a->total = a->txns + a->tombstones + a->index + a->copies;
}

static void print_account(const struct load *load, const struct run *run)
{
	const double gb = 1e9, scale = TARGET_RATE / run->rate;
	struct proxy_memory m;
	struct account a;

	account_of(load, &m, &a);
	printf("  %-44s %12.0f\n", "calls a second", run->rate);
	printf("  %-44s %12.1f s\n", "mean ringing time", run->ring_ms / 1e3);
	printf("  %-44s %12u octets\n", "INVITE as received", load_invite_octets(load));
	printf("  %-44s %12lu x %u octets\n", "live transactions", (unsigned long)m.txns,
	       proxy_txn_octets);
	printf("  %-44s %12lu x %u octets\n", "tombstones", (unsigned long)m.tombstones,
	       proxy_tombstone_octets);
	printf("  %-44s %12lu\n", "timers that run", (unsigned long)m.timers);
	printf("  %-44s %12lu, %.0f octets each, %.3f allocated for one asked for\n", "copies owed",
	       (unsigned long)m.copies, (double)m.copies_bytes / (double)m.copies,
	       (double)m.copies_allocated / (double)m.copies_bytes);
	printf("  %-44s %12.3f GB\n", "transactions", a.txns / gb);
	printf("  %-44s %12.3f GB\n", "tombstones", a.tombstones / gb);
	printf("  %-44s %12.3f GB\n", "copies", a.copies / gb);
	printf("  %-44s %12.3f GB (%.0f octets a slot)\n", "table, wheel, slot lists", a.index / gb,
	       a.index / (double)(m.txns + m.tombstones));
	printf("  %-44s %12.3f GB\n", "in use", a.total / gb);
	if (run->rate < TARGET_RATE)
		printf("  %-44s %12.3f GB\n", "in use at 100,000 calls/s", a.total * scale / gb);
	printf("  %-44s %12.3f GB\n", "reserved by the engine",
	       (double)(m.slots_octets + m.table_octets + m.wheel_octets + m.calls_octets +
			m.peers_octets + m.marks_octets + m.dialogs_octets + m.copies_limit) /
		       gb);
	printf("  %-44s %12.3f GB\n", "resident, this program included", resident() / gb);
}

static void print_stages(const struct stage_totals *totals)
{
	const uint64_t sum = totals->busy_cycles - totals->clock_cycles;

	printf("  %-12s %8s %12s %12s\n", "stage", "share", "cycles/msg", "samples");
	for (unsigned int s = 0; s < STAGES; s++) {
		if (totals->entries[s])
			printf("  %-12s %7.1f%% %12.1f %12lu\n", stage_infos[s].name,
			       100 * (double)totals->cycles[s] / (double)sum,
			       (double)totals->cycles[s] / (double)totals->messages,
			       (unsigned long)totals->entries[s]);
	}
	printf("  %-12s %7.1f%% %12.1f   of %lu messages; %.1f%% more taken off for the clock\n\n",
	       "all", 100.0, (double)sum / (double)totals->messages,
	       (unsigned long)totals->messages,
	       100 * (double)totals->clock_cycles / (double)sum);
}

static bool memory(const struct run *run, const char *title)
{
	double start = seconds_now();
	struct load *load = create(run);
	struct load_counts counts;

	if (!load)
		return false;
	printf("%s\n", title);
	bool ok = load_run(load, WARM_MS + 2 * run->ring_ms);
	load_take_counts(load, &counts);
	if (ok) {
		print_account(load, run);
		printf("  %-44s %12.0f cycles; %lu messages in %.0f s\n\n", "cost of a message",
		       (double)counts.cycles / (double)counts.messages,
		       (unsigned long)counts.messages, seconds_now() - start);
		if (run->passes_a_sample)
			print_stages(load_stages(load));
	}
	load_destroy(load);
	return ok;
}

/* Transactions that exist at a time: live ones and tombstones; a call rings for a second. */
static bool curve_point(double transactions, double a_ns)
{
	const uint32_t ring_ms = 1000;
	const struct run run = {
		.rate = transactions / (TOMBSTONES_A_CALL * TOMBSTONE_SECONDS + ring_ms / 1e3),
		.ring_ms = ring_ms,
	};
	struct load *load = create(&run);
	struct load_counts counts, best = { .messages = 0 };
	struct proxy_memory m;
	/* A hundred thousand messages at least. */
	uint32_t window_ms = (uint32_t)(100e3 / 6 / run.rate * 1e3);

	if (!load)
		return false;
	bool ok = load_run(load, WARM_MS + 2 * ring_ms);
	load_take_counts(load, &counts);
	/* The cheapest of seven windows: the others shared the core with somebody. */
	for (int i = 0; ok && i < 7; i++) {
		ok = load_run(load, MAX(window_ms, 1000u));
		load_take_counts(load, &counts);
		if (!best.messages || counts.cycles * best.messages < best.cycles * counts.messages)
			best = counts;
	}
	proxy_memory_read(load_proxy(load), &m);
	if (ok)
		printf("  %12lu %12.0f %12.0f %12.0f %14.0f\n",
		       (unsigned long)(m.txns + m.tombstones), run.rate,
		       (double)best.cycles / (double)best.messages / a_ns,
		       (double)best.cycles / (double)best.messages,
		       (double)best.expire_cycles / (double)best.messages);
	fflush(stdout);
	load_destroy(load);
	return ok;
}

static bool curve(void)
{
	static const double points[] = { 1e3, 1e4, 1e5, 1e6 };
	const double a_ns = cycles_a_ns();

	printf("Cost of a message, of six a call (TSC %.2f GHz)\n", a_ns);
	printf("  %12s %12s %12s %12s %14s\n", "transactions", "calls/s", "ns", "cycles",
	       "of them timers");
	for (size_t i = 0; i < ARRAY_SIZE(points); i++) {
		if (!curve_point(points[i], a_ns))
			return false;
	}
	printf("\n");
	return true;
}

static int usage(void)
{
	fputs("usage: capacity [steady|tombstones|direct|curve] [--rate CALLS/S] [--ring MS]"
	      " [--stages N]\n"
	      "  steady      steady state at a lower rate (10000), scaled to 100,000 calls/s\n"
	      "  tombstones  4 million tombstones beside 100,000 live transactions\n"
	      "  direct      100,000 calls/s as they are\n"
	      "  curve       cost of a message at 1 k to 1 M transactions\n"
	      "Without a word: all but direct.\n"
	      "  --stages N  time one message or expiry in N by stage (steady)\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	struct run steady = { 10000, 5000, 0 };
	/* 64 tombstones a call/s, and a ringing time that makes the rest. */
	struct run tombstones = { 4e6 / (TOMBSTONES_A_CALL * TOMBSTONE_SECONDS), 1600, 0 };
	const char *what = "";
	bool ok = true;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--rate") == 0 && i + 1 < argc)
			steady.rate = atof(argv[++i]);
		else if (strcmp(argv[i], "--ring") == 0 && i + 1 < argc)
			steady.ring_ms = (uint32_t)atoi(argv[++i]);
		else if (strcmp(argv[i], "--stages") == 0 && i + 1 < argc && atoi(argv[i + 1]) > 0)
			steady.passes_a_sample = (uint32_t)atoi(argv[++i]);
		else if (*what || argv[i][0] == '-')
			return usage();
		else
			what = argv[i];
	}
	if (steady.rate < 1 || steady.rate > 1e6 || steady.ring_ms < 1 || steady.ring_ms > 60000)
		return usage();
	const struct run direct = { TARGET_RATE, steady.ring_ms, 0 };
	if (!*what || strcmp(what, "steady") == 0)
		ok = memory(&steady, "Steady state") && ok;
	if (!*what || strcmp(what, "tombstones") == 0)
		ok = memory(&tombstones, "4 million tombstones") && ok;
	if (strcmp(what, "direct") == 0)
		ok = memory(&direct, "100,000 calls/s") && ok;
	if (!*what || strcmp(what, "curve") == 0)
		ok = curve() && ok;
	return ok ? 0 : 1;
}
