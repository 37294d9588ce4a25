/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long an answer is good, and when to ask again: arithmetic alone.  Milliseconds; chance comes
 * from the caller as a number from 0 to TTL_CHANCE.
 */
#ifndef RESOLVER_TTL_H
#define RESOLVER_TTL_H

#include "resolver/servers.h"
#include "resolver/settings.h"

#define TTL_CHANCE        1000u
#define TTL_RETRY_MIN_MS  1000u
#define TTL_RETRY_MAX_MS  60000u

/* What the records say, between floor and ceiling; of a negative answer that says nothing,
 * negative_ttl.  0 for a failure: it is not kept. */
[[nodiscard]] uint32_t ttl_of(const struct server_set *set, const struct resolver_settings *settings);

/* The wait before a refresh: the TTL, so that caches on the way have dropped the old answer too,
 * and up to a tenth more, so that instances that started together do not ask together. */
[[nodiscard]] uint32_t ttl_refresh_ms(uint32_t ttl_ms, uint32_t chance);

/* The wait after so many failures in a row (1: the first): doubles from one second to a minute,
 * never longer than the ceiling of TTLs, and the last quarter is chance. */
[[nodiscard]] uint32_t ttl_retry_ms(uint32_t failures, const struct resolver_settings *settings,
				    uint32_t chance);

#endif
