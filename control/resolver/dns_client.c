/* SPDX-License-Identifier: BSD-3-Clause */
/* Questions to name servers; see dns_client.h. */
#include "resolver/dns_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <ares.h>

#define CLASS_IN         1
#define NAMESERVER_PORT  53
/* What passes any path in one piece; more comes over TCP. */
#define EDNS_SIZE        1232
#define RESOLV_CONF      "/etc/resolv.conf"
#define SERVERS_TEXT_MAX (RESOLVER_NAMESERVERS_MAX * ENDPOINT_TEXT_MAX)

/* A socket of c-ares in the loop. */
struct dns_socket {
	uv_poll_t poll;
	struct dns_client *client;
	struct dns_socket *next;
	ares_socket_t fd;
};

struct dns_query {
	struct dns_client *client;
	struct dns_query *next, **link; /* in `queries`, or in `done` */
	dns_client_fn fn;               /* NULL: cancelled */
	void *context;
	uint32_t id;
	enum dns_type type;
	enum dns_status status;         /* in `done` */
	char name[DNS_NAME_MAX];
};

struct dns_client {
	uv_loop_t *loop;
	ares_channel channel;
	struct resolver_settings settings;
	struct timespec resolv_conf_changed;
	uv_timer_t timer; /* c-ares's next time-out */
	uv_timer_t soon;  /* delivers what failed at once */
	struct dns_socket *sockets;
	struct dns_query *queries, *done;
	unsigned int handles_open;
	uint64_t asked;
	bool is_asking, is_changing, is_closing;
};

static void query_link(struct dns_query *query, struct dns_query **list)
{
	query->next = *list;
	query->link = list;
	if (query->next)
		query->next->link = &query->next;
	*list = query;
}

static void query_unlink(struct dns_query *query)
{
	*query->link = query->next;
	if (query->next)
		query->next->link = query->link;
}

static void query_free(struct dns_query *query)
{
	query_unlink(query);
	free(query);
}

/* The loop's side of c-ares. */

static void client_handle_closed(uv_handle_t *handle)
{
	struct dns_client *client = handle->data;

	if (--client->handles_open == 0)
		free(client);
}

static void socket_closed(uv_handle_t *handle)
{
	struct dns_socket *socket = handle->data;
	struct dns_client *client = socket->client;

	free(socket);
	if (--client->handles_open == 0)
		free(client);
}

static void client_timed_out(uv_timer_t *timer);

static void client_arm(struct dns_client *client)
{
	struct timeval wait;

	if (client->is_closing)
		return;
	if (!ares_timeout(client->channel, NULL, &wait)) {
		uv_timer_stop(&client->timer);
		return;
	}
	/* Rounded up: c-ares looks at microseconds. */
	uint64_t ms = (uint64_t)wait.tv_sec * 1000 + (uint64_t)wait.tv_usec / 1000 + 1;
	uv_timer_start(&client->timer, client_timed_out, ms, 0);
}

static void client_process(struct dns_client *client, ares_socket_t readable, ares_socket_t writable)
{
	ares_process_fd(client->channel, readable, writable);
	client_arm(client);
}

static void client_timed_out(uv_timer_t *timer)
{
	client_process(timer->data, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void socket_ready(uv_poll_t *poll, int status, int events)
{
	struct dns_socket *socket = poll->data;

	/* What is wrong with it c-ares finds out by reading. */
	if (status < 0)
		events = UV_READABLE | UV_WRITABLE;
	client_process(socket->client, events & UV_READABLE ? socket->fd : ARES_SOCKET_BAD,
		       events & UV_WRITABLE ? socket->fd : ARES_SOCKET_BAD);
}

static struct dns_socket *socket_add(struct dns_client *client, ares_socket_t fd)
{
	struct dns_socket *socket = calloc(1, sizeof(*socket));

	if (!socket)
		return NULL;
	if (uv_poll_init_socket(client->loop, &socket->poll, fd) < 0) {
		free(socket);
		return NULL;
	}
	socket->poll.data = socket;
	socket->client = client;
	socket->fd = fd;
	socket->next = client->sockets;
	client->sockets = socket;
	client->handles_open++;
	return socket;
}

/* Before c-ares closes a socket it says that it waits for nothing there. */
static void socket_wanted(void *context, ares_socket_t fd, int readable, int writable)
{
	struct dns_client *client = context;
	struct dns_socket **link = &client->sockets;

	while (*link && (*link)->fd != fd)
		link = &(*link)->next;
	struct dns_socket *socket = *link;
	if (!readable && !writable) {
		if (!socket)
			return;
		*link = socket->next;
		uv_close((uv_handle_t *)&socket->poll, socket_closed);
		return;
	}
	if (!socket)
		socket = socket_add(client, fd);
	/* Without one the question ends by its time-out. */
	if (socket)
		uv_poll_start(&socket->poll,
			      (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0),
			      socket_ready);
}

/* Channels. */

static void servers_text(const struct resolver_settings *settings, char *text, size_t size)
{
	struct text_writer w = text_writer_of(text, size - 1);

	for (uint32_t i = 0; i < settings->nameserver_count; i++) {
		if (i)
			text_put_char(&w, ',');
		endpoint_put(&w, &settings->nameservers[i]);
	}
	*w.at = '\0';
}

static int channel_open(struct dns_client *client, const struct resolver_settings *settings,
			ares_channel *channel, char *error, size_t size)
{
	struct ares_options options = {
		.flags = ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = (int)settings->timeout_ms,
		.tries = (int)settings->tries,
		.ednspsz = EDNS_SIZE,
		.sock_state_cb = socket_wanted,
		.sock_state_cb_data = client,
	};
	char servers[SERVERS_TEXT_MAX];
	int status = ares_init_options(channel, &options,
				       ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
					       ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB);

	if (status != ARES_SUCCESS) {
		snprintf(error, size, "cannot make a resolver: %s", ares_strerror(status));
		return status == ARES_ENOMEM ? -ENOMEM : -EIO;
	}
	if (settings->nameserver_count == 0)
		return 0;
	servers_text(settings, servers, sizeof(servers));
	status = ares_set_servers_ports_csv(*channel, servers);
	if (status == ARES_SUCCESS)
		return 0;
	snprintf(error, size, "cannot use the name servers %s: %s", servers, ares_strerror(status));
	ares_destroy(*channel);
	return -EINVAL;
}

static struct timespec resolv_conf_time(void)
{
	struct stat status;

	return stat(RESOLV_CONF, &status) == 0 ? status.st_mtim : (struct timespec){ 0 };
}

struct dns_client *dns_client_create(uv_loop_t *loop, const struct resolver_settings *settings,
				     char *error, size_t size)
{
	struct dns_client *client = calloc(1, sizeof(*client));

	if (!client || ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		snprintf(error, size, "out of memory for the resolver");
		free(client);
		return NULL;
	}
	client->loop = loop;
	client->settings = *settings;
	client->resolv_conf_changed = resolv_conf_time();
	if (channel_open(client, settings, &client->channel, error, size) < 0) {
		ares_library_cleanup();
		free(client);
		return NULL;
	}
	uv_timer_init(loop, &client->timer);
	uv_timer_init(loop, &client->soon);
	client->timer.data = client->soon.data = client;
	client->handles_open = 2;
	return client;
}

void dns_client_destroy(struct dns_client *client)
{
	if (!client)
		return;
	client->is_closing = true;
	/* Each question is called back with ARES_EDESTRUCTION, each socket closed. */
	ares_destroy(client->channel);
	while (client->done)
		query_free(client->done);
	uv_close((uv_handle_t *)&client->timer, client_handle_closed);
	uv_close((uv_handle_t *)&client->soon, client_handle_closed);
	ares_library_cleanup();
}

/* Questions. */

static void query_deliver(struct dns_query *query, enum dns_status status, struct span reply)
{
	struct dns_answer answer;

	if (query->fn) {
		if (dns_status_is_failure(status))
			dns_answer_fail(&answer, query->type, status);
		else
			dns_answer_parse(&answer, query->type, status, reply);
		query->fn(query->context, query->id, &answer);
		dns_answer_fini(&answer);
	}
	query_free(query);
}

static enum dns_status status_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return DNS_OK;
	case ARES_ENODATA:
		return DNS_NO_DATA;
	case ARES_ENOTFOUND:
		return DNS_NO_NAME;
	case ARES_ETIMEOUT:
		return DNS_TIMEOUT;
	case ARES_ESERVFAIL:
		return DNS_SERVER_FAILED;
	case ARES_EREFUSED:
	case ARES_ECONNREFUSED:
	case ARES_ENOTIMP:
		return DNS_REFUSED;
	case ARES_EFORMERR:
	case ARES_EBADRESP:
	case ARES_EBADNAME:
		return DNS_MALFORMED;
	default:
		return DNS_FAILED;
	}
}

static void client_deliver_done(uv_timer_t *timer)
{
	struct dns_client *client = timer->data;

	while (client->done)
		query_deliver(client->done, client->done->status, SPAN_EMPTY);
}

static void query_ended(void *context, int status, int, unsigned char *bytes, int size)
{
	struct dns_query *query = context;
	struct dns_client *client = query->client;

	if (client->is_closing) {
		query_free(query);
		return;
	}
	/* The old channel goes: it is asked again on the new one. */
	if (client->is_changing && status == ARES_EDESTRUCTION) {
		query_unlink(query);
		query_link(query, &client->done);
		return;
	}
	enum dns_status meaning = status_of(status);
	if (!bytes && !dns_status_is_failure(meaning))
		meaning = DNS_MALFORMED;
	if (client->is_asking) {
		query->status = dns_status_is_failure(meaning) ? meaning : DNS_FAILED;
		query_unlink(query);
		query_link(query, &client->done);
		uv_timer_start(&client->soon, client_deliver_done, 0, 0);
		return;
	}
	query_deliver(query, meaning, span_of(bytes, (size_t)size));
}

/* /etc/resolv.conf is read when a channel is opened; other servers may stand there by now. */
static void client_refresh_servers(struct dns_client *client)
{
	struct timespec changed = resolv_conf_time();
	char error[128];

	if (client->settings.nameserver_count || client->queries ||
	    (changed.tv_sec == client->resolv_conf_changed.tv_sec &&
	     changed.tv_nsec == client->resolv_conf_changed.tv_nsec))
		return;
	client->resolv_conf_changed = changed;
	/* Where that fails, the old ones are as good as it gets. */
	(void)dns_client_configure(client, &client->settings, error, sizeof(error));
}

static void query_send(struct dns_query *query)
{
	struct dns_client *client = query->client;

	query_link(query, &client->queries);
	client->is_asking = true;
	client->asked++;
	ares_query(client->channel, query->name, CLASS_IN, (int)query->type, query_ended, query);
	client->is_asking = false;
	client_arm(client);
}

struct dns_query *dns_client_ask(struct dns_client *client, enum dns_type type, const char *name,
				 dns_client_fn fn, void *context, uint32_t id)
{
	struct dns_query *query = calloc(1, sizeof(*query));

	if (!query)
		return NULL;
	client_refresh_servers(client);
	query->client = client;
	query->fn = fn;
	query->context = context;
	query->id = id;
	query->type = type;
	snprintf(query->name, sizeof(query->name), "%s", name);
	query_send(query);
	return query;
}

void dns_query_cancel(struct dns_query *query)
{
	query->fn = NULL;
}

int dns_client_configure(struct dns_client *client, const struct resolver_settings *settings,
			 char *error, size_t size)
{
	struct dns_query *again = NULL;
	ares_channel channel;
	int status = channel_open(client, settings, &channel, error, size);

	if (status < 0)
		return status;
	client->settings = *settings;
	client->is_changing = true;
	struct dns_query *failed = client->done;
	client->done = NULL;
	ares_destroy(client->channel);
	client->is_changing = false;
	again = client->done;
	client->done = failed;
	if (failed)
		failed->link = &client->done;
	client->channel = channel;
	while (again) {
		struct dns_query *query = again;
		again = query->next;
		if (query->fn)
			query_send(query);
		else
			free(query);
	}
	client_arm(client);
	return 0;
}

uint64_t dns_client_asked(const struct dns_client *client)
{
	return client->asked;
}

void dns_client_servers(const struct dns_client *client, char *text, size_t size)
{
	struct ares_addr_port_node *servers = NULL;
	struct text_writer w = text_writer_of(text, size - 1);

	if (ares_get_servers_ports(client->channel, &servers) != ARES_SUCCESS)
		servers = NULL;
	for (const struct ares_addr_port_node *node = servers; node; node = node->next) {
		struct endpoint server = {
			.address.family = node->family == AF_INET ? IP_V4 : IP_V6,
			/* 0: as everywhere */
			.port = (uint16_t)(node->udp_port ? node->udp_port : NAMESERVER_PORT),
		};
		memcpy(server.address.bytes, &node->addr, ip_address_size(&server.address));
		if (node != servers)
			text_put(&w, SPAN(", "));
		endpoint_put(&w, &server);
	}
	*w.at = '\0';
	ares_free_data(servers);
}
