/* SPDX-License-Identifier: BSD-3-Clause */
/* The snapshot's lookup table; see index.h. */
#include "balance/index.h"

/* Keyed: the names and addresses that are looked up come from strangers. */
static const struct hash_key *index_key(const struct balance_snapshot *snapshot)
{
	return &snapshot->call_key;
}

static uint64_t hash_address(const struct balance_snapshot *snapshot, enum balance_index_kind kind,
			     const struct ip_address *address, uint16_t number)
{
	char key[sizeof(address->bytes) + 4];

	memcpy(key, address->bytes, sizeof(address->bytes));
	key[16] = (char)address->family;
	key[17] = (char)kind;
	memcpy(key + 18, &number, sizeof(number));
	return hash64(index_key(snapshot), span_of(key, sizeof(key)));
}

static bool slot_matches(const struct balance_snapshot *snapshot,
			 const struct balance_index_slot *slot, enum balance_index_kind kind,
			 const struct ip_address *address, uint16_t number)
{
	if (slot->kind != (uint8_t)kind)
		return false;
	const struct balance_target *target = &snapshot->targets[slot->value];
	if (!ip_address_equal(&target->endpoint.address, address))
		return false;
	switch (kind) {
	case BALANCE_INDEX_ENDPOINT:
		return target->endpoint.port == number;
	case BALANCE_INDEX_MEMBER:
		return target->pool == number;
	default:
		return true;
	}
}

static const struct balance_index_slot *find_address(const struct balance_snapshot *snapshot,
						     enum balance_index_kind kind,
						     const struct ip_address *address,
						     uint16_t number)
{
	uint64_t hash = hash_address(snapshot, kind, address, number);
	uint32_t tag = (uint32_t)(hash >> 32);

	for (uint32_t at = (uint32_t)hash & snapshot->index_mask;;
	     at = (at + 1) & snapshot->index_mask) {
		const struct balance_index_slot *slot = &snapshot->index[at];
		if (slot->kind == BALANCE_INDEX_FREE)
			return slot;
		if (slot->tag == tag && slot_matches(snapshot, slot, kind, address, number))
			return slot;
	}
}

static const struct balance_index_slot *find_name(const struct balance_snapshot *snapshot,
						  struct span name, uint32_t *tag)
{
	uint64_t hash = hash64(index_key(snapshot), name);

	*tag = (uint32_t)(hash >> 32);
	for (uint32_t at = (uint32_t)hash & snapshot->index_mask;;
	     at = (at + 1) & snapshot->index_mask) {
		const struct balance_index_slot *slot = &snapshot->index[at];
		if (slot->kind == BALANCE_INDEX_FREE)
			return slot;
		if (slot->tag == *tag && slot->kind == BALANCE_INDEX_HOST &&
		    span_equal(span_of_string(snapshot->hosts[slot->value].name), name))
			return slot;
	}
}

static uint16_t slot_value(const struct balance_index_slot *slot)
{
	return slot->kind == BALANCE_INDEX_FREE ? BALANCE_NONE : slot->value;
}

uint16_t balance_index_find_target(const struct balance_snapshot *snapshot,
				   const struct endpoint *endpoint)
{
	enum balance_index_kind kind =
		endpoint->port ? BALANCE_INDEX_ENDPOINT : BALANCE_INDEX_ADDRESS;

	return slot_value(find_address(snapshot, kind, &endpoint->address, endpoint->port));
}

uint16_t balance_index_find_member(const struct balance_snapshot *snapshot, uint16_t pool,
				   const struct ip_address *address)
{
	return slot_value(find_address(snapshot, BALANCE_INDEX_MEMBER, address, pool));
}

uint16_t balance_index_find_host(const struct balance_snapshot *snapshot, struct span name)
{
	uint32_t tag;

	return slot_value(find_name(snapshot, name, &tag));
}

uint32_t balance_index_slots(uint32_t target_count, uint32_t host_count)
{
	uint32_t keys = 3 * target_count + host_count, slots = 16;

	while (slots < 4 * keys)
		slots *= 2;
	return slots;
}

/* The first target of a key keeps the slot: lookups promise the first. */
static void insert_target(const struct balance_snapshot *snapshot, struct balance_index_slot *slots,
			  enum balance_index_kind kind, uint16_t target, uint16_t number)
{
	const struct ip_address *address = &snapshot->targets[target].endpoint.address;
	const struct balance_index_slot *slot = find_address(snapshot, kind, address, number);

	if (slot->kind != BALANCE_INDEX_FREE)
		return;
	slots[slot - snapshot->index] = (struct balance_index_slot){
		.tag = (uint32_t)(hash_address(snapshot, kind, address, number) >> 32),
		.value = target,
		.kind = (uint8_t)kind,
	};
}

void balance_index_build(struct balance_snapshot *snapshot, struct balance_index_slot *slots,
			 uint32_t count)
{
	memset(slots, 0, count * sizeof(*slots));
	snapshot->index = slots;
	snapshot->index_mask = count - 1;
	for (uint32_t i = 0; i < snapshot->target_count; i++) {
		const struct balance_target *target = &snapshot->targets[i];
		uint16_t value = (uint16_t)i;
		if (target->endpoint.address.family == IP_NONE)
			continue;
		insert_target(snapshot, slots, BALANCE_INDEX_ENDPOINT, value,
			      target->endpoint.port);
		insert_target(snapshot, slots, BALANCE_INDEX_ADDRESS, value, 0);
		insert_target(snapshot, slots, BALANCE_INDEX_MEMBER, value, target->pool);
	}
	for (uint32_t i = 0; i < snapshot->host_count; i++) {
		uint32_t tag;
		const struct balance_index_slot *slot =
			find_name(snapshot, span_of_string(snapshot->hosts[i].name), &tag);
		if (slot->kind == BALANCE_INDEX_FREE)
			slots[slot - snapshot->index] = (struct balance_index_slot){
				.tag = tag, .value = (uint16_t)i, .kind = BALANCE_INDEX_HOST
			};
	}
}
