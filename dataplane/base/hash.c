/* SPDX-License-Identifier: BSD-3-Clause */
/* SipHash after the authors' description (131002.net/siphash); see hash.h. */
#include "base/hash.h"

static ALWAYS_INLINE uint64_t rotl(uint64_t x, unsigned int b)
{
	return (x << b) | (x >> (64 - b));
}

static ALWAYS_INLINE uint64_t load_le64(const void *p)
{
	uint64_t x;
	memcpy(&x, p, sizeof(x));
	return x;
}

#define SIP_ROUND(v0, v1, v2, v3)                                                                  \
	do {                                                                                       \
		v0 += v1;                                                                          \
		v1 = rotl(v1, 13) ^ v0;                                                            \
		v0 = rotl(v0, 32);                                                                 \
		v2 += v3;                                                                          \
		v3 = rotl(v3, 16) ^ v2;                                                            \
		v0 += v3;                                                                          \
		v3 = rotl(v3, 21) ^ v0;                                                            \
		v2 += v1;                                                                          \
		v1 = rotl(v1, 17) ^ v2;                                                            \
		v2 = rotl(v2, 32);                                                                 \
	} while (0)

static ALWAYS_INLINE uint64_t load_tail(const unsigned char *p, size_t left, size_t total)
{
	uint64_t b = (uint64_t)total << 56;
	for (size_t i = 0; i < left; i++)
		b |= (uint64_t)p[i] << (8 * i);
	return b;
}

static ALWAYS_INLINE uint64_t sip64(const struct hash_key *key, struct span bytes, int c, int d)
{
	const unsigned char *p = (const unsigned char *)bytes.data;
	uint64_t v0 = key->k0 ^ 0x736f6d6570736575u, v1 = key->k1 ^ 0x646f72616e646f6du;
	uint64_t v2 = key->k0 ^ 0x6c7967656e657261u, v3 = key->k1 ^ 0x7465646279746573u;
	size_t left = bytes.len;

	for (; left >= 8; left -= 8, p += 8) {
		uint64_t m = load_le64(p);
		v3 ^= m;
		for (int i = 0; i < c; i++)
			SIP_ROUND(v0, v1, v2, v3);
		v0 ^= m;
	}
	uint64_t b = load_tail(p, left, bytes.len);
	v3 ^= b;
	for (int i = 0; i < c; i++)
		SIP_ROUND(v0, v1, v2, v3);
	v0 ^= b;
	v2 ^= 0xff;
	for (int i = 0; i < d; i++)
		SIP_ROUND(v0, v1, v2, v3);
	return v0 ^ v1 ^ v2 ^ v3;
}

uint64_t hash64(const struct hash_key *key, struct span bytes)
{
	return sip64(key, bytes, 1, 3);
}

uint64_t mac64(const struct hash_key *key, struct span bytes)
{
	return sip64(key, bytes, 2, 4);
}

void hash_stream_init(struct hash_stream *s, const struct hash_key *key)
{
	s->v0 = key->k0 ^ 0x736f6d6570736575u;
	s->v1 = key->k1 ^ 0x646f72616e646f6du ^ 0xee; /* 0xee: the 128-bit variant */
	s->v2 = key->k0 ^ 0x6c7967656e657261u;
	s->v3 = key->k1 ^ 0x7465646279746573u;
	s->tail = 0;
	s->length = 0;
}

static ALWAYS_INLINE void compress(struct hash_stream *s, uint64_t m)
{
	s->v3 ^= m;
	SIP_ROUND(s->v0, s->v1, s->v2, s->v3);
	SIP_ROUND(s->v0, s->v1, s->v2, s->v3);
	s->v0 ^= m;
}

static ALWAYS_INLINE void put_word(struct hash_stream *s, uint64_t word, unsigned int bytes)
{
	unsigned int used = (unsigned int)(s->length & 7);

	s->length += bytes;
	s->tail |= word << (8 * used);
	if (used + bytes >= 8) {
		compress(s, s->tail);
		s->tail = used ? word >> (8 * (8 - used)) : 0;
	}
}

void hash_stream_bytes(struct hash_stream *s, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	for (; len >= 8; len -= 8, p += 8)
		put_word(s, load_le64(p), 8);
	if (len) {
		uint64_t word = 0;
		for (size_t i = 0; i < len; i++)
			word |= (uint64_t)p[i] << (8 * i);
		put_word(s, word, (unsigned int)len);
	}
}

void hash_stream_u64(struct hash_stream *s, uint64_t value)
{
	put_word(s, value, 8);
}

void hash_stream_field(struct hash_stream *s, struct span field)
{
	hash_stream_u64(s, field.len);
	hash_stream_bytes(s, field.data, field.len);
}

/* Sets bit 5 of every byte in 'A'..'Z', eight bytes at once. */
static ALWAYS_INLINE uint64_t word_lower(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t ascii = w & (0x7f * ones);
	uint64_t ge_a = ascii + (0x80 - 'A') * ones;     /* bit 7: byte >= 'A' */
	uint64_t gt_z = ascii + (0x80 - 'Z' - 1) * ones; /* bit 7: byte > 'Z' */
	uint64_t upper = (ge_a & ~gt_z & ~w) & (0x80 * ones);
	return w | (upper >> 2);
}

void hash_stream_field_lower(struct hash_stream *s, struct span field)
{
	const unsigned char *p = (const unsigned char *)field.data;
	size_t len = field.len;

	hash_stream_u64(s, len);
	for (; len >= 8; len -= 8, p += 8)
		put_word(s, word_lower(load_le64(p)), 8);
	if (len) {
		uint64_t word = 0;
		for (size_t i = 0; i < len; i++)
			word |= (uint64_t)p[i] << (8 * i);
		put_word(s, word_lower(word), (unsigned int)len);
	}
}

struct hash128 hash_stream_final(struct hash_stream *s)
{
	struct hash128 out;

	compress(s, s->tail | (s->length << 56));
	s->v2 ^= 0xee;
	for (int i = 0; i < 4; i++)
		SIP_ROUND(s->v0, s->v1, s->v2, s->v3);
	out.lo = s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
	s->v1 ^= 0xdd;
	for (int i = 0; i < 4; i++)
		SIP_ROUND(s->v0, s->v1, s->v2, s->v3);
	out.hi = s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
	return out;
}
