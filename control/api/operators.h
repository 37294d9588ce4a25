/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Remote operators as the configuration names them: the server's key pair, read or made, and the
 * list of keys that are let in, as the server takes them.  Control thread only.
 */
#ifndef API_OPERATORS_H
#define API_OPERATORS_H

#include "api/remote.h"
#include "config/config.h"
#include "events/events.h"

struct operators {
	struct config_remote_view view;
	struct curve_key_pair keys;
	struct api_remote_client *clients;
	struct api_remote_config remote;
};

/* 0: operators->remote is set, unless no endpoint is configured; -errno and one sentence.  It
 * refers to `config` and `events`. */
[[nodiscard]] int operators_load(struct operators *operators, const struct config *config,
				 struct events *events, char *error, size_t size);
/* NULL: nobody remote is served. */
const struct api_remote_config *operators_remote(const struct operators *operators);
/* After the server was started, which copies what it needs. */
void operators_release(struct operators *operators);
/* Where they are served, and the key that they need, as events. */
void operators_tell(const struct operators *operators, struct events *events);

#endif
