/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the vector indexers share: from the bitmaps of one block of 64 bytes to its line starts
 * and first colons.  A bit is a byte of the block, bit 0 the first.  Inside sip/ only.
 */
#ifndef SIP_INDEX_BLOCK_H
#define SIP_INDEX_BLOCK_H

#include "sip/index.h"

#define SIP_BLOCK 64

struct sip_block {
	uint64_t lf, cr, colon;
	uint64_t low; /* below SP */
	uint64_t del;
};

/* What a block leaves to the next one: all are 0 or 1. */
struct sip_block_carry {
	uint64_t line;     /* the next byte starts a line */
	uint64_t second;   /* the next byte is the second of a line */
	uint64_t search;   /* the line at the boundary has had no colon yet */
	uint64_t cr;       /* the last byte was CR */
	uint64_t cr_start; /* ... and the first of its line */
	uint64_t suspicious; /* a bitmap, collected: control characters, perhaps */
};

/* Marks of the block.  *end: 0, or the bitmap whose lowest bit is the LF of the empty line. */
static ALWAYS_INLINE uint64_t sip_block_marks(const struct sip_block *block,
					      struct sip_block_carry *carry, uint64_t *end)
{
	uint64_t start = block->lf << 1 | carry->line;
	uint64_t cr_start = block->cr & start;
	uint64_t empty = block->lf & (start | cr_start << 1 | carry->cr_start);
	uint64_t after_cr = block->cr << 1 | carry->cr;

	carry->suspicious |= (block->low & ~(block->lf | block->cr)) | (after_cr & ~block->lf) |
			     block->del;

	/*
	 * From each line's second byte a carry ripples through the bytes that are neither a
	 * colon nor a line start, and comes to rest in the first that is.
	 */
	uint64_t stops = block->colon | start;
	uint64_t second = start << 1 | carry->second;
	unsigned long long sum, sum2;
	uint64_t over = __builtin_uaddll_overflow(~stops, second, &sum);
	over |= __builtin_uaddll_overflow(sum, carry->search, &sum2);

	carry->line = block->lf >> 63;
	carry->second = start >> 63;
	carry->search = over;
	carry->cr = block->cr >> 63;
	carry->cr_start = cr_start >> 63;
	*end = empty;
	return start | (sum2 & block->colon);
}

/* Completes the index once the empty line, or the end of the datagram, was met. */
static ALWAYS_INLINE void sip_block_finish(struct sip_index *index, const char *bytes,
					   uint32_t len, uint32_t count, uint64_t suspicious)
{
	while (count && index->marks[count - 1] >= index->head_end)
		count--;
	/* Hostile: the oracle decides which marks are left out. */
	if (UNLIKELY(count > SIP_INDEX_MARKS_MAX)) {
		sip_index_scalar.build(index, bytes, len);
		return;
	}
	index->count = (uint16_t)count;
	index->too_many = false;
	index->has_controls =
		UNLIKELY(suspicious) && sip_index_find_controls(bytes, index->head_end);
}

/* The offset of the empty line whose LF is the lowest bit of `end`. */
static ALWAYS_INLINE uint32_t sip_block_head_end(const char *bytes, uint32_t base, uint64_t end)
{
	uint32_t lf = base + (uint32_t)__builtin_ctzll(end);

	return lf && bytes[lf - 1] == '\r' ? lf - 1 : lf;
}

/* Past the last LF of bytes[0..len), or 0. */
static inline uint32_t sip_block_last_line(const char *bytes, uint32_t len)
{
	const char *lf = len ? memrchr(bytes, '\n', len) : NULL;

	return lf ? (uint32_t)(lf - bytes) + 1 : 0;
}

#endif
