/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * telemetry/metrics and telemetry/watch.h: delays by pool and target, stalled workers, and the HTTP
 * end as clients see it, hostile ones among them.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "telemetry/metrics/delays.h"
#include "telemetry/metrics/server.h"
#include "telemetry/watch.h"

/* ---- watch -------------------------------------------------------------------------------- */

static void a_worker_that_polls_does_not_stall(void **)
{
	static struct watch watch;

	watch_init(&watch, 1000);
	for (uint64_t now = 1000; now < 20000; now += 500) {
		watch_observe(&watch, 0, now, now);
		watch_observe(&watch, 1, 7, now);
		assert_false(watch_is_stalled(&watch, 0, now));
		assert_int_equal(watch_is_stalled(&watch, 1, now), now >= 1000 + WATCH_STALL_MS);
	}
	watch_observe(&watch, 1, 8, 20000);
	assert_false(watch_is_stalled(&watch, 1, 20000));
	assert_int_equal(watch_still_ms(&watch, 1, 20400), 400);
}

/* ---- delays ------------------------------------------------------------------------------- */

static struct outcome outcome_of(uint64_t id, enum outcome_kind kind, uint16_t value,
				 uint32_t delay_us, uint8_t flags)
{
	return (struct outcome){
		.target_id = id, .kind = (uint8_t)kind, .value = value, .delay_us = delay_us, .flags = flags
	};
}

static void count(struct delays *delays, struct outcome outcome)
{
	delays_count(delays, &outcome);
}

static void delays_are_those_of_invites_by_pool_and_target(void **)
{
	const uint8_t invite = OUTCOME_IS_INVITE, rang = OUTCOME_IS_INVITE | OUTCOME_WAS_ANSWERED;
	const struct balance_target targets[] = { { .id = 11 }, { .id = 12 }, { .id = 13 } };
	const struct balance_pool pools[] = {
		{ .name = "a", .target_first = 0, .target_count = 2 },
		{ .name = "b", .target_first = 2, .target_count = 1 },
		{ .name = "request-uri", .is_request_uri = true },
	};
	const struct balance_snapshot snapshot = {
		.pools = pools, .pool_count = 3, .targets = targets, .target_count = 3
	};
	struct delays *delays = delays_create();

	assert_true(delays_follow(delays, &snapshot));
	count(delays, outcome_of(11, OUTCOME_PROVISIONAL, 180, 2000, invite));
	count(delays, outcome_of(11, OUTCOME_RESPONSE, 200, 900000, rang));
	count(delays, outcome_of(12, OUTCOME_RESPONSE, 200, 3000, invite)); /* answered at once */
	count(delays, outcome_of(12, OUTCOME_RESPONSE, 486, 4000, invite)); /* first, no answer */
	count(delays, outcome_of(13, OUTCOME_RESPONSE, 200, 5000, 0));      /* no INVITE */
	count(delays, outcome_of(13, OUTCOME_TIMEOUT, 0, 32000000, invite));
	count(delays, outcome_of(13, OUTCOME_RESPONSE, 200, 0, invite));    /* not known when */
	count(delays, outcome_of(99, OUTCOME_RESPONSE, 200, 5000, invite)); /* nobody's */
	const struct pool_delays *a = delays_of_pool(delays, "a"), *b = delays_of_pool(delays, "b");
	assert_int_equal(a->first_us.count, 3);
	assert_int_equal(a->first_us.sum, 9000);
	assert_int_equal(a->answer_us.count, 2);
	assert_int_equal(a->answer_us.sum, 903000);
	assert_int_equal(b->first_us.count + b->answer_us.count, 0);
	assert_int_equal(delays_of_target(delays, 12)->first_count, 2);
	assert_int_equal(delays_of_target(delays, 12)->first_sum_us, 7000);
	assert_null(delays_of_target(delays, 99));
	assert_null(delays_of_pool(delays, "request-uri"));
	delays_destroy(delays);
}

static void what_was_counted_outlives_snapshots_and_many_targets(void **)
{
	enum { COUNT = 3000 };
	struct balance_target *targets = calloc(COUNT, sizeof(*targets));
	struct balance_pool pool = { .name = "p", .target_count = 1 };
	struct balance_snapshot snapshot = { .pools = &pool, .pool_count = 1, .targets = targets };
	struct delays *delays = delays_create();

	for (uint64_t i = 0; i < COUNT; i++)
		targets[i].id = i << 32 | 5; /* ids that meet in a table */
	assert_true(delays_follow(delays, &snapshot));
	count(delays, outcome_of(5, OUTCOME_RESPONSE, 200, 7, OUTCOME_IS_INVITE));
	pool.target_count = COUNT;
	assert_true(delays_follow(delays, &snapshot));
	pool.target_count = 0;
	assert_true(delays_follow(delays, &snapshot));
	for (uint64_t i = 0; i < COUNT; i++)
		count(delays, outcome_of(targets[i].id, OUTCOME_RESPONSE, 200, 7, OUTCOME_IS_INVITE));
	assert_int_equal(delays_of_target(delays, 5)->first_count, 2);
	assert_int_equal(delays_of_target(delays, targets[COUNT - 1].id)->first_count, 1);
	assert_int_equal(delays_of_pool(delays, "p")->first_us.count, COUNT + 1);
	delays_destroy(delays);
	free(targets);
}

/* ---- HTTP --------------------------------------------------------------------------------- */

struct site {
	uv_loop_t loop;
	struct metrics_server *server;
	struct endpoint listens[2];
	bool is_healthy;
	unsigned int renders;
	size_t padding;
};

static const struct metric padding_metric = { "x_padding", METRIC_GAUGE, NULL, "Padding." };

static void render(void *context, struct exposition *out)
{
	struct site *site = context;

	site->renders++;
	exposition_begin(out, &padding_metric);
	while (out->len < site->padding || out->samples == 0)
		exposition_put(out, NULL, 1);
}

static bool health(void *context, char *text, size_t size)
{
	const struct site *site = context;

	snprintf(text, size, "%s", site->is_healthy ? "ok" : "worker 3 stalls");
	return site->is_healthy;
}

static uint16_t free_port(int family)
{
	struct sockaddr_storage address = { .ss_family = (sa_family_t)family };
	socklen_t len = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	int fd = socket(family, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
	close(fd);
	return family == AF_INET ? ntohs(((struct sockaddr_in *)&address)->sin_port) :
				   ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
}

static int site_open(void **state)
{
	struct site *site = calloc(1, sizeof(*site));
	char error[256] = "";
	struct metrics_server_config config = {
		.loop = &site->loop, .listens = site->listens, .listen_count = 2, .render = render,
		.health = health, .context = site,
	};

	site->listens[0] = (struct endpoint){ .address = { { 127, 0, 0, 1 }, IP_V4 },
					      .port = free_port(AF_INET) };
	site->listens[1] = (struct endpoint){ .address = { { [15] = 1 }, IP_V6 },
					      .port = free_port(AF_INET6) };
	site->is_healthy = true;
	assert_int_equal(uv_loop_init(&site->loop), 0);
	site->server = metrics_server_start(&config, error, sizeof(error));
	if (!site->server)
		fail_msg("%s", error);
	*state = site;
	return 0;
}

static int site_close(void **state)
{
	struct site *site = *state;

	metrics_server_stop(site->server);
	uv_run(&site->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&site->loop), 0);
	free(site);
	return 0;
}

static int connect_to(const struct site *site, int which)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(site->listens[0].port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(site->listens[1].port),
				   .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(which ? AF_INET6 : AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	if (which)
		assert_int_equal(connect(fd, (struct sockaddr *)&v6, sizeof(v6)), 0);
	else
		assert_int_equal(connect(fd, (struct sockaddr *)&v4, sizeof(v4)), 0);
	return fd;
}

/* All that comes until the other end closes; the loop runs meanwhile. */
static char *receive(struct site *site, int fd, size_t *total)
{
	size_t size = 1 << 22, len = 0;
	char *text = malloc(size + 1);
	ssize_t got;

	do {
		uv_run(&site->loop, UV_RUN_NOWAIT);
		got = recv(fd, text + len, size - len, MSG_DONTWAIT);
		len += got > 0 ? (size_t)got : 0;
	} while (got > 0 || (got < 0 && errno == EAGAIN));
	text[len] = '\0';
	if (total)
		*total = len;
	close(fd);
	return text;
}

static char *ask(struct site *site, int which, const char *request)
{
	int fd = connect_to(site, which);

	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	return receive(site, fd, NULL);
}

static void assert_answer(char *answer, const char *status, const char *has)
{
	if (strncmp(answer, status, strlen(status)) != 0 || !strstr(answer, has))
		fail_msg("got %s, wanted %s ... %s", answer, status, has);
	free(answer);
}

static void metrics_health_and_help_are_served_over_both_families(void **state)
{
	struct site *site = *state;

	assert_answer(ask(site, 0, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200 ",
		      "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n");
	assert_answer(ask(site, 1, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200 ",
		      "\r\n\r\n# TYPE x_padding gauge\n# HELP x_padding Padding.\nx_padding 1\n");
	assert_answer(ask(site, 0, "GET /metrics HTTP/1.1\r\nHost: a\r\n"
				   "Accept: application/openmetrics-text; version=1.0.0\r\n\r\n"),
		      "HTTP/1.1 200 ", "application/openmetrics-text; version=1.0.0; charset=utf-8");
	assert_answer(ask(site, 0, "GET /metrics HTTP/1.1\r\nHost: a\r\n"
				   "Accept: application/openmetrics-text; version=1.0.0\r\n\r\n"),
		      "HTTP/1.1 200 ", "x_padding 1\n# EOF\n");
	assert_answer(ask(site, 0, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200 ", "/healthz");
	assert_answer(ask(site, 0, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200 ",
		      "\r\n\r\nok\n");
	site->is_healthy = false;
	assert_answer(ask(site, 0, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 503 ",
		      "\r\n\r\nworker 3 stalls\n");
}

static void what_is_not_there_is_refused(void **state)
{
	struct metrics_server_stats stats;
	struct site *site = *state;

	assert_answer(ask(site, 0, "GET /metrics/x HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 404 ", "");
	assert_answer(ask(site, 0, "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
		      "HTTP/1.1 405 ", "GET or HEAD");
	assert_answer(ask(site, 0, "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 405 ", "");
	assert_answer(ask(site, 0, "\x01\x02 nonsense\r\n\r\n"), "", "");
	metrics_server_stats(site->server, &stats);
	assert_int_equal(stats.requests, 3);
	assert_int_equal(stats.refused, 3);
	assert_int_equal(site->renders, 0);
}

static void head_has_the_length_and_no_page(void **state)
{
	struct site *site = *state;
	char *answer = ask(site, 0, "HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");

	assert_non_null(strstr(answer, "Content-Length: "));
	assert_null(strstr(answer, "x_padding"));
	free(answer);
}

static void however_many_ask_a_page_is_rendered_once_a_second(void **state)
{
	struct site *site = *state;

	for (int i = 0; i < 50; i++)
		assert_answer(ask(site, 0, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"),
			      "HTTP/1.1 200 ", "x_padding 1");
	/* However slow this machine is: far fewer than those that asked. */
	assert_true(site->renders >= 1 && site->renders < 25);
}

static void a_long_page_comes_whole(void **state)
{
	struct site *site = *state;
	size_t len;
	int fd;

	site->padding = 3000000;
	fd = connect_to(site, 0);
	assert_int_equal(send(fd, "GET /metrics HTTP/1.0\r\n\r\n", 25, 0), 25);
	char *answer = receive(site, fd, &len);
	assert_true(len > 3000000);
	assert_memory_equal(answer + len - 12, "x_padding 1\n", 12);
	free(answer);
}

/* True: the connection is closed without an answer, its peer has too many. */
static bool is_shut_out(struct site *site)
{
	char *answer = ask(site, 0, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
	bool is_empty = !*answer;

	free(answer);
	return is_empty;
}

/* Places of one peer are few, and those that say nothing do not keep others out. */
static void silent_clients_keep_nobody_out(void **state)
{
	struct site *site = *state;
	int silent[METRICS_CONNECTIONS_MAX];

	for (int i = 0; i < METRICS_CONNECTIONS_MAX; i++) {
		silent[i] = connect_to(site, 0);
		uv_run(&site->loop, UV_RUN_NOWAIT);
	}
	/* By the other address, so by another peer: served at once. */
	assert_answer(ask(site, 1, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200 ", "ok");
	for (int i = 0; i < METRICS_CONNECTIONS_MAX; i++)
		close(silent[i]);
	while (is_shut_out(site))
		;
	assert_answer(ask(site, 0, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"), "HTTP/1.1 200 ", "ok");
}

static void one_peer_has_few_places(void **state)
{
	struct site *site = *state;
	int open_fds = 0, fds[METRICS_PEER_MAX + 2];
	char octet;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = connect_to(site, 0);
		for (int run = 0; run < 20; run++)
			uv_run(&site->loop, UV_RUN_NOWAIT);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		open_fds += recv(fds[i], &octet, 1, MSG_DONTWAIT) < 0 && errno == EAGAIN;
		close(fds[i]);
	}
	assert_int_equal(open_fds, METRICS_PEER_MAX);
}

static void a_port_that_is_taken_is_told(void **state)
{
	struct site *site = *state;
	const struct metrics_server_config config = {
		.loop = &site->loop, .listens = site->listens, .listen_count = 1, .render = render,
		.health = health, .context = site,
	};
	char error[256], port[16];

	assert_null(metrics_server_start(&config, error, sizeof(error)));
	snprintf(port, sizeof(port), "127.0.0.1:%u", site->listens[0].port);
	assert_non_null(strstr(error, port));
	assert_non_null(strstr(error, "in use"));
}

int main(void)
{
#define SITE(name) cmocka_unit_test_setup_teardown(name, site_open, site_close)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worker_that_polls_does_not_stall),
		cmocka_unit_test(delays_are_those_of_invites_by_pool_and_target),
		cmocka_unit_test(what_was_counted_outlives_snapshots_and_many_targets),
		SITE(metrics_health_and_help_are_served_over_both_families),
		SITE(what_is_not_there_is_refused),
		SITE(head_has_the_length_and_no_page),
		SITE(however_many_ask_a_page_is_rendered_once_a_second),
		SITE(a_long_page_comes_whole),
		SITE(silent_clients_keep_nobody_out),
		SITE(one_peer_has_few_places),
		SITE(a_port_that_is_taken_is_told),
	};
#undef SITE

	return cmocka_run_group_tests(tests, NULL, NULL);
}
