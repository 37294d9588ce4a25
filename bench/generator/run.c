/* SPDX-License-Identifier: BSD-3-Clause */
/* See run.h.  Control thread. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_launch.h>
#include <rte_lcore.h>

#include "base/hash.h"
#include "generator/run.h"

#define LOOK_MS 10

/* ---- signals --------------------------------------------------------------------------------- */

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	/* The loop has not obeyed twice: there is nothing left to ask. */
	if (++signals > 2)
		_exit(128 + number);
}

void run_catch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal }; /* reads are interrupted */

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int run_signals(void)
{
	return signals;
}

static void look_again(void)
{
	const struct timespec pause = { .tv_nsec = LOOK_MS * 1000000L };

	nanosleep(&pause, NULL);
}

/* ---- start ----------------------------------------------------------------------------------- */

static bool open_files(struct run *run, char *error)
{
	const struct options *o = run->options;
	const char *name = o->json;

	if (o->json) {
		run->json = strcmp(o->json, "-") == 0 ? stdout : fopen(o->json, "we");
		if (!run->json)
			goto fail;
	}
	name = o->csv;
	if (o->csv) {
		run->csv = fopen(o->csv, "ae");
		if (!run->csv || fseek(run->csv, 0, SEEK_END) != 0)
			goto fail;
		if (ftell(run->csv) == 0)
			report_csv_header(run->csv);
	}
	return true;
fail:
	snprintf(error, OPTIONS_ERROR_MAX, "%.200s: %s", name, strerror(errno));
	return false;
}

/* Calls of two runs must not be taken for one another's. */
static uint64_t seed_of(const struct options *o)
{
	struct timespec now;

	if (o->seed)
		return o->seed;
	clock_gettime(CLOCK_REALTIME, &now);
	return hash_mix64((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec +
			  ((uint64_t)getpid() << 48));
}

/* What was waited for in vain. */
static void explain_silence(const struct run *run, char *error)
{
	const struct options *o = run->options;
	char near[ENDPOINT_TEXT_MAX], far[ENDPOINT_TEXT_MAX];

	ip_address_to_string(
		o->direct ? &o->targets[0].address : &o->proxy[TRAFFIC_CALLERS].address, near);
	ip_address_to_string(
		o->direct ? &o->callers[0].address : &o->proxy[TRAFFIC_TARGETS].address, far);
	if (o->target_count && strcmp(near, far) != 0)
		snprintf(error, OPTIONS_ERROR_MAX,
			 "%s (from the callers) or %s (from the targets), or "
			 "the gateway there, does not answer %s after %u s",
			 near, far, strchr(near, ':') ? "neighbour solicitations" : "ARP",
			 o->wait_s);
	else
		snprintf(error, OPTIONS_ERROR_MAX,
			 "%s, or the gateway there, does not answer %s after "
			 "%u s",
			 near, strchr(near, ':') ? "neighbour solicitations" : "ARP", o->wait_s);
}

static bool wait_for_proxy(struct run *run, char *error)
{
	const unsigned int looks = run->options->wait_s * 1000 / LOOK_MS;

	for (unsigned int i = 0; i <= looks && run_signals() == 0; i++) {
		if (__atomic_load_n(&run->loop.is_found, __ATOMIC_ACQUIRE))
			return true;
		look_again();
	}
	if (run_signals())
		snprintf(error, OPTIONS_ERROR_MAX, "interrupted before the first call");
	else
		explain_silence(run, error);
	return false;
}

bool run_open(struct run *run, const struct options *options, char *error)
{
	struct failure failure = { .text = "" };

	memset(run, 0, sizeof(*run));
	run->options = options;
	if (!open_files(run, error))
		return false;
	if (ports_open(&run->ports, options, &failure) != 0) {
		snprintf(error, OPTIONS_ERROR_MAX, "%s", failure.text);
		return false;
	}
	if (!loop_init(&run->loop, options, &run->ports, seed_of(options), error))
		return false;
	if (rte_eal_remote_launch(loop_main, &run->loop, run->ports.lcore) != 0) {
		snprintf(error, OPTIONS_ERROR_MAX, "the polling thread did not start");
		return false;
	}
	return wait_for_proxy(run, error);
}

void run_close(struct run *run)
{
	if (run->ports.is_open) {
		__atomic_store_n(&run->loop.is_ending, true, __ATOMIC_RELEASE);
		rte_eal_wait_lcore(run->ports.lcore);
		if (run->loop.links)
			loop_fini(&run->loop);
		ports_close(&run->ports);
	}
	if (run->json && run->json != stdout)
		fclose(run->json);
	if (run->csv)
		fclose(run->csv);
}

/* ---- a trial --------------------------------------------------------------------------------- */

static void wish(struct run *run, enum loop_wish what)
{
	__atomic_store_n(&run->loop.wish, (uint8_t)what, __ATOMIC_RELEASE);
}

void run_trial(struct run *run, const struct options_trial *trial)
{
	const bool shows = !run->options->quiet, is_terminal = isatty(STDERR_FILENO);
	struct progress_reading before, now;
	bool any = false;

	memset(&run->result, 0, sizeof(run->result));
	run->result.trial = *trial;
	wish(run, LOOP_GO_ON);
	__atomic_store_n(&run->loop.is_done, false, __ATOMIC_RELAXED);
	__atomic_store_n(&run->loop.order, &run->result, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&run->loop.is_done, __ATOMIC_ACQUIRE)) {
		if (run_signals())
			wish(run, run_signals() > 1 ? LOOP_ABORT : LOOP_STOP);
		if (progress_take(&run->loop.progress, &now)) {
			if (shows)
				progress_print(stderr, is_terminal, any ? &before : NULL, &now);
			before = now;
			any = true;
		}
		look_again();
	}
	if (shows && any && is_terminal)
		fputc('\n', stderr);
	run->is_unclean = run->is_unclean || !report_is_clean(&run->result);
	if (run->loop.traffic && !report_is_clean(&run->result))
		report_faults(stderr, run->loop.traffic);
}

bool run_report(struct run *run)
{
	const bool prints = !run->options->quiet && !run->options->trials;
	char *json = NULL;
	bool good = true;

	if (prints)
		report_table(run->json == stdout ? stderr : stdout, &run->result);
	if (run->json || run->options->trials) {
		FILE *out = run->options->trials ? stdout : run->json;

		json = report_json(&run->result);
		good = json && fprintf(out, "%s\n", json) > 0 && fflush(out) == 0;
		free(json);
	}
	if (run->csv) {
		report_csv(run->csv, &run->result);
		good = fflush(run->csv) == 0 && good;
	}
	return good;
}
