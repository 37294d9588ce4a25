/* SPDX-License-Identifier: BSD-3-Clause */
/* Lifetimes of answers; see ttl.h. */
#include "resolver/ttl.h"

static uint32_t clamp(uint64_t ms, const struct resolver_settings *settings)
{
	return (uint32_t)MAX(MIN(ms, (uint64_t)settings->ttl_max_ms),
			     (uint64_t)settings->ttl_min_ms);
}

uint32_t ttl_of(const struct server_set *set, const struct resolver_settings *settings)
{
	if (set->status == SERVERS_FAILED)
		return 0;
	if (set->ttl_s != DNS_TTL_UNKNOWN)
		return clamp(set->ttl_s * 1000ull, settings);
	/* An address as it stands has no records, and needs none. */
	return clamp(set->status == SERVERS_FOUND ? settings->ttl_max_ms : settings->negative_ttl_ms,
		     settings);
}

uint32_t ttl_refresh_ms(uint32_t ttl_ms, uint32_t chance)
{
	return (uint32_t)MIN(ttl_ms + (uint64_t)ttl_ms * chance / TTL_CHANCE / 10,
			     (uint64_t)UINT32_MAX);
}

uint32_t ttl_retry_ms(uint32_t failures, const struct resolver_settings *settings, uint32_t chance)
{
	uint32_t doublings = MIN(failures ? failures - 1 : 0, 6u);
	uint64_t wait = MIN((uint64_t)TTL_RETRY_MIN_MS << doublings, (uint64_t)TTL_RETRY_MAX_MS);

	wait = MAX(MIN(wait, (uint64_t)settings->ttl_max_ms), (uint64_t)TTL_RETRY_MIN_MS);
	return (uint32_t)(wait - wait / 4 * chance / TTL_CHANCE);
}
