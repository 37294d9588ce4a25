/* SPDX-License-Identifier: BSD-3-Clause */
/* Remote operators as the configuration names them; see operators.h. */
#include "api/operators.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void told_refused(void *context, const char *address, unsigned int count)
{
	events_raise(context, "control", json_pack("{s:s, s:i}", "address", address, "refused",
						   (int)count),
		     "%u %s refused on the remote control socket, the last from %s: no known key",
		     count, count == 1 ? "connection was" : "connections were", address);
}

/* A pair of our own is made on first use; one that the operator named is never. */
static int keys_load(struct operators *operators, const struct config *config, char *error,
		     size_t size)
{
	const struct config_remote_view *view = &operators->view;
	char public_key[CURVE_KEY_TEXT_MAX];
	int status = 0;

	if (!view->key_file_is_given && access(view->key_file, F_OK) < 0 && errno == ENOENT) {
		(void)mkdir(config_state_dir(config), 0700);
		status = curve_key_file_create(view->key_file, public_key, error, size);
	}
	if (status < 0 && status != -EEXIST)
		return status;
	return curve_key_file_read(view->key_file, &operators->keys, error, size);
}

static int clients_load(struct operators *operators, const struct config *config)
{
	uint32_t count = operators->view.client_count;

	operators->clients = calloc(count, sizeof(*operators->clients));
	if (!operators->clients)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		struct config_remote_client_view from = config_remote_client(config, i);
		struct api_remote_client *to = &operators->clients[i];
		snprintf(to->name, sizeof(to->name), "%s", from.name);
		snprintf(to->key, sizeof(to->key), "%s", from.key);
		to->access = from.may_change ? API_ACCESS_ALL : API_ACCESS_READ;
	}
	return 0;
}

int operators_load(struct operators *operators, const struct config *config, struct events *events,
		   char *error, size_t size)
{
	memset(operators, 0, sizeof(*operators));
	if (!config_remote(config, &operators->view))
		return 0;
	int status = keys_load(operators, config, error, size);
	if (status < 0)
		return status;
	status = clients_load(operators, config);
	if (status < 0) {
		snprintf(error, size, "out of memory for the remote operators");
		return status;
	}
	operators->remote = (struct api_remote_config){
		.endpoints = operators->view.listens,
		.endpoint_count = operators->view.listen_count,
		.secret_key = operators->keys.secret_key,
		.clients = operators->clients,
		.client_count = operators->view.client_count,
		.refused = told_refused,
		.context = events,
	};
	return 0;
}

const struct api_remote_config *operators_remote(const struct operators *operators)
{
	return operators->remote.endpoint_count ? &operators->remote : NULL;
}

void operators_release(struct operators *operators)
{
	explicit_bzero(operators->keys.secret_key, sizeof(operators->keys.secret_key));
	free(operators->clients);
	operators->clients = NULL;
}

void operators_tell(const struct operators *operators, struct events *events)
{
	for (uint32_t i = 0; i < operators->view.listen_count; i++)
		events_raise(events, "start",
			     json_pack("{s:s, s:s}", "remote", operators->view.listens[i],
				       "server_key", operators->keys.public_key),
			     "remote operators: %s, server key %s, %u %s", operators->view.listens[i],
			     operators->keys.public_key, operators->view.client_count,
			     operators->view.client_count == 1 ? "client" : "clients");
}
