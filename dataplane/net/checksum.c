/* SPDX-License-Identifier: BSD-3-Clause */
/* The loop of the Internet checksum; see checksum.h. */
#include "net/checksum.h"

static inline uint64_t load_raw64(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

/* 32-bit halves summed in 64 bits cannot overflow for any length that a packet has, so the carries
 * need no care; four sums hide the latency of the adds. */
uint64_t checksum_add(uint64_t sum, const uint8_t *data, size_t len)
{
	uint64_t a = 0, b = 0, c = 0, d = 0;

	for (; len >= 32; data += 32, len -= 32) {
		uint64_t w0 = load_raw64(data), w1 = load_raw64(data + 8);
		uint64_t w2 = load_raw64(data + 16), w3 = load_raw64(data + 24);

		a += (w0 & 0xffffffffu) + (w0 >> 32);
		b += (w1 & 0xffffffffu) + (w1 >> 32);
		c += (w2 & 0xffffffffu) + (w2 >> 32);
		d += (w3 & 0xffffffffu) + (w3 >> 32);
	}
	sum += a + b + c + d;
	for (; len >= 4; data += 4, len -= 4)
		sum += load_raw32(data);
	if (len >= 2) {
		sum += load_raw16(data);
		data += 2;
		len -= 2;
	}
	if (len)
		sum += data[0];
	return sum;
}
