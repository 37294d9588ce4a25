/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keyed hashes (SipHash, Aumasson and Bernstein): tables that strangers fill and tokens that
 * strangers return are keyed, so that neither collisions nor forgeries can be computed outside.
 *
 * hash64 is SipHash-1-3 (tables, shards), mac64 SipHash-2-4 with 64 bits (tokens), and
 * hash_stream SipHash-2-4 with 128 bits over fields, each prefixed by its length so that two
 * different field lists never hash as the same bytes.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/span.h"

struct hash_key {
	uint64_t k0, k1;
};

struct hash128 {
	uint64_t lo, hi;
};

struct hash_stream {
	uint64_t v0, v1, v2, v3;
	uint64_t tail;   /* bytes not yet compressed, little endian */
	uint64_t length; /* bytes taken so far */
};

[[nodiscard]] uint64_t hash64(const struct hash_key *key, struct span bytes);
[[nodiscard]] uint64_t mac64(const struct hash_key *key, struct span bytes);

void hash_stream_init(struct hash_stream *stream, const struct hash_key *key);
/* Raw bytes, no length prefix. */
void hash_stream_bytes(struct hash_stream *stream, const void *bytes, size_t len);
/* A field: its length, then its bytes. */
void hash_stream_field(struct hash_stream *stream, struct span field);
/* The same with ASCII upper case folded to lower case (RFC 3261 §7.3.1). */
void hash_stream_field_lower(struct hash_stream *stream, struct span field);
void hash_stream_u64(struct hash_stream *stream, uint64_t value);
[[nodiscard]] struct hash128 hash_stream_final(struct hash_stream *stream);

/* Finalizer of splitmix64: a bijection that mixes well; not keyed. */
static inline uint64_t hash_mix64(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static inline bool hash128_equal(struct hash128 a, struct hash128 b)
{
	return a.lo == b.lo && a.hi == b.hi;
}

#endif
