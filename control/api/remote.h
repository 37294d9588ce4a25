/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Remote operators: who of them may come in.  Answers the transport's questions about keys (ZAP,
 * RFC 27) inside the process, and binds the server's ROUTER to TCP with CURVE.  Which message may
 * do what is dispatch.c's.  Control thread only; nothing here blocks.
 */
#ifndef API_REMOTE_H
#define API_REMOTE_H

#include "api/curve_key.h"
#include "api/protocol.h"
#include "base/compiler.h"

/* After ours: it brings <sys/param.h>, which defines MIN and MAX too. */
#include <uv.h>

#define API_REMOTE_NAME_MAX      64
#define API_REMOTE_ENDPOINTS_MAX 4

enum api_access {
	API_ACCESS_READ, /* what changes nothing */
	API_ACCESS_ALL,
};
const char *api_access_name(enum api_access access);

struct api_remote_client {
	char name[API_REMOTE_NAME_MAX];
	char key[CURVE_KEY_TEXT_MAX]; /* public */
	enum api_access access;
};

/* Somebody without a known key wanted in: the address, and how many since the last call. */
typedef void (*api_remote_refused_fn)(void *context, const char *address, unsigned int count);

struct api_remote_config {
	const char *const *endpoints; /* tcp://ADDRESS:PORT */
	unsigned int endpoint_count;
	const char *secret_key;       /* of the server, Z85 */
	const struct api_remote_client *clients; /* copied */
	unsigned int client_count;
	api_remote_refused_fn refused; /* NULL: nobody wants to know; at most once a second */
	void *context;
};

struct api_remote;

/*
 * `socket` is bound to what it serves locally already, and serves config->endpoints too from now
 * on, to clients that have one of the keys alone.  0, or -errno with one sentence in error[size];
 * *remote may be set then too, and is to be closed if it is.
 */
[[nodiscard]] int api_remote_open(uv_loop_t *loop, void *zmq, void *socket,
				  const struct api_remote_config *config,
				  struct api_remote **remote, char *error, size_t size);
/* The last endpoint that was bound, with the port that the kernel chose for `:*`. */
const char *api_remote_endpoint(const struct api_remote *remote);
/* Nobody comes in any more.  Memory is freed by the loop's next pass; `closed` is called then. */
void api_remote_close(struct api_remote *remote, void (*closed)(void *context), void *context);

/* The client with this key, or NULL. */
const struct api_remote_client *api_remote_find(const struct api_remote *remote, const char *key);
/* Replaces the list of clients.  0 or -ENOMEM, and nothing has changed. */
[[nodiscard]] int api_remote_set_clients(struct api_remote *remote,
					 const struct api_remote_client *clients,
					 unsigned int count);

#endif
