/* SPDX-License-Identifier: BSD-3-Clause */
/* The path MTU cache; see path_mtu.h. */
#include "net/path_mtu.h"

void path_mtu_init(struct path_mtu_cache *cache, const struct hash_key *key)
{
	memset(cache, 0, sizeof(*cache));
	cache->key = *key;
}

static uint32_t set_of(const struct path_mtu_cache *cache, const struct ip_address *destination)
{
	return (uint32_t)(hash64(&cache->key, span_of(destination, sizeof(*destination))) %
			  PATH_MTU_SETS);
}

static bool is_live(const struct path_mtu_entry *entry, uint16_t interface,
		    const struct ip_address *destination, tick_t now)
{
	return entry->deadline > now && entry->interface == interface &&
	       ip_address_equal(&entry->destination, destination);
}

uint16_t path_mtu_lookup(const struct path_mtu_cache *cache, uint16_t interface,
			 const struct ip_address *destination, uint16_t mtu, tick_t now)
{
	if (LIKELY(cache->count == 0))
		return mtu;
	const struct path_mtu_entry *set = cache->entries[set_of(cache, destination)];
	for (uint32_t i = 0; i < PATH_MTU_WAYS; i++) {
		if (is_live(&set[i], interface, destination, now))
			return MIN(mtu, set[i].mtu);
	}
	return mtu;
}

bool path_mtu_learn(struct path_mtu_cache *cache, uint16_t interface,
		    const struct ip_address *destination, uint16_t mtu, tick_t now)
{
	struct path_mtu_entry *set = cache->entries[set_of(cache, destination)];
	struct path_mtu_entry *victim = &set[0];

	for (uint32_t i = 0; i < PATH_MTU_WAYS; i++) {
		if (is_live(&set[i], interface, destination, now)) {
			if (mtu >= set[i].mtu)
				return false;
			victim = &set[i];
			break;
		}
		if (set[i].deadline < victim->deadline)
			victim = &set[i];
	}
	cache->count += victim->destination.family == IP_NONE;
	*victim = (struct path_mtu_entry){ .destination = *destination,
					   .interface = interface,
					   .mtu = mtu,
					   .deadline = tick_add(now, PATH_MTU_LIFETIME) };
	return true;
}
