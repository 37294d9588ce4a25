/* SPDX-License-Identifier: BSD-3-Clause */
/* The export thread; see export.h.  Everything but start, stop and stats runs there. */
#include "telemetry/hep/export.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sip/message.h"
#include "telemetry/hep/hep.h"

#define BATCH          32
#define IDLE_MS        2        /* between looks at empty rings: they hold many times as much */
#define FULL_MS        5        /* the longest that a full socket is waited for, a batch */
#define SEND_BUFFER    (4 << 20)
#define LAST_BATCHES   100000   /* what is sent when it ends, at most */

struct hep_export {
	struct hep_export_config config;
	int socket, stop;           /* stop: an eventfd */
	pthread_t thread;
	/* thread: rw, others: ro (relaxed) */
	struct hep_export_stats stats;
	/* thread */
	uint64_t wall_us;           /* of this batch */
	uint32_t count;
	struct mmsghdr messages[BATCH];
	struct iovec vectors[BATCH];
	uint8_t packets[BATCH][HEP_PACKET_MAX];
};

static void count(uint64_t *word, uint64_t by)
{
	__atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) + by, __ATOMIC_RELAXED);
}

static uint64_t wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

/* A dataplane_mirrored_fn. */
static void take(void *context, const struct dataplane_mirrored *mirrored)
{
	struct hep_export *hep = context;
	struct span call_id = SPAN_EMPTY;
	struct hep_message message = {
		.source = mirrored->source,
		.destination = mirrored->destination,
		.time_us = hep->wall_us - mirrored->age_ns / 1000u,
		.capture_id = hep->config.capture_id,
		.password = span_of_string(hep->config.password),
		.node = span_of_string(hep->config.node),
		.payload = mirrored->data,
	};
	size_t len;

	if (sip_message_peek_call_id(mirrored->data.data, (uint32_t)mirrored->data.len, &call_id))
		message.correlation = call_id;
	len = hep_encode(&message, hep->packets[hep->count], HEP_PACKET_MAX);
	if (len == 0) {
		count(&hep->stats.dropped_encoding, 1);
		return;
	}
	if (mirrored->data.len < mirrored->len)
		count(&hep->stats.cut, 1);
	hep->vectors[hep->count++].iov_len = len;
}

/* True: try again.  The error of a connected UDP socket is that of a datagram sent before (nobody
 * listens there yet): it is taken note of by being read, and this one has not been tried. */
static bool is_passing(struct hep_export *hep, bool *waited, uint32_t *refused)
{
	struct pollfd writable = { .fd = hep->socket, .events = POLLOUT };

	if (errno == EINTR)
		return true;
	if (errno == ECONNREFUSED && (*refused)++ < BATCH)
		return true;
	if ((errno != EAGAIN && errno != ENOBUFS) || *waited)
		return false;
	*waited = true;
	return poll(&writable, 1, FULL_MS) > 0;
}

static void send_batch(struct hep_export *hep)
{
	uint32_t at = 0, refused = 0;
	uint64_t octets = 0;
	bool waited = false;

	while (at < hep->count) {
		int sent = sendmmsg(hep->socket, hep->messages + at, hep->count - at, MSG_DONTWAIT);

		if (sent > 0) {
			for (int i = 0; i < sent; i++)
				octets += hep->vectors[at + (uint32_t)i].iov_len;
			at += (uint32_t)sent;
		} else if (!is_passing(hep, &waited, &refused)) {
			break;
		}
	}
	count(&hep->stats.sent, at);
	count(&hep->stats.sent_octets, octets);
	count(&hep->stats.dropped_socket, hep->count - at);
	hep->count = 0;
}

static bool export_batch(struct hep_export *hep)
{
	uint32_t taken;

	hep->wall_us = wall_us();
	taken = dataplane_mirror_take(hep->config.dataplane, take, hep, BATCH);
	if (hep->count)
		send_batch(hep);
	return taken != 0;
}

static void *export_run(void *context)
{
	struct hep_export *hep = context;
	struct pollfd stop = { .fd = hep->stop, .events = POLLIN };
	int idle_ms = 0;

	while (poll(&stop, 1, idle_ms) <= 0)
		idle_ms = export_batch(hep) ? 0 : IDLE_MS;
	for (int i = 0; i < LAST_BATCHES && export_batch(hep); i++)
		;
	return NULL;
}

static socklen_t address_of(const struct endpoint *endpoint, struct sockaddr_storage *out)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;

	memset(out, 0, sizeof(*out));
	if (endpoint->address.family == IP_V6) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(endpoint->port);
		memcpy(&v6->sin6_addr, endpoint->address.bytes, sizeof(v6->sin6_addr));
		return sizeof(*v6);
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons(endpoint->port);
	memcpy(&v4->sin_addr, endpoint->address.bytes, sizeof(v4->sin_addr));
	return sizeof(*v4);
}

static int socket_open(const struct endpoint *server)
{
	const int buffer = SEND_BUFFER;
	struct sockaddr_storage address;
	socklen_t len = address_of(server, &address);
	int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	/* As much as the kernel allows; less is no failure. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
	if (connect(fd, (const struct sockaddr *)&address, len) < 0) {
		int code = errno;

		close(fd);
		return -code;
	}
	return fd;
}

static int thread_start(struct hep_export *hep)
{
	sigset_t all, before;
	int code;

	/* Signals are the control thread's. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	code = pthread_create(&hep->thread, NULL, export_run, hep);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -code;
}

static int open_all(struct hep_export *hep, const char **what)
{
	const struct dataplane_mirror_config mirror = {
		.message_max = hep->config.message_max,
		.one_in = hep->config.one_in,
	};
	int status;

	*what = "its socket";
	hep->socket = socket_open(&hep->config.server);
	if (hep->socket < 0)
		return hep->socket;
	hep->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (hep->stop < 0)
		return -errno;
	*what = "the workers' rings";
	status = dataplane_mirror_start(hep->config.dataplane, &mirror);
	if (status < 0)
		return status;
	*what = "its thread";
	status = thread_start(hep);
	if (status < 0)
		dataplane_mirror_stop(hep->config.dataplane);
	return status;
}

static void close_all(struct hep_export *hep)
{
	if (hep->socket >= 0)
		close(hep->socket);
	if (hep->stop >= 0)
		close(hep->stop);
	free(hep);
}

struct hep_export *hep_export_start(const struct hep_export_config *config, char *error,
				    size_t size)
{
	struct hep_export *hep = calloc(1, sizeof(*hep));
	const char *what = "";
	char server[ENDPOINT_TEXT_MAX];
	int status;

	if (!hep) {
		snprintf(error, size, "telemetry.hep: out of memory");
		return NULL;
	}
	hep->config = *config;
	hep->config.message_max = MIN(config->message_max, HEP_PAYLOAD_MAX);
	hep->socket = hep->stop = -1;
	for (int i = 0; i < BATCH; i++) {
		hep->vectors[i].iov_base = hep->packets[i];
		hep->messages[i].msg_hdr.msg_iov = &hep->vectors[i];
		hep->messages[i].msg_hdr.msg_iovlen = 1;
	}
	status = open_all(hep, &what);
	if (status == 0)
		return hep;
	snprintf(error, size, "telemetry.hep: %s towards %s cannot be opened: %s", what,
		 endpoint_to_string(&config->server, server), strerror(-status));
	close_all(hep);
	return NULL;
}

void hep_export_stop(struct hep_export *hep)
{
	const uint64_t one = 1;

	if (!hep)
		return;
	/* First the workers, so that the thread finds an end. */
	dataplane_mirror_detach(hep->config.dataplane);
	if (write(hep->stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(hep->thread, NULL);
	dataplane_mirror_stop(hep->config.dataplane);
	close_all(hep);
}

void hep_export_stats_read(const struct hep_export *hep, struct hep_export_stats *stats)
{
	const uint64_t *from = (const uint64_t *)&hep->stats;
	uint64_t *to = (uint64_t *)stats;

	/* All members are counters of one type. */
	static_assert(sizeof(*stats) % sizeof(uint64_t) == 0);
	for (size_t i = 0; i < sizeof(*stats) / sizeof(uint64_t); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
	stats->dropped_ring = dataplane_mirror_dropped(hep->config.dataplane);
}
