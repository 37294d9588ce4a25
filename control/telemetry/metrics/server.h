/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The HTTP end of the metrics: /metrics, /healthz and a line of help, by libmicrohttpd.  What they
 * say is the caller's.  Control thread only.
 *
 * libmicrohttpd runs without threads of its own: its epoll descriptor is watched by the control
 * plane's loop.  So what is rendered is read where it is written, no lock is needed, and nothing
 * blocks: sockets do not, and a page is rendered once a second at most, whoever asks.
 */
#ifndef TELEMETRY_SERVER_H
#define TELEMETRY_SERVER_H

#include "net/endpoint.h"
#include "telemetry/metrics/exposition.h"

/* After ours: it brings <sys/param.h>, which defines MIN and MAX too. */
#include <uv.h>

#define METRICS_LISTENS_MAX     8
#define METRICS_CONNECTIONS_MAX 16    /* an address listened on; of them so many by one peer: */
#define METRICS_PEER_MAX        4
#define METRICS_IDLE_S          5     /* without an octet */
#define METRICS_CONNECTION_MS   20000 /* from its beginning to its end */
#define METRICS_PAGE_MS         1000  /* a page is younger than that */

struct metrics_server_config {
	uv_loop_t *loop;
	const struct endpoint *listens;
	uint32_t listen_count;
	/* Writes all families, without exposition_end. */
	void (*render)(void *context, struct exposition *out);
	/* One line into text[size]; false: not healthy. */
	bool (*health)(void *context, char *text, size_t size);
	void *context;
};

struct metrics_server_stats {
	uint64_t requests, refused; /* refused: another path or method */
	uint64_t renders, render_us; /* of the last one */
	uint64_t page_octets, page_samples;
};

struct metrics_server;

/* NULL with one sentence in error[size]. */
[[nodiscard]] struct metrics_server *metrics_server_start(const struct metrics_server_config *config,
							  char *error, size_t size);
/* Closes its handles; the loop has to run once more.  NULL is allowed. */
void metrics_server_stop(struct metrics_server *server);
void metrics_server_stats(const struct metrics_server *server, struct metrics_server_stats *stats);

#endif
