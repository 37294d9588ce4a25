/* SPDX-License-Identifier: BSD-3-Clause */
/* Hashes of a Call-ID: Tandem's keyed ones, and DPDK's, which need no key and withstand nobody who
 * picks Call-IDs on purpose. */
#include "policy_subject.h"

#include <string.h>

#include <rte_hash_crc.h>
#include <rte_jhash.h>

#include "balance/policy.h"
#include "clock.h"

#define COPIES 64

static struct {
	struct balance_snapshot snapshot;
	uint32_t octets, turn;
	char call_ids[COPIES][HASH_SUBJECT_OCTETS_MAX + 8];
} world;

void hash_subject_fill(uint32_t octets)
{
	static const char letters[] = "0123456789abcdef-@.:";
	struct micro_random random = { .state = octets };

	MICRO_MUST(octets <= HASH_SUBJECT_OCTETS_MAX);
	world.octets = octets;
	world.snapshot.call_key = (struct hash_key){ .k0 = micro_random_u64(&random),
						     .k1 = micro_random_u64(&random) };
	for (uint32_t i = 0; i < COPIES; i++) {
		for (uint32_t k = 0; k < sizeof(world.call_ids[i]); k++)
			world.call_ids[i][k] =
				letters[micro_random_below(&random, sizeof(letters) - 1)];
	}
}

/* At all alignments, as in messages. */
static struct span next(void)
{
	uint32_t i = world.turn++ % COPIES;

	return span_of(world.call_ids[i] + i % 8, world.octets);
}

uint64_t hash_subject_call(void)
{
	return balance_call_hash(&world.snapshot, next());
}

uint64_t hash_subject_mac(void)
{
	return mac64(&world.snapshot.call_key, next());
}

uint64_t hash_subject_jhash(void)
{
	struct span call_id = next();

	return rte_jhash(call_id.data, (uint32_t)call_id.len, 0);
}

uint64_t hash_subject_crc(void)
{
	struct span call_id = next();

	return rte_hash_crc(call_id.data, (uint32_t)call_id.len, 0);
}
