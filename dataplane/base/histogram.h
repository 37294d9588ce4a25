/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A log-linear histogram of unsigned values: 16 linear steps per power of two, so that a
 * percentile is at most 6.25 % above the true value.  One writer; readers may copy it while it
 * is written (relaxed loads and stores of each count).
 */
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include "base/compiler.h"

#define HISTOGRAM_STEPS_LOG2 4
#define HISTOGRAM_BUCKETS    ((64 - HISTOGRAM_STEPS_LOG2 + 1) << HISTOGRAM_STEPS_LOG2)

struct histogram {
	uint64_t count; /* owner: rw, control: ro */
	uint64_t sum;
	uint64_t max;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

static inline unsigned int histogram_bucket(uint64_t value)
{
	const unsigned int steps = 1u << HISTOGRAM_STEPS_LOG2;

	if (value < steps)
		return (unsigned int)value;
	unsigned int shift = 63u - (unsigned int)__builtin_clzll(value) - HISTOGRAM_STEPS_LOG2;
	return ((shift + 1) << HISTOGRAM_STEPS_LOG2) + (unsigned int)((value >> shift) & (steps - 1));
}

static inline void histogram_bump(uint64_t *word, uint64_t by)
{
	__atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) + by, __ATOMIC_RELAXED);
}

static inline void histogram_add(struct histogram *h, uint64_t value)
{
	histogram_bump(&h->count, 1);
	histogram_bump(&h->sum, value);
	histogram_bump(&h->buckets[histogram_bucket(value)], 1);
	if (value > __atomic_load_n(&h->max, __ATOMIC_RELAXED))
		__atomic_store_n(&h->max, value, __ATOMIC_RELAXED);
}

/* Adds `from` to `into`; `from` may be written meanwhile. */
void histogram_merge(struct histogram *into, const struct histogram *from);
/* The highest value of the bucket that holds the given share (0 < permille <= 1000), never above
 * max; 0 when empty. */
uint64_t histogram_permille(const struct histogram *h, unsigned int permille);

#endif
