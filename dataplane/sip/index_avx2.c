/* SPDX-License-Identifier: BSD-3-Clause */
/* The structural index with AVX2 and BMI: 64 bytes as two vectors of 32. */
#include <immintrin.h>

#include "sip/index_block.h"

static ALWAYS_INLINE uint64_t mask_of(__m256i low, __m256i high)
{
	return (uint32_t)_mm256_movemask_epi8(low) |
	       (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static ALWAYS_INLINE uint64_t equal_mask(__m256i low, __m256i high, char c)
{
	__m256i want = _mm256_set1_epi8(c);

	return mask_of(_mm256_cmpeq_epi8(low, want), _mm256_cmpeq_epi8(high, want));
}

/* Control characters but LF, HTAB among them, and DEL; but a CR only when no LF follows. */
static ALWAYS_INLINE __m256i suspects_of(__m256i x, __m256i next)
{
	__m256i lf = _mm256_set1_epi8('\n');
	__m256i low = _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(0x1f)), x);
	__m256i del = _mm256_cmpeq_epi8(x, _mm256_set1_epi8(0x7f));
	__m256i cr_lf = _mm256_and_si256(_mm256_cmpeq_epi8(x, _mm256_set1_epi8('\r')),
					 _mm256_cmpeq_epi8(next, lf));
	__m256i line_end = _mm256_or_si256(cr_lf, _mm256_cmpeq_epi8(x, lf));

	return _mm256_or_si256(_mm256_andnot_si256(line_end, low), del);
}

/* Bitmaps of up to 64 bytes at p; what lies past `left` bytes is not read and sets no bit. */
static ALWAYS_INLINE struct sip_block block_load(const char *p, uint32_t left, __m256i *suspects)
{
	char padded[SIP_BLOCK + 1];

	if (UNLIKELY(left <= SIP_BLOCK)) {
		memset(padded, 'x', sizeof(padded));
		memcpy(padded, p, left);
		p = padded;
	}
	__m256i low = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i high = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
	__m256i low_next = _mm256_loadu_si256((const __m256i *)(const void *)(p + 1));
	__m256i high_next = _mm256_loadu_si256((const __m256i *)(const void *)(p + 33));

	*suspects = _mm256_or_si256(*suspects, _mm256_or_si256(suspects_of(low, low_next),
							       suspects_of(high, high_next)));
	return (struct sip_block){
		.lf = equal_mask(low, high, '\n'),
		.colon = equal_mask(low, high, ':'),
	};
}

static ALWAYS_INLINE bool any_suspect(const __m256i *suspects)
{
	return !_mm256_testz_si256(*suspects, *suspects);
}

/* Appends the positions of the set bits; four are written at a time, the slack takes them. */
static ALWAYS_INLINE uint32_t marks_put(struct sip_index *index, uint32_t count, uint32_t base,
					uint64_t marks)
{
	uint16_t *out = index->marks + count;
	uint32_t total = (uint32_t)__builtin_popcountll(marks);

	for (uint32_t done = 0; done < total; done += 4) {
		for (int i = 0; i < 4; i++) {
			out[done + (uint32_t)i] = (uint16_t)(base + _tzcnt_u64(marks));
			marks = _blsr_u64(marks);
		}
	}
	return count + total;
}

/* LFs among the 64 bytes at p that a byte of interest follows; reads 65 bytes. */
static ALWAYS_INLINE uint64_t call_id_candidates(const char *p)
{
	__m256i lf = _mm256_set1_epi8('\n'), cr = _mm256_set1_epi8('\r');
	__m256i c = _mm256_set1_epi8('c'), i = _mm256_set1_epi8('i');
	__m256i lower = _mm256_set1_epi8(0x20);
	__m256i hit[2];

	for (int half = 0; half < 2; half++) {
		const char *at = p + 32 * half;
		__m256i here = _mm256_loadu_si256((const __m256i *)(const void *)at);
		__m256i next = _mm256_loadu_si256((const __m256i *)(const void *)(at + 1));
		__m256i folded = _mm256_or_si256(next, lower);
		__m256i any = _mm256_or_si256(
			_mm256_or_si256(_mm256_cmpeq_epi8(folded, c), _mm256_cmpeq_epi8(folded, i)),
			_mm256_or_si256(_mm256_cmpeq_epi8(next, lf), _mm256_cmpeq_epi8(next, cr)));
		hit[half] = _mm256_and_si256(any, _mm256_cmpeq_epi8(here, lf));
	}
	return mask_of(hit[0], hit[1]);
}

static void build(struct sip_index *index, const char *bytes, uint32_t len)
{
	struct sip_block_carry carry = { .start = 1 };
	__m256i suspects = _mm256_setzero_si256();
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

const struct sip_index_ops sip_index_avx2 = {
	.name = "AVX2",
	.build = build,
	.find_call_id_line = find_call_id_line,
};
