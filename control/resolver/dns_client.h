/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Single questions to name servers: c-ares on the control plane's event loop.  Retries, further
 * servers and TCP after a truncated answer are c-ares's; what an answer means is not known here.
 * Control thread only; nothing blocks.
 */
#ifndef RESOLVER_DNS_CLIENT_H
#define RESOLVER_DNS_CLIENT_H

#include "resolver/dns_answer.h"
#include "resolver/settings.h"

/* After ours: it brings <sys/param.h>, which defines MIN and MAX too. */
#include <uv.h>

struct dns_client;
struct dns_query;

/* `answer` is borrowed for the call.  Never called from within dns_client_ask. */
typedef void (*dns_client_fn)(void *context, uint32_t id, const struct dns_answer *answer);

/* NULL with a sentence in error[size]. */
[[nodiscard]] struct dns_client *dns_client_create(uv_loop_t *loop,
						   const struct resolver_settings *settings,
						   char *error, size_t size);
/* Questions under way are dropped without a call.  Handles close while the loop runs on; the rest
 * of the memory is freed with the last of them.  NULL is allowed. */
void dns_client_destroy(struct dns_client *client);
/* Other servers and times from now on; questions under way are asked anew.  0 or -errno with a
 * sentence, and all is as before. */
[[nodiscard]] int dns_client_configure(struct dns_client *client,
				       const struct resolver_settings *settings, char *error,
				       size_t size);

/* NULL: out of memory. */
[[nodiscard]] struct dns_query *dns_client_ask(struct dns_client *client, enum dns_type type,
					       const char *name, dns_client_fn fn, void *context,
					       uint32_t id);
/* Its function is not called any more. */
void dns_query_cancel(struct dns_query *query);

/* Questions that were sent, for those that count. */
uint64_t dns_client_asked(const struct dns_client *client);
/* The servers in use: "192.0.2.53:53, [2001:db8::53]:53". */
void dns_client_servers(const struct dns_client *client, char *text, size_t size);

#endif
