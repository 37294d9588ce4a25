/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A real name server (knotd) for a test: on a port of its own on 127.0.0.1, with one zone that the
 * test writes and changes.  Its files are in a folder of its own and go with it.
 */
#ifndef UNIT_RESOLVER_NAME_SERVER_H
#define UNIT_RESOLVER_NAME_SERVER_H

#include <sys/types.h>

#include "net/endpoint.h"

struct name_server {
	char folder[64];
	struct endpoint endpoint;
	pid_t pid; /* 0: does not run */
	unsigned int serial;
};

/* Serves example.com with these records (zone file lines), default TTL 300, negative 20.  Returns
 * when it answers; fails the test otherwise. */
void name_server_start(struct name_server *server, const char *records);
/* Other records, served when this returns. */
void name_server_change(struct name_server *server, const char *records);
/* It is silent from then on, until resumed. */
void name_server_pause(const struct name_server *server);
void name_server_resume(const struct name_server *server);
/* kill -9; its files stay. */
void name_server_kill(struct name_server *server);
void name_server_end(struct name_server *server);

#endif
