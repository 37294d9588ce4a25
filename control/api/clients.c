/* SPDX-License-Identifier: BSD-3-Clause */
/* Who is connected, and who of the remote ones may be; see server.h. */
#include "api/json_text.h"
#include "api/server_internal.h"

#include <stdio.h>
#include <stdlib.h>

bool api_address_is_local(const char *address, unsigned int *uid, unsigned int *pid)
{
	unsigned int gid;

	if (strncmp(address, "localhost", 9) == 0)
		address += 9;
	/* An IPv6 address may begin with two colons, never with one. */
	return sscanf(address, ":%u:%u:%u", uid, &gid, pid) == 3;
}

static void address_format(const char *address, char *text, size_t size)
{
	unsigned int uid, pid;

	if (api_address_is_local(address, &uid, &pid))
		snprintf(text, size, "uid %u, process %u", uid, pid);
	else
		snprintf(text, size, "%s", address);
}

void api_server_let_go(struct api_server *server, struct api_peer *peer)
{
	api_server_forget(server, peer);
}

static json_t *client_row(const struct api_server *server, const struct api_peer *peer,
			  const struct api_remote_client *remote)
{
	char address[96];

	address_format(peer->address, address, sizeof(address));
	return json_pack(
		"{s:I, s:o, s:s, s:s, s:s, s:o, s:I, s:I, s:i, s:b, s:I}", "client",
		(json_int_t)peer->number, "name", json_text(peer->name), "role",
		peer->agent ? "agent" : "client", "address", address, "access",
		api_access_name(remote ? remote->access : API_ACCESS_ALL), "key",
		remote ? json_text(remote->name) : json_null(), "connected_s",
		(json_int_t)((uv_now(server->poll.loop) - peer->since_ms) / 1000), "messages",
		(json_int_t)peer->messages, "open_requests", (int)peer->requests, "follows_events",
		(int)peer->is_subscribed, "queued_octets", (json_int_t)peer->queued);
}

json_t *api_server_show_clients(const struct api_server *server, const char *name,
				const char *role, const char *access)
{
	json_t *rows = json_array();

	for (unsigned int i = 0; i < API_CLIENTS_MAX; i++) {
		const struct api_peer *peer = &server->peers.table[i];
		const struct api_remote_client *remote =
			server->remote && peer->key[0] ? api_remote_find(server->remote, peer->key)
						       : NULL;
		const char *has = api_access_name(remote ? remote->access : API_ACCESS_ALL);
		if (!peer->is_used || (name && !strstr(peer->name, name)) ||
		    (role && strcmp(role, peer->agent ? "agent" : "client") != 0) ||
		    (access && strcmp(access, has) != 0))
			continue;
		json_array_append_new(rows, client_row(server, peer, remote));
	}
	return json_pack("{s:o}", "clients", rows);
}

int api_server_set_remote_clients(struct api_server *server,
				  const struct api_remote_client *clients, unsigned int count)
{
	int status = server->remote ? api_remote_set_clients(server->remote, clients, count) : 0;

	for (unsigned int i = 0; status == 0 && server->remote && i < API_CLIENTS_MAX; i++) {
		struct api_peer *peer = &server->peers.table[i];
		if (peer->is_used && peer->key[0] && !api_remote_find(server->remote, peer->key))
			api_server_forget(server, peer);
	}
	return status;
}

bool api_server_remote_endpoint(const struct api_server *server, char *text, size_t size)
{
	if (!server->remote)
		return false;
	snprintf(text, size, "%s", api_remote_endpoint(server->remote));
	return true;
}
