/* SPDX-License-Identifier: BSD-3-Clause */
/* See mirror.h. */
#include "dpdk/mirror.h"

#include <stdlib.h>
#include <string.h>

#include "dpdk/capture_record.h"
#include "sip/message.h"

/* How a message lies in a ring: this, its octets, padding to 8. */
struct mirror_record {
	uint64_t tsc;
	uint32_t len;       /* octets that follow */
	uint32_t whole_len; /* of the message; more than len: it was cut */
	struct endpoint source, destination;
	uint16_t interface;
	uint16_t direction; /* enum mirror_direction */
	uint32_t reserved;
};
static_assert(sizeof(struct mirror_record) == 64);

static uint64_t record_size(uint32_t len)
{
	return (sizeof(struct mirror_record) + len + 7u) & ~UINT64_C(7);
}

struct mirror *mirror_create(const struct clock *clock, uint16_t lane_count,
			     const struct hash_key *sample_key,
			     const struct dataplane_mirror_config *config)
{
	struct mirror *mirror = calloc(1, sizeof(*mirror));

	if (!mirror)
		return NULL;
	mirror->clock = clock;
	mirror->message = malloc(config->message_max);
	if (!mirror->message)
		goto fail;
	for (; mirror->lane_count < lane_count; mirror->lane_count++) {
		struct mirror_lane *lane = &mirror->lanes[mirror->lane_count];

		*lane = (struct mirror_lane){
			.ring = capture_ring_create(),
			.message_max = config->message_max,
			.one_in = config->one_in,
			.sample_key = *sample_key,
		};
		if (!lane->ring)
			goto fail;
	}
	return mirror;
fail:
	mirror_destroy(mirror);
	return NULL;
}

void mirror_destroy(struct mirror *mirror)
{
	if (!mirror)
		return;
	for (uint16_t i = 0; i < mirror->lane_count; i++)
		capture_ring_destroy(mirror->lanes[i].ring);
	free(mirror->message);
	free(mirror);
}

/* Line ends may come before a start line (RFC 3261 §7.5); methods begin with a letter in practice,
 * "SIP/2.0" does, STUN begins with two zero bits, a keep-alive is line ends alone. */
static bool is_sip(struct span message)
{
	size_t at = 0;

	while (at < message.len && at < 8 && (message.data[at] == '\r' || message.data[at] == '\n'))
		at++;
	return at < message.len && (unsigned char)(char_lower(message.data[at]) - 'a') < 26;
}

/* All messages of a call are copied, or none. */
static bool is_sampled(const struct mirror_lane *lane, struct span message)
{
	struct span call_id;

	if (LIKELY(lane->one_in == 1))
		return true;
	if (!sip_message_peek_call_id(message.data, (uint32_t)message.len, &call_id))
		return false;
	return hash64(&lane->sample_key, call_id) % lane->one_in == 0;
}

void mirror_put(const struct mirror_lane *lane, enum mirror_direction direction, uint64_t tsc,
		uint16_t interface, const struct endpoint *source,
		const struct endpoint *destination, struct span message)
{
	struct capture_ring *ring = lane->ring;
	const uint64_t tail = __atomic_load_n(&ring->tail, __ATOMIC_ACQUIRE);
	const struct mirror_record record = {
		.tsc = tsc,
		.len = (uint32_t)MIN(message.len, (size_t)lane->message_max),
		.whole_len = (uint32_t)message.len,
		.source = *source,
		.destination = *destination,
		.interface = interface,
		.direction = (uint16_t)direction,
	};

	if (!is_sip(message) || !is_sampled(lane, message))
		return;
	if (ring->head - tail + record_size(record.len) > CAPTURE_RING_SIZE) {
		__atomic_store_n(&ring->dropped, ring->dropped + 1, __ATOMIC_RELAXED);
		return;
	}
	capture_ring_copy_in(ring, ring->head, &record, sizeof(record));
	capture_ring_copy_in(ring, ring->head + sizeof(record), message.data, record.len);
	__atomic_store_n(&ring->head, ring->head + record_size(record.len), __ATOMIC_RELEASE);
}

/* False: the lane is empty. */
static bool lane_take(struct mirror *mirror, struct capture_ring *ring, uint64_t tsc,
		      dataplane_mirrored_fn done, void *context)
{
	const uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
	const uint64_t tail = ring->tail;
	struct mirror_record record;

	if (tail == head)
		return false;
	capture_ring_copy_out(ring, tail, &record, sizeof(record));
	capture_ring_copy_out(ring, tail + sizeof(record), mirror->message, record.len);
	__atomic_store_n(&ring->tail, tail + record_size(record.len), __ATOMIC_RELEASE);
	const struct dataplane_mirrored mirrored = {
		/* The taker's reading may be older than the worker's. */
		.age_ns = tsc > record.tsc ? clock_ns_of(mirror->clock, tsc - record.tsc) : 0,
		.source = record.source,
		.destination = record.destination,
		.data = span_of(mirror->message, record.len),
		.len = record.whole_len,
		.interface = record.interface,
		.is_sent = record.direction == MIRROR_OUT,
	};
	done(context, &mirrored);
	return true;
}

uint32_t mirror_take(struct mirror *mirror, uint64_t tsc, dataplane_mirrored_fn done, void *context,
		     uint32_t max)
{
	uint32_t taken = 0;

	/* One message a lane and turn, so that a worker in a flood starves no other. */
	for (uint16_t empty = 0; taken < max && empty < mirror->lane_count;) {
		struct mirror_lane *lane = &mirror->lanes[mirror->next];

		mirror->next = (uint16_t)((mirror->next + 1) % mirror->lane_count);
		if (lane_take(mirror, lane->ring, tsc, done, context)) {
			taken++;
			empty = 0;
		} else {
			empty++;
		}
	}
	return taken;
}

uint64_t mirror_dropped(const struct mirror *mirror)
{
	uint64_t dropped = 0;

	for (uint16_t i = 0; i < mirror->lane_count; i++)
		dropped += __atomic_load_n(&mirror->lanes[i].ring->dropped, __ATOMIC_RELAXED);
	return dropped;
}
