/* SPDX-License-Identifier: BSD-3-Clause */
/* Neighbours' T1; see peer_timing.h.  Run by the owner alone. */
#include "state/peer_timing.h"

#include "state/mapping.h"

#define SET_PEERS     4u
#define SETS          (PEER_TIMING_PEERS / SET_PEERS)
#define SPACINGS      8u
#define SPACINGS_MIN  4u /* fewer tell nothing */
#define AGREEING_MIN  3u
#define AGREEING_MOST 6u /* of 8, where losses alone could be the reason */
#define SAY_EVERY     TICK_SECONDS(1)

struct peer {
	struct ip_address address; /* family IP_NONE: free */
	uint8_t count;             /* spacings known */
	uint8_t next;              /* the oldest, to be replaced */
	bool is_said;
	uint16_t spacings_ms[SPACINGS];
	uint32_t heard_s;
};
static_assert(sizeof(struct peer) <= CACHE_LINE_SIZE);

struct peer_timing {
	struct hash_key key;
	tick_t say_next;
	uint32_t count;
	struct peer peers[SETS][SET_PEERS];
};
static_assert(PEER_TIMING_SPACING_MAX / 1000 <= UINT16_MAX);
static_assert((SETS & (SETS - 1)) == 0);

struct peer_timing *peer_timing_create(struct hash_key key)
{
	struct peer_timing *timing = mapping_create(sizeof(*timing));

	if (timing)
		timing->key = key;
	return timing;
}

void peer_timing_destroy(struct peer_timing *timing)
{
	if (timing)
		mapping_destroy(timing, sizeof(*timing));
}

/* The peer's entry, taken from who was not heard of for longest where it has none. */
static struct peer *peer_of(struct peer_timing *timing, const struct ip_address *address,
			    uint32_t now_s)
{
	uint64_t hash = hash64(&timing->key, span_of(address, sizeof(*address)));
	struct peer *set = timing->peers[hash & (SETS - 1)], *oldest = &set[0];

	for (uint32_t i = 0; i < SET_PEERS; i++) {
		if (ip_address_equal(&set[i].address, address))
			return &set[i];
		if (oldest->address.family != IP_NONE &&
		    (set[i].address.family == IP_NONE || set[i].heard_s < oldest->heard_s))
			oldest = &set[i];
	}
	timing->count += oldest->address.family == IP_NONE;
	*oldest = (struct peer){ .address = *address, .heard_s = now_s };
	return oldest;
}

/* Within a fifth down and a quarter up: jitter, and coarse timers. */
static bool is_near(uint32_t ms, uint32_t reference_ms)
{
	return 5 * (uint64_t)ms >= 4 * (uint64_t)reference_ms &&
	       4 * (uint64_t)ms <= 5 * (uint64_t)reference_ms;
}

/* The second shortest, since one may be a copy that the network made. */
static uint32_t second_shortest(const struct peer *peer)
{
	uint32_t first = UINT32_MAX, second = UINT32_MAX;

	for (uint32_t i = 0; i < peer->count; i++) {
		uint32_t ms = peer->spacings_ms[i];
		if (ms < first) {
			second = first;
			first = ms;
		} else if (ms < second) {
			second = ms;
		}
	}
	return second;
}

/* 0: it cannot be told, or is as ours. */
static uint32_t other_t1(const struct peer *peer, uint32_t ours_ms)
{
	uint32_t agreeing = 0;

	if (peer->count < SPACINGS_MIN)
		return 0;
	const uint32_t t1_ms = second_shortest(peer);
	for (uint32_t i = 0; i < peer->count; i++)
		agreeing += is_near(peer->spacings_ms[i], t1_ms);
	/* Twice or three times ours is what losses make of ours as well. */
	const bool may_be_loss = is_near(t1_ms, 2 * ours_ms) || is_near(t1_ms, 3 * ours_ms);
	if (is_near(t1_ms, ours_ms) || agreeing < (may_be_loss ? AGREEING_MOST : AGREEING_MIN))
		return 0;
	return t1_ms;
}

bool peer_timing_note(struct peer_timing *timing, const struct ip_address *address,
		      uint64_t spacing, uint32_t ours_ms, tick_t now, uint32_t *theirs_ms)
{
	if (spacing < PEER_TIMING_SPACING_MIN || spacing > PEER_TIMING_SPACING_MAX)
		return false;
	const uint32_t now_s = (uint32_t)(now / TICK_SECONDS(1));
	struct peer *peer = peer_of(timing, address, now_s);

	peer->heard_s = now_s;
	peer->spacings_ms[peer->next] = (uint16_t)tick_to_ms(spacing);
	peer->next = (uint8_t)((peer->next + 1) % SPACINGS);
	peer->count = (uint8_t)MIN(peer->count + 1u, SPACINGS);
	if (peer->is_said || now < timing->say_next)
		return false;
	*theirs_ms = other_t1(peer, ours_ms);
	if (*theirs_ms == 0)
		return false;
	peer->is_said = true;
	timing->say_next = now + SAY_EVERY;
	return true;
}

uint32_t peer_timing_count(const struct peer_timing *timing)
{
	return timing->count;
}

size_t peer_timing_size(void)
{
	return sizeof(struct peer_timing);
}
