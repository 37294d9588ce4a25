/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator sets of the resolver (`resolver:` of the configuration), with nothing else.
 */
#ifndef RESOLVER_SETTINGS_H
#define RESOLVER_SETTINGS_H

#include "net/endpoint.h"

#define RESOLVER_NAMESERVERS_MAX 8

struct resolver_settings {
	uint32_t nameserver_count; /* 0: those of /etc/resolv.conf */
	struct endpoint nameservers[RESOLVER_NAMESERVERS_MAX];
	uint32_t ttl_min_ms, ttl_max_ms;
	uint32_t negative_ttl_ms;  /* where the answer says none */
	uint32_t timeout_ms, tries;
};

#endif
