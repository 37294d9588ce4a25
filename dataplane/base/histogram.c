/* SPDX-License-Identifier: BSD-3-Clause */
/* A log-linear histogram; see histogram.h. */
#include "base/histogram.h"

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	uint64_t max = __atomic_load_n(&from->max, __ATOMIC_RELAXED);

	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t n = __atomic_load_n(&from->buckets[i], __ATOMIC_RELAXED);
		into->buckets[i] += n;
		into->count += n;
	}
	into->sum += __atomic_load_n(&from->sum, __ATOMIC_RELAXED);
	if (max > into->max)
		into->max = max;
}

static uint64_t bucket_top(unsigned int bucket)
{
	const unsigned int steps = 1u << HISTOGRAM_STEPS_LOG2;

	if (bucket < steps)
		return bucket;
	unsigned int shift = (bucket >> HISTOGRAM_STEPS_LOG2) - 1;
	uint64_t mantissa = steps + (bucket & (steps - 1));
	return ((mantissa + 1) << shift) - 1;
}

uint64_t histogram_permille(const struct histogram *h, unsigned int permille)
{
	/* Rounded up: the p99.9 of a hundred values is their greatest. */
	uint64_t wanted = (h->count / 1000) * permille + ((h->count % 1000) * permille + 999) / 1000;
	uint64_t seen = 0;

	if (h->count == 0)
		return 0;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->buckets[i];
		if (seen >= wanted)
			return bucket_top(i) < h->max ? bucket_top(i) : h->max;
	}
	return h->max;
}
