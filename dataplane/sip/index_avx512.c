/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The structural index with AVX-512 BW, VL, VBMI and VBMI2.  Processors with less of AVX-512
 * take the AVX2 one: wide vectors lower their clock, and they cannot compress bytes.
 */
#include <immintrin.h>

#include "sip/index_block.h"

/* 0x80 for the control characters but HTAB, LF and CR, and for DEL: two tables of 64. */
static const uint8_t alignas(64) control_table[128] = {
	[0x00] = 0x80, [0x01] = 0x80, [0x02] = 0x80, [0x03] = 0x80, [0x04] = 0x80, [0x05] = 0x80,
	[0x06] = 0x80, [0x07] = 0x80, [0x08] = 0x80, [0x0b] = 0x80, [0x0c] = 0x80, [0x0e] = 0x80,
	[0x0f] = 0x80, [0x10] = 0x80, [0x11] = 0x80, [0x12] = 0x80, [0x13] = 0x80, [0x14] = 0x80,
	[0x15] = 0x80, [0x16] = 0x80, [0x17] = 0x80, [0x18] = 0x80, [0x19] = 0x80, [0x1a] = 0x80,
	[0x1b] = 0x80, [0x1c] = 0x80, [0x1d] = 0x80, [0x1e] = 0x80, [0x1f] = 0x80, [0x7f] = 0x80,
};

/* What was met of bytes that may be control characters; in vector and mask registers, whose
 * moves to general ones would cost more than the tests. */
struct suspects {
	__m512i controls; /* bit 7 of a byte: a control character, or DEL, at its place */
	__mmask64 bare_cr;
};

/* Bitmaps of up to 64 bytes at p; what lies past `left` bytes is not read and sets no bit. */
static ALWAYS_INLINE struct sip_block block_load(const char *p, uint32_t left,
						 struct suspects *suspects)
{
	__m512i lf = _mm512_set1_epi8('\n');
	__m512i x, next;

	if (LIKELY(left > SIP_BLOCK)) {
		x = _mm512_loadu_si512(p);
		next = _mm512_loadu_si512(p + 1);
	} else {
		__m512i pad = _mm512_set1_epi8('x');
		x = _mm512_mask_loadu_epi8(pad, ~0ull >> (SIP_BLOCK - left), p);
		next = _mm512_mask_loadu_epi8(pad, ~0ull >> (SIP_BLOCK - left) >> 1, p + 1);
	}
	/* The lookup takes seven bits of a byte; bytes with the eighth are no controls:
	 * controls | (class & ~x). */
	__m512i class = _mm512_permutex2var_epi8(_mm512_load_si512(control_table), x,
						 _mm512_load_si512(control_table + 64));
	suspects->controls = _mm512_ternarylogic_epi64(suspects->controls, class, x, 0xf4);
	__mmask64 cr = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8('\r'));
	suspects->bare_cr =
		_kor_mask64(suspects->bare_cr, _mm512_mask_cmpneq_epi8_mask(cr, next, lf));
	return (struct sip_block){
		.lf = _mm512_cmpeq_epi8_mask(x, lf),
		.colon = _mm512_cmpeq_epi8_mask(x, _mm512_set1_epi8(':')),
	};
}

static ALWAYS_INLINE bool any_suspect(const struct suspects *suspects)
{
	__m512i high = _mm512_set1_epi8((char)0x80);

	return (_mm512_test_epi8_mask(suspects->controls, high) | suspects->bare_cr) != 0;
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
	struct sip_block_carry carry = { .start = 1 };
	struct suspects suspects = { _mm512_setzero_si512(), 0 };
	uint32_t count = 0;

	index->complete = false;
	for (uint32_t base = 0; base < len; base += SIP_BLOCK) {
		struct sip_block block = block_load(bytes + base, len - base, &suspects);
		uint64_t ends;
		uint64_t marks = sip_block_marks(block, &carry, &ends);

		count = marks_put(index, count, base, marks);
		if (UNLIKELY(ends) && sip_block_head_end(bytes, base, ends, &index->head_end)) {
			index->complete = true;
			break;
		}
		if (UNLIKELY(count > SIP_INDEX_MARKS_MAX))
			break;
	}
	sip_block_finish(index, bytes, len, count, any_suspect(&suspects));
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
