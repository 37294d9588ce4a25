/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the vector indexers share: from the bitmaps of one block of 64 bytes to its line starts
 * and first colons.  A bit is a byte of the block, bit 0 the first.  Inside sip/ only.
 */
#ifndef SIP_INDEX_BLOCK_H
#define SIP_INDEX_BLOCK_H

#include <x86intrin.h>

#include "sip/index.h"

#define SIP_BLOCK 64

struct sip_block {
	uint64_t lf, colon;
};

/* What a block leaves to the next one: all are 0 or 1. */
struct sip_block_carry {
	uint64_t start;       /* the next byte starts a line */
	uint64_t second;      /* the next byte is the second of a line */
	unsigned char search; /* the line at the boundary has had no colon yet */
};

/* Marks of the block.  *ends: LFs that are the first or second byte of their line. */
static ALWAYS_INLINE uint64_t sip_block_marks(struct sip_block block,
					      struct sip_block_carry *carry, uint64_t *ends)
{
	uint64_t start = block.lf << 1 | carry->start;
	uint64_t second = start << 1 | carry->second;
	unsigned long long sum;

	/*
	 * From each line's second byte a carry ripples through the bytes that are neither a
	 * colon nor a line start, and comes to rest in the first that is.
	 */
	carry->search = _addcarry_u64(carry->search, ~(block.colon | start), second, &sum);
	carry->start = block.lf >> 63;
	carry->second = start >> 63;
	*ends = block.lf & (start | second);
	return start | (sum & block.colon);
}

/* Whether one of the LFs in `ends` ends the empty line.  A line of one other byte does not. */
static ALWAYS_INLINE bool sip_block_head_end(const char *bytes, uint32_t base, uint64_t ends,
					     uint32_t *head_end)
{
	for (; ends; ends &= ends - 1) {
		uint32_t lf = base + (uint32_t)__builtin_ctzll(ends);
		if (lf && bytes[lf - 1] != '\n' && bytes[lf - 1] != '\r')
			continue;
		*head_end = lf && bytes[lf - 1] == '\r' ? lf - 1 : lf;
		return true;
	}
	return false;
}

/*
 * Completes the index once the empty line, or the end of the datagram, was met.  `suspicious`: a
 * block held a byte that may be a control character.
 */
static ALWAYS_INLINE void sip_block_finish(struct sip_index *index, const char *bytes,
					   uint32_t len, uint32_t count, bool suspicious)
{
	if (UNLIKELY(!index->complete)) {
		const char *lf = len ? memrchr(bytes, '\n', len) : NULL;
		index->head_end = lf ? (uint32_t)(lf - bytes) + 1 : 0;
	}
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

#endif
