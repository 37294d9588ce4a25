/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DNS in tandemd: the resolver, and the pools that it gives targets to, joined to configuration,
 * target set and events.  Control thread only.
 */
#ifndef RESOLVER_DNS_H
#define RESOLVER_DNS_H

#include <jansson.h>

struct control;
struct dns;

/*
 * Sets up control->dns as control->config says; what an earlier process was answered goes to the
 * target set here, so that the first snapshot has it.  Asks once the loop runs: nothing waits for
 * DNS.  0, or -errno and a sentence.
 */
[[nodiscard]] int dns_open(struct control *control, char *error, size_t size);
/* Handles close while the loop runs on. */
void dns_close(struct control *control);

/* For next hops: resolver_lookup; never NULL once open. */
struct resolver *dns_resolver(const struct control *control);

/* Body of `show dns`; `name` NULL: all. */
[[nodiscard]] json_t *dns_show(const struct control *control, const char *name);

#endif
