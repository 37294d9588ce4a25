/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The structural index with AVX-512 BW, VL and VBMI2.  Processors with AVX-512 but without VBMI2
 * take the AVX2 one: wide vectors lower their clock, and they cannot compress bytes.
 */
#include <immintrin.h>

#include "sip/index_block.h"

/* Bitmaps of up to 64 bytes at p; what lies past `left` bytes is not read and sets no bit. */
static ALWAYS_INLINE struct sip_block block_load(const char *p, uint32_t left)
{
	__mmask64 valid = left >= SIP_BLOCK ? ~0ull : (1ull << left) - 1;
	__m512i x = _mm512_mask_loadu_epi8(_mm512_set1_epi8('x'), valid, p);

	return (struct sip_block){
		.lf = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('\n')),
		.cr = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('\r')),
		.colon = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(':')),
		.low = _mm512_cmplt_epu8_mask(x, _mm512_set1_epi8(' ')),
		.del = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(0x7f)),
	};
}

/* Appends the positions of the set bits; 16 are written at a time, the slack takes them. */
static ALWAYS_INLINE uint32_t marks_put(struct sip_index *index, uint32_t count, uint32_t base,
					uint64_t marks)
{
	static const uint8_t alignas(64) positions[SIP_BLOCK] = {
		0,  1,	2,  3,	4,  5,	6,  7,	8,  9,	10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
		32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47,
		48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63,
	};
	uint16_t *out = index->marks + count;
	uint32_t total = (uint32_t)__builtin_popcountll(marks);
	__m512i found = _mm512_maskz_compress_epi8(marks, _mm512_load_si512(positions));
	__m256i offset = _mm256_set1_epi16((short)base);

	_mm256_storeu_si256((__m256i *)(void *)out,
			    _mm256_add_epi16(_mm256_cvtepu8_epi16(_mm512_castsi512_si128(found)),
					     offset));
	if (UNLIKELY(total > 16)) {
		for (uint32_t i = 0; i < total; i++) {
			out[i] = (uint16_t)(base + _tzcnt_u64(marks));
			marks = _blsr_u64(marks);
		}
	}
	return count + total;
}

/* LFs among the 64 bytes at p that a byte of interest follows; reads 65 bytes. */
static ALWAYS_INLINE uint64_t call_id_candidates(const char *p)
{
	__m512i here = _mm512_loadu_si512(p);
	__m512i next = _mm512_loadu_si512(p + 1);
	__m512i folded = _mm512_or_si512(next, _mm512_set1_epi8(0x20));
	__mmask64 lf = _mm512_cmpeq_epi8_mask(here, _mm512_set1_epi8('\n'));

	return _mm512_mask_cmpeq_epi8_mask(lf, folded, _mm512_set1_epi8('c')) |
	       _mm512_mask_cmpeq_epi8_mask(lf, folded, _mm512_set1_epi8('i')) |
	       _mm512_mask_cmpeq_epi8_mask(lf, next, _mm512_set1_epi8('\n')) |
	       _mm512_mask_cmpeq_epi8_mask(lf, next, _mm512_set1_epi8('\r'));
}

static void build(struct sip_index *index, const char *bytes, uint32_t len)
{
	struct sip_block_carry carry = { .line = 1 };
	uint32_t count = 0;
	uint64_t end = 0;

	for (uint32_t base = 0; base < len; base += SIP_BLOCK) {
		struct sip_block block = block_load(bytes + base, len - base);
		uint64_t marks = sip_block_marks(&block, &carry, &end);

		count = marks_put(index, count, base, marks);
		if (end) {
			index->head_end = sip_block_head_end(bytes, base, end);
			index->complete = true;
			sip_block_finish(index, bytes, len, count, carry.suspicious);
			return;
		}
		if (UNLIKELY(count > SIP_INDEX_MARKS_MAX)) {
			sip_index_scalar.build(index, bytes, len);
			return;
		}
	}
	index->head_end = sip_block_last_line(bytes, len);
	index->complete = false;
	sip_block_finish(index, bytes, len, count, carry.suspicious);
}

static uint32_t find_call_id_line(const char *bytes, uint32_t len, uint32_t from)
{
	for (; len - from > SIP_BLOCK; from += SIP_BLOCK) {
		uint64_t hits = call_id_candidates(bytes + from);
		if (hits)
			return from + (uint32_t)__builtin_ctzll(hits) + 1;
	}
	return sip_index_scalar.find_call_id_line(bytes, len, from);
}

const struct sip_index_ops sip_index_avx512 = {
	.name = "AVX-512",
	.build = build,
	.find_call_id_line = find_call_id_line,
};
