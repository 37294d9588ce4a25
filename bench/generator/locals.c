/* SPDX-License-Identifier: BSD-3-Clause */
/* See locals.h. */
#include "base/hash.h"
#include "generator/locals.h"

#define SLOT_MASK (4 * LOCALS_MAX - 1)

static_assert((LOCALS_MAX & (LOCALS_MAX - 1)) == 0, "slots are found by a mask");

/* Our own addresses are no stranger's choice: an unkeyed hash does. */
static uint32_t slot_of(const struct endpoint *e)
{
	uint64_t lo, hi;

	memcpy(&lo, e->address.bytes, 8);
	memcpy(&hi, e->address.bytes + 8, 8);
	return (uint32_t)hash_mix64(lo ^ hash_mix64(hi + e->port)) & SLOT_MASK;
}

const struct local *locals_find(const struct locals *locals, const struct endpoint *endpoint)
{
	for (uint32_t s = slot_of(endpoint); locals->slots[s]; s = (s + 1) & SLOT_MASK) {
		const struct local *local = &locals->entries[locals->slots[s] - 1];

		if (endpoint_equal(&local->endpoint, endpoint))
			return local;
	}
	return NULL;
}

bool locals_insert(struct locals *locals, const struct endpoint *endpoint, enum locals_role role,
		   uint16_t index)
{
	uint32_t s = slot_of(endpoint);

	if (locals->count == LOCALS_MAX || locals_find(locals, endpoint))
		return false;
	while (locals->slots[s])
		s = (s + 1) & SLOT_MASK;
	locals->entries[locals->count] =
		(struct local){ .endpoint = *endpoint, .role = (uint8_t)role, .index = index };
	locals->slots[s] = (uint16_t)++locals->count;
	return true;
}
