/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reassembly; see reassembly.h.
 *
 * Octets arrive in blocks of eight (fragment offsets count them), so two bitmaps of 8,192 bits say
 * all: which blocks are here, and at which a fragment began.  Overlap is a bit already set; an
 * exact repetition is a run of set bits with a beginning at its front, none inside, and the same
 * octets.
 *
 * A context is in one hash chain, in the list of its age (one a family: equal timeouts keep both
 * in order of deadlines) and in the list of its source's bucket.
 */
#include "net/reassembly.h"

#define BLOCK         8u
#define BLOCKS        (65536u / BLOCK)
#define BITMAP_WORDS  (BLOCKS / 64)
#define SOURCE_BUCKETS 256u

struct link {
	uint32_t next, previous;
};

struct list {
	uint32_t first, last;
};

struct context {
	struct reassembly_key key;
	uint8_t protocol;
	bool is_dead;           /* killed: swallows what still comes (RFC 5722 §3) */
	bool has_end;           /* total is known */
	uint8_t age_list;
	uint16_t source_bucket;
	uint32_t total, received, highest;
	tick_t created, deadline;
	uint64_t hash;
	uint32_t hash_next;     /* also the free list */
	struct link age, source;
	uint64_t present[BITMAP_WORDS];
	uint64_t begins[BITMAP_WORDS];
};

struct reassembly {
	struct reassembly_config config;
	struct reassembly_stats stats;
	uint32_t bucket_mask;
	uint32_t free_first;
	uint32_t delivered;     /* complete, its octets with the caller until the next insertion */
	size_t stride;
	struct list ages[2];    /* IPv4, IPv6 */
	struct list sources[SOURCE_BUCKETS];
	uint32_t source_counts[SOURCE_BUCKETS];
	struct context *contexts;
	uint32_t *buckets;
	uint8_t *buffers;
};

static size_t round_up(size_t n)
{
	return (n + CACHE_LINE_SIZE - 1) & ~(size_t)(CACHE_LINE_SIZE - 1);
}

static uint32_t bucket_count(uint32_t max)
{
	uint32_t n = 16;

	while (n < max * 2)
		n *= 2;
	return n;
}

static size_t stride_of(const struct reassembly_config *config)
{
	return round_up((size_t)config->headroom + REASSEMBLY_DATAGRAM_MAX + 1 + config->tailroom);
}

size_t reassembly_size(const struct reassembly_config *config)
{
	return round_up(sizeof(struct reassembly)) +
	       round_up(config->max * sizeof(struct context)) +
	       round_up(bucket_count(config->max) * sizeof(uint32_t)) +
	       config->max * stride_of(config);
}

struct reassembly *reassembly_init(void *memory, const struct reassembly_config *config)
{
	struct reassembly *r = memory;
	uint8_t *at = memory;
	uint32_t buckets = bucket_count(config->max);

	memset(r, 0, sizeof(*r));
	r->config = *config;
	r->bucket_mask = buckets - 1;
	r->stride = stride_of(config);
	at += round_up(sizeof(*r));
	r->contexts = (struct context *)at;
	at += round_up(config->max * sizeof(struct context));
	r->buckets = (uint32_t *)at;
	r->buffers = at + round_up(buckets * sizeof(uint32_t));
	for (uint32_t i = 0; i < buckets; i++)
		r->buckets[i] = REASSEMBLY_NONE;
	for (uint32_t i = 0; i < config->max; i++)
		r->contexts[i].hash_next = i + 1 < config->max ? i + 1 : REASSEMBLY_NONE;
	for (uint32_t i = 0; i < SOURCE_BUCKETS; i++)
		r->sources[i] = (struct list){ REASSEMBLY_NONE, REASSEMBLY_NONE };
	r->ages[0] = r->ages[1] = (struct list){ REASSEMBLY_NONE, REASSEMBLY_NONE };
	r->delivered = REASSEMBLY_NONE;
	MEMORY_POISON(r->buffers, config->max * r->stride);
	return r;
}

uint64_t reassembly_hash(const struct hash_key *key, const struct reassembly_key *of)
{
	char bytes[2 * sizeof(struct ip_address) + sizeof(uint16_t) + sizeof(uint32_t)];
	char *at = bytes;

	at = mempcpy(at, &of->source, sizeof(of->source));
	at = mempcpy(at, &of->destination, sizeof(of->destination));
	at = mempcpy(at, &of->interface, sizeof(of->interface));
	memcpy(at, &of->identification, sizeof(of->identification));
	return hash64(key, span_of(bytes, sizeof(bytes)));
}

/* ---- lists --------------------------------------------------------------------------------- */

/* The same code for both lists: `member` is the link's place in a context. */
static struct link *link_at(struct reassembly *r, uint32_t index, size_t member)
{
	return (struct link *)((char *)&r->contexts[index] + member);
}

static void list_append(struct reassembly *r, struct list *list, uint32_t index, size_t member)
{
	*link_at(r, index, member) = (struct link){ REASSEMBLY_NONE, list->last };
	if (list->last == REASSEMBLY_NONE)
		list->first = index;
	else
		link_at(r, list->last, member)->next = index;
	list->last = index;
}

static void list_remove(struct reassembly *r, struct list *list, uint32_t index, size_t member)
{
	struct link link = *link_at(r, index, member);

	if (link.previous == REASSEMBLY_NONE)
		list->first = link.next;
	else
		link_at(r, link.previous, member)->next = link.next;
	if (link.next == REASSEMBLY_NONE)
		list->last = link.previous;
	else
		link_at(r, link.next, member)->previous = link.previous;
}

#define AGE_LINK    offsetof(struct context, age)
#define SOURCE_LINK offsetof(struct context, source)

/* ---- contexts ------------------------------------------------------------------------------ */

static uint8_t *buffer_of(const struct reassembly *r, uint32_t index)
{
	return r->buffers + index * r->stride;
}

static uint8_t *data_of(const struct reassembly *r, uint32_t index)
{
	return buffer_of(r, index) + r->config.headroom;
}

/* Out of the lists; its octets stay until it is freed. */
static void context_unlink(struct reassembly *r, uint32_t index)
{
	struct context *c = &r->contexts[index];
	uint32_t *link = &r->buckets[c->hash & r->bucket_mask];

	while (*link != index)
		link = &r->contexts[*link].hash_next;
	*link = c->hash_next;
	list_remove(r, &r->ages[c->age_list], index, AGE_LINK);
	list_remove(r, &r->sources[c->source_bucket], index, SOURCE_LINK);
	r->source_counts[c->source_bucket]--;
	r->stats.datagrams--;
}

static void context_free(struct reassembly *r, uint32_t index)
{
	r->contexts[index].hash_next = r->free_first;
	r->free_first = index;
	MEMORY_POISON(buffer_of(r, index), r->stride);
}

static uint32_t context_find(const struct reassembly *r, const struct reassembly_key *key,
			     uint64_t hash)
{
	uint32_t index = r->buckets[hash & r->bucket_mask];

	for (; index != REASSEMBLY_NONE; index = r->contexts[index].hash_next) {
		const struct context *c = &r->contexts[index];

		if (c->hash == hash && c->key.identification == key->identification &&
		    c->key.interface == key->interface &&
		    ip_address_equal(&c->key.source, &key->source) &&
		    ip_address_equal(&c->key.destination, &key->destination))
			break;
	}
	return index;
}

static bool context_evict(struct reassembly *r, uint32_t victim, tick_t now)
{
	if (victim == REASSEMBLY_NONE ||
	    now < tick_add(r->contexts[victim].created, REASSEMBLY_PROTECT_TIME))
		return false;
	/* A killed datagram has been counted as invalid. */
	r->stats.evicted += !r->contexts[victim].is_dead;
	context_unlink(r, victim);
	context_free(r, victim);
	return true;
}

static uint32_t oldest(const struct reassembly *r)
{
	uint32_t a = r->ages[0].first, b = r->ages[1].first;

	if (a == REASSEMBLY_NONE)
		return b;
	if (b == REASSEMBLY_NONE)
		return a;
	return r->contexts[a].created <= r->contexts[b].created ? a : b;
}

static uint32_t context_create(struct reassembly *r, const struct reassembly_fragment *fragment,
			       uint64_t hash, tick_t now)
{
	const struct ip_address *source = &fragment->key.source;
	uint16_t bucket = (uint16_t)(hash64(&r->config.key, span_of(source, sizeof(*source))) %
				     SOURCE_BUCKETS);
	bool is_v6 = source->family == IP_V6;
	uint32_t index;

	if (r->source_counts[bucket] >= r->config.source_max &&
	    !context_evict(r, r->sources[bucket].first, now))
		return REASSEMBLY_NONE;
	if (r->free_first == REASSEMBLY_NONE && !context_evict(r, oldest(r), now))
		return REASSEMBLY_NONE;
	index = r->free_first;
	struct context *c = &r->contexts[index];
	r->free_first = c->hash_next;
	memset(c, 0, sizeof(*c));
	c->key = fragment->key;
	c->hash = hash;
	c->source_bucket = bucket;
	c->age_list = is_v6;
	c->created = now;
	c->deadline = tick_add(now, is_v6 ? r->config.timeout_v6_us : r->config.timeout_v4_us);
	c->hash_next = r->buckets[hash & r->bucket_mask];
	r->buckets[hash & r->bucket_mask] = index;
	list_append(r, &r->ages[is_v6], index, AGE_LINK);
	list_append(r, &r->sources[bucket], index, SOURCE_LINK);
	r->source_counts[bucket]++;
	r->stats.datagrams++;
	MEMORY_UNPOISON(buffer_of(r, index), r->stride);
	return index;
}

/* ---- bitmaps ------------------------------------------------------------------------------- */

static bool bit_get(const uint64_t *bits, uint32_t at)
{
	return bits[at / 64] >> (at % 64) & 1;
}

static void bit_set(uint64_t *bits, uint32_t at)
{
	bits[at / 64] |= (uint64_t)1 << (at % 64);
}

/* The bits of word `word` that lie in [first, end). */
static uint64_t word_mask(uint32_t word, uint32_t first, uint32_t end)
{
	uint64_t mask = ~(uint64_t)0;

	if (word == first / 64)
		mask &= ~(uint64_t)0 << (first % 64);
	if (word == (end - 1) / 64)
		mask &= ~(uint64_t)0 >> (63 - (end - 1) % 64);
	return mask;
}

static bool bits_any(const uint64_t *bits, uint32_t first, uint32_t end)
{
	for (uint32_t w = first / 64; first < end && w <= (end - 1) / 64; w++) {
		if (bits[w] & word_mask(w, first, end))
			return true;
	}
	return false;
}

static bool bits_all(const uint64_t *bits, uint32_t first, uint32_t end)
{
	for (uint32_t w = first / 64; first < end && w <= (end - 1) / 64; w++) {
		uint64_t mask = word_mask(w, first, end);

		if ((bits[w] & mask) != mask)
			return false;
	}
	return true;
}

static void bits_fill(uint64_t *bits, uint32_t first, uint32_t end)
{
	for (uint32_t w = first / 64; first < end && w <= (end - 1) / 64; w++)
		bits[w] |= word_mask(w, first, end);
}

/* ---- insertion ----------------------------------------------------------------------------- */

static bool is_sane(const struct reassembly_fragment *f)
{
	/* RFC 8200 §4.5: all but the last are multiples of 8 octets; no datagram is longer than
	 * its length field can say.  An empty fragment has no purpose. */
	return f->len > 0 && f->offset % BLOCK == 0 && f->len <= REASSEMBLY_DATAGRAM_MAX &&
	       f->offset <= REASSEMBLY_DATAGRAM_MAX - f->len && (!f->more || f->len % BLOCK == 0);
}

/* The same fragment once more, octet for octet. */
static bool is_repetition(const struct reassembly *r, uint32_t index,
			  const struct reassembly_fragment *f, uint32_t first, uint32_t end)
{
	const struct context *c = &r->contexts[index];
	bool was_last = c->has_end && f->offset + f->len == c->total;

	if (f->more == was_last || !bit_get(c->begins, first) ||
	    bits_any(c->begins, first + 1, end) || !bits_all(c->present, first, end))
		return false;
	/* It must have ended where this one does. */
	if (end < BLOCKS && bit_get(c->present, end) && !bit_get(c->begins, end))
		return false;
	return memcmp(data_of(r, index) + f->offset, f->data, f->len) == 0;
}

static enum reassembly_status kill_datagram(struct reassembly *r, uint32_t index)
{
	r->contexts[index].is_dead = true;
	r->stats.invalid++;
	return REASSEMBLY_INVALID;
}

static bool contradicts_end(const struct context *c, const struct reassembly_fragment *f)
{
	uint32_t end = f->offset + f->len;

	if (c->has_end)
		return end > c->total || (!f->more && end != c->total);
	return !f->more && c->highest > end;
}

static void context_expire(struct reassembly *r, uint32_t index)
{
	/* A killed datagram has been counted as invalid. */
	r->stats.timeouts += !r->contexts[index].is_dead;
	context_unlink(r, index);
	context_free(r, index);
}

/* Copies the octets in and takes note of them.  True: the datagram is complete. */
static bool take_octets(struct reassembly *r, uint32_t index, const struct reassembly_fragment *f,
			uint32_t first, uint32_t end)
{
	struct context *c = &r->contexts[index];

	memcpy(data_of(r, index) + f->offset, f->data, f->len);
	bits_fill(c->present, first, end);
	bit_set(c->begins, first);
	c->received += f->len;
	c->highest = MAX(c->highest, f->offset + f->len);
	if (!f->more) {
		c->has_end = true;
		c->total = f->offset + f->len;
	}
	if (f->offset == 0)
		c->protocol = f->protocol;
	return c->has_end && c->received == c->total;
}

enum reassembly_status reassembly_insert(struct reassembly *r, const struct reassembly_fragment *f,
					 uint64_t hash, tick_t now, struct reassembly_datagram *datagram)
{
	if (r->delivered != REASSEMBLY_NONE) {
		context_free(r, r->delivered);
		r->delivered = REASSEMBLY_NONE;
	}
	uint32_t index = context_find(r, &f->key, hash);
	if (index != REASSEMBLY_NONE && r->contexts[index].deadline <= now) {
		context_expire(r, index);
		index = REASSEMBLY_NONE;
	}
	if (!is_sane(f))
		return index == REASSEMBLY_NONE || r->contexts[index].is_dead
			       ? REASSEMBLY_INVALID : kill_datagram(r, index);
	if (index == REASSEMBLY_NONE)
		index = context_create(r, f, hash, now);
	if (index == REASSEMBLY_NONE)
		return REASSEMBLY_FULL;

	struct context *c = &r->contexts[index];
	uint32_t first = f->offset / BLOCK, end = (f->offset + f->len + BLOCK - 1) / BLOCK;
	if (c->is_dead)
		return REASSEMBLY_INVALID;
	if (contradicts_end(c, f))
		return kill_datagram(r, index);
	if (bits_any(c->present, first, end))
		return is_repetition(r, index, f, first, end) ? REASSEMBLY_HELD
							      : kill_datagram(r, index);
	if (!take_octets(r, index, f, first, end))
		return REASSEMBLY_HELD;

	*datagram = (struct reassembly_datagram){ data_of(r, index), c->total, c->protocol };
	context_unlink(r, index);
	r->delivered = index;
	r->stats.completed++;
	return REASSEMBLY_COMPLETE;
}

/* ---- time ---------------------------------------------------------------------------------- */

void reassembly_expire(struct reassembly *r, tick_t now)
{
	for (int family = 0; family < 2; family++) {
		uint32_t index;

		while ((index = r->ages[family].first) != REASSEMBLY_NONE &&
		       r->contexts[index].deadline <= now)
			context_expire(r, index);
	}
}

tick_t reassembly_next_expiry(const struct reassembly *r)
{
	tick_t next = TICK_NEVER;

	for (int family = 0; family < 2; family++) {
		if (r->ages[family].first != REASSEMBLY_NONE)
			next = MIN(next, r->contexts[r->ages[family].first].deadline);
	}
	return next;
}

const struct reassembly_stats *reassembly_stats(const struct reassembly *r)
{
	return &r->stats;
}

const char *reassembly_check(const struct reassembly *r)
{
	uint32_t free_count = 0, aged = 0, hashed = 0, by_source = 0;

	for (uint32_t i = r->free_first; i != REASSEMBLY_NONE; i = r->contexts[i].hash_next)
		free_count++;
	for (int family = 0; family < 2; family++) {
		tick_t last = 0;

		for (uint32_t i = r->ages[family].first; i != REASSEMBLY_NONE;
		     i = r->contexts[i].age.next, aged++) {
			if (r->contexts[i].deadline < last)
				return "ages out of order";
			last = r->contexts[i].deadline;
		}
	}
	for (uint32_t b = 0; b <= r->bucket_mask; b++) {
		for (uint32_t i = r->buckets[b]; i != REASSEMBLY_NONE; i = r->contexts[i].hash_next)
			hashed++;
	}
	for (uint32_t b = 0; b < SOURCE_BUCKETS; b++)
		by_source += r->source_counts[b];
	if (aged != r->stats.datagrams || hashed != aged || by_source != aged)
		return "a datagram is missing from a list";
	if (free_count + aged + (r->delivered != REASSEMBLY_NONE) != r->config.max)
		return "a context is lost";
	return NULL;
}
