/* SPDX-License-Identifier: BSD-3-Clause */
/* Shapes and the masked compare; see shape.h. */
#include "generator/shape.h"

#include <immintrin.h>
#include <stdlib.h>

#include "base/hash.h"

#define NUMBERS_MAX    24u
#define HINTS          512u  /* by beginning and length: where the number stands */
#define SHAPES_A_PAIR  24u   /* kinds of messages, each in a length or two */
#define SHAPES_MIN     256u
#define SHAPES_MAX     8192u
#define CHAIN_MAX      6u
#define VECTOR         16u
#define WIDE           32u
#define CHUNKS_MAX     32u
#define NONE           UINT32_MAX

/* Octets of the proxy's choice, up to 16 of them: those of `octets` in the vector at `at`. */
struct chunk {
	uint16_t at, octets;
	uint8_t class;              /* enum octet_class */
};

struct shape {
	uint64_t key;
	uint32_t next;              /* of the same bucket; NONE */
	uint16_t cseq;              /* where the CSeq row stands: tells kinds apart soonest */
	uint8_t number_count;
	uint8_t chunk_count;
	uint16_t numbers[NUMBERS_MAX];
	struct chunk chunks[CHUNKS_MAX];
	struct received layout;
	alignas(CACHE_LINE_SIZE) char reference[SHAPE_OCTETS_MAX];
	alignas(CACHE_LINE_SIZE) char mask[SHAPE_OCTETS_MAX];
};

struct hint {
	uint64_t key;
	uint32_t at;
};

struct shape_set {
	struct shape *shapes;
	uint32_t *buckets;
	uint32_t bucket_mask, count, max, victim;
	bool (*is_equal)(const char *data, const struct shape *shape);
	struct hint hints[HINTS];
};

/* ---- classes of octets */

/* By nibbles: bit h of [class][low] tells of the octet 0xh0 + low, h from 2 to 7. */
alignas(VECTOR) static const uint8_t class_low[OCTET_CLASSES][VECTOR] = {
	[OCTET_TOKEN] = { 0xe8, 0xfc, 0xf8, 0xf8, 0xf8, 0xfc, 0xf8, 0xfc,
			      0xf8, 0xf8, 0xf4, 0x54, 0x50, 0x54, 0xd4, 0x70 },
	[OCTET_PARAMETER] = { 0xa8, 0xfc, 0xf8, 0xf8, 0xfc, 0xfc, 0xfc, 0xfc,
			      0xfc, 0xfc, 0xfc, 0x74, 0x50, 0x74, 0xd4, 0x74 },
};
alignas(VECTOR) static const uint8_t class_high[VECTOR] = { [2] = 4, 8, 16, 32, 64, 128 };

bool octets_are(enum octet_class class, const char *data, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		const uint8_t octet = (uint8_t)data[i];
		if (!(class_low[class][octet & 15] & class_high[octet >> 4]))
			return false;
	}
	return true;
}

/* Bit i: octet i of the vector at `data` is not of the class. */
static ALWAYS_INLINE uint32_t octets_not_of(uint8_t class, const char *data)
{
	const __m128i nibble = _mm_set1_epi8(15);
	__m128i octets = _mm_loadu_si128((const __m128i *)(const void *)data);
	__m128i low = _mm_load_si128((const __m128i *)(const void *)class_low[class]);
	__m128i high = _mm_load_si128((const __m128i *)(const void *)class_high);

	low = _mm_shuffle_epi8(low, _mm_and_si128(octets, nibble));
	high = _mm_shuffle_epi8(high, _mm_and_si128(_mm_srli_epi16(octets, 4), nibble));
	return (uint32_t)_mm_movemask_epi8(
		_mm_cmpeq_epi8(_mm_and_si128(low, high), _mm_setzero_si128()));
}

/* ---- the compare */

static bool is_equal_sse(const char *data, const struct shape *shape)
{
	const uint32_t len = shape->layout.len;
	__m128i differ = _mm_setzero_si128();

	for (uint32_t i = 0;; i += VECTOR) {
		/* The last one overlaps the one before it. */
		const uint32_t at = MIN(i, len - VECTOR);
		__m128i octets = _mm_loadu_si128((const __m128i *)(const void *)(data + at));
		__m128i wanted =
			_mm_loadu_si128((const __m128i *)(const void *)(shape->reference + at));
		__m128i mask = _mm_loadu_si128((const __m128i *)(const void *)(shape->mask + at));
		differ = _mm_or_si128(differ, _mm_and_si128(_mm_xor_si128(octets, wanted), mask));
		if (i + VECTOR >= len)
			break;
	}
	return _mm_testz_si128(differ, differ);
}

__attribute__((target("avx2"))) static bool is_equal_avx2(const char *data,
							  const struct shape *shape)
{
	const uint32_t len = shape->layout.len;
	__m256i differ = _mm256_setzero_si256();

	for (uint32_t i = 0;; i += WIDE) {
		const uint32_t at = MIN(i, len - WIDE);
		__m256i octets = _mm256_loadu_si256((const __m256i *)(const void *)(data + at));
		__m256i wanted = _mm256_loadu_si256(
			(const __m256i *)(const void *)(shape->reference + at));
		__m256i mask =
			_mm256_loadu_si256((const __m256i *)(const void *)(shape->mask + at));
		differ = _mm256_or_si256(
			differ, _mm256_and_si256(_mm256_xor_si256(octets, wanted), mask));
		if (i + WIDE >= len)
			break;
	}
	return _mm256_testz_si256(differ, differ);
}

static bool is_vector_equal(const char *data, const struct shape *shape, uint32_t at)
{
	__m128i octets = _mm_loadu_si128((const __m128i *)(const void *)(data + at));
	__m128i wanted = _mm_loadu_si128((const __m128i *)(const void *)(shape->reference + at));
	__m128i mask = _mm_loadu_si128((const __m128i *)(const void *)(shape->mask + at));
	__m128i differ = _mm_and_si128(_mm_xor_si128(octets, wanted), mask);

	return _mm_testz_si128(differ, differ);
}

static bool are_numbers_equal(const char *data, const struct shape *shape, const char *digits)
{
	const __m128i number = _mm_loadu_si128((const __m128i *)(const void *)digits);
	__m128i differ = _mm_setzero_si128();

	for (uint32_t i = 0; i < shape->number_count; i++) {
		__m128i here = _mm_loadu_si128(
			(const __m128i *)(const void *)(data + shape->numbers[i]));
		differ = _mm_or_si128(differ, _mm_xor_si128(here, number));
	}
	return _mm_testz_si128(differ, differ);
}

/* What the mask leaves out is still of the octets that may stand there. */
static bool are_variables_sound(const char *data, const struct shape *shape)
{
	uint32_t unsound = 0;

	for (uint32_t i = 0; i < shape->chunk_count; i++) {
		const struct chunk *chunk = &shape->chunks[i];
		unsound |= octets_not_of(chunk->class, data + chunk->at) & chunk->octets;
	}
	return !unsound;
}

/* ---- keys */

static ALWAYS_INLINE uint64_t begin_key(uint8_t side, const char *data, uint32_t len)
{
	uint64_t first, second;

	memcpy(&first, data, 8);
	memcpy(&second, data + 8, 8);
	uint64_t key = (first ^ (uint64_t)len << 48 ^ side) * 0x9e3779b97f4a7c15u;
	return (key ^ key >> 29 ^ second) * 0xbf58476d1ce4e5b9u;
}

static ALWAYS_INLINE uint64_t place_key(const struct shape_place *place, const char *data,
					uint32_t len)
{
	uint64_t key = begin_key(place->side, data, len);

	key ^= (uint64_t)place->local << 32 | (uint32_t)place->caller << 16 | place->target;
	key *= 0x94d049bb133111ebu;
	return key ^ key >> 31;
}

static ALWAYS_INLINE const char *at_hint(const struct hint *hint, uint64_t key, const char *data,
					 uint32_t len)
{
	const size_t name = sizeof(CALL_ID_NAME) - 1;

	if (hint->key != key || hint->at < name || hint->at + NUMBER_DIGITS > len ||
	    memcmp(data + hint->at - name, CALL_ID_NAME, name) != 0)
		return NULL;
	return data + hint->at;
}

const char *shape_guess_number(const struct shape_set *set, uint8_t side, const char *data,
			       uint32_t len)
{
	if (len < VECTOR)
		return NULL;
	uint64_t key = begin_key(side, data, len);
	return at_hint(&set->hints[key >> 32 & (HINTS - 1)], key, data, len);
}

const char *shape_find_number(struct shape_set *set, uint8_t side, const char *data, uint32_t len)
{
	struct span call_id;

	if (len < VECTOR)
		return NULL;
	uint64_t key = begin_key(side, data, len);
	struct hint *hint = &set->hints[key >> 32 & (HINTS - 1)];
	const char *found = at_hint(hint, key, data, len);
	if (LIKELY(found))
		return found;
	if (!sip_message_peek_call_id(data, len, &call_id) ||
	    call_id.len != NUMBER_DIGITS + CALL_ID_REST_LEN)
		return NULL;
	*hint = (struct hint){ .key = key, .at = (uint32_t)(call_id.data - data) };
	return call_id.data;
}

/* ---- finding */

bool shape_match(const struct shape_set *set, const struct shape_place *place, const char *data,
		 uint32_t len, const char *digits, bool with_mask, struct received *received)
{
	if (len < WIDE || len > SHAPE_OCTETS_MAX)
		return false;
	const uint64_t key = place_key(place, data, len);
	for (uint32_t i = set->buckets[key & set->bucket_mask]; i != NONE;
	     i = set->shapes[i].next) {
		const struct shape *shape = &set->shapes[i];
		if (shape->key != key || shape->layout.len != len ||
		    !is_vector_equal(data, shape, shape->cseq))
			continue;
		if (with_mask && (!set->is_equal(data, shape) ||
				  !are_numbers_equal(data, shape, digits) ||
				  !are_variables_sound(data, shape)))
			continue;
		*received = shape->layout;
		received->data = data;
		return true;
	}
	return false;
}

/* ---- learning */

static void unmask(struct shape *shape, uint32_t at, uint32_t len)
{
	memset(shape->mask + at, 0, len);
}

/* One of the proxy's variables.  Where there are too many, the rest stays literal: what has other
 * values there is then checked in full. */
static void unmask_variable(struct shape *shape, uint32_t at, uint32_t len,
			    enum octet_class class)
{
	const uint32_t chunks = (len + VECTOR - 1) / VECTOR;

	if (!chunks || shape->chunk_count + chunks > CHUNKS_MAX)
		return;
	unmask(shape, at, len);
	for (uint32_t done = 0; done < len; done += VECTOR) {
		const uint32_t count = MIN(len - done, VECTOR);
		const uint32_t from = MIN(at + done, shape->layout.len - VECTOR);
		const uint32_t octets = ((1u << count) - 1) << (at + done - from);
		shape->chunks[shape->chunk_count++] = (struct chunk){
			.at = (uint16_t)from, .octets = (uint16_t)octets, .class = (uint8_t)class,
		};
	}
}

/* Values of parameters are the proxy's variables; what stands around them is not. */
static void unmask_parameters(struct shape *shape, struct range value, enum octet_class class)
{
	const char *text = shape->reference + value.at;
	uint32_t i = 0;

	while (i < value.len && text[i] != ';')
		i++;
	while (i < value.len) {
		while (i < value.len && text[i] != '=')
			i++;
		const uint32_t from = ++i;
		while (i < value.len && text[i] != ';' && text[i] != '>')
			i++;
		if (from < i && octets_are(class, text + from, i - from))
			unmask_variable(shape, value.at + from, i - from, class);
	}
}

static bool learn_numbers(struct shape *shape, const char *digits)
{
	const char *at = shape->reference, *end = at + shape->layout.len;

	while ((at = memmem(at, (size_t)(end - at), digits, NUMBER_DIGITS)) != NULL) {
		if (shape->number_count == NUMBERS_MAX)
			return false;
		shape->numbers[shape->number_count] = (uint16_t)(at - shape->reference);
		unmask(shape, shape->numbers[shape->number_count++], NUMBER_DIGITS);
		at += NUMBER_DIGITS;
	}
	return shape->number_count > 0;
}

/* Where the CSeq row stands, or the end of the message: a vector that lies in it. */
static uint16_t find_cseq(const struct shape *shape)
{
	const char *row = memmem(shape->reference, shape->layout.len, "\nCSeq: ", 7);
	size_t at = row ? (size_t)(row + 1 - shape->reference) : 0;

	return (uint16_t)MIN(at, shape->layout.len - VECTOR);
}

static void shape_fill(struct shape *shape, const struct received *received)
{
	const struct received *layout = &shape->layout;

	*shape = (struct shape){ .layout = *received };
	shape->layout.data = NULL;
	memcpy(shape->reference, received->data, received->len);
	memset(shape->mask, 0xff, received->len);
	if (!layout->status) {
		/* The last Via is the sender's own. */
		for (uint32_t i = 0; i + 1 < layout->via_count; i++)
			unmask_parameters(shape, layout->via[i], OCTET_TOKEN);
		/* In what a proxy made itself (CANCEL, ACK to a non-2xx) it is the proxy's. */
		if (layout->via_count == 1)
			unmask_parameters(shape, layout->via[0], OCTET_TOKEN);
	}
	for (uint32_t i = 0; i < layout->rr_count; i++)
		unmask_parameters(shape, layout->rr[i], OCTET_PARAMETER);
	if (layout->foreign_tag.len)
		unmask_variable(shape, layout->foreign_tag.at, layout->foreign_tag.len,
				OCTET_TOKEN);
	shape->cseq = find_cseq(shape);
}

static void unlink_shape(struct shape_set *set, uint32_t index)
{
	uint32_t *link = &set->buckets[set->shapes[index].key & set->bucket_mask];

	while (*link != index)
		link = &set->shapes[*link].next;
	*link = set->shapes[index].next;
}

/* The oldest gives way when there are too many, of all or of one key. */
static uint32_t take_shape(struct shape_set *set, uint64_t key)
{
	uint32_t same = 0, last = NONE;

	for (uint32_t i = set->buckets[key & set->bucket_mask]; i != NONE; i = set->shapes[i].next) {
		if (set->shapes[i].key == key) {
			same++;
			last = i;
		}
	}
	if (same >= CHAIN_MAX) {
		unlink_shape(set, last);
		return last;
	}
	if (set->count < set->max)
		return set->count++;
	uint32_t victim = set->victim;
	set->victim = (victim + 1) % set->max;
	unlink_shape(set, victim);
	return victim;
}

bool shape_learn(struct shape_set *set, const struct shape_place *place, const char *digits,
		 const struct received *received)
{
	if (received->len < WIDE || received->len > SHAPE_OCTETS_MAX)
		return false;
	const uint64_t key = place_key(place, received->data, received->len);
	const uint32_t index = take_shape(set, key);
	struct shape *shape = &set->shapes[index];

	shape_fill(shape, received);
	bool good = learn_numbers(shape, digits);
	/* One that cannot be used is kept as one that nothing matches. */
	shape->key = good ? key : ~key;
	uint32_t *bucket = &set->buckets[shape->key & set->bucket_mask];
	shape->next = *bucket;
	*bucket = index;
	return good;
}

/* ---- creation */

struct shape_set *shape_set_create(uint32_t pairs)
{
	struct shape_set *set = calloc(1, sizeof(*set));

	if (!set)
		return NULL;
	set->max = MIN(MAX(pairs, SHAPES_MIN / SHAPES_A_PAIR), SHAPES_MAX / SHAPES_A_PAIR) *
		   SHAPES_A_PAIR;
	uint32_t buckets = 1;
	while (buckets < 2 * set->max)
		buckets *= 2;
	set->bucket_mask = buckets - 1;
	set->shapes = aligned_alloc(CACHE_LINE_SIZE, set->max * sizeof(*set->shapes));
	set->buckets = malloc(buckets * sizeof(*set->buckets));
	set->is_equal = __builtin_cpu_supports("avx2") ? is_equal_avx2 : is_equal_sse;
	if (!set->shapes || !set->buckets) {
		shape_set_destroy(set);
		return NULL;
	}
	memset(set->buckets, 0xff, buckets * sizeof(*set->buckets));
	return set;
}

void shape_set_destroy(struct shape_set *set)
{
	if (!set)
		return;
	free(set->shapes);
	free(set->buckets);
	free(set);
}

size_t shape_set_octets(const struct shape_set *set)
{
	return sizeof(*set) + set->max * sizeof(*set->shapes) +
	       (set->bucket_mask + 1) * sizeof(*set->buckets);
}
