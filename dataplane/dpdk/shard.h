/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which worker owns a message: a keyed hash of its Call-ID, so that nobody outside can aim at
 * one worker.  A message without a Call-ID has no owner: whoever holds it judges it.
 */
#ifndef DPDK_SHARD_H
#define DPDK_SHARD_H

#include "base/hash.h"
#include "sip/message.h"

#define SHARD_NONE UINT16_MAX

static inline uint16_t shard_of(const struct hash_key *key, struct span call_id, uint16_t workers)
{
	return (uint16_t)(hash64(key, call_id) % workers);
}

static inline uint16_t shard_owner(const struct hash_key *key, const char *message, uint32_t len,
				   uint16_t workers)
{
	struct span call_id;

	if (!sip_message_peek_call_id(message, len, &call_id))
		return SHARD_NONE;
	return shard_of(key, call_id, workers);
}

#endif
