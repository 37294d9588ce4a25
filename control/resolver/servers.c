/* SPDX-License-Identifier: BSD-3-Clause */
/* Servers of a name; see servers.h. */
#include "resolver/servers.h"

#include <stdlib.h>

#include "base/hash.h"

struct server_set *server_set_create(uint32_t room)
{
	struct server_set *set = calloc(1, sizeof(*set) + room * sizeof(set->servers[0]));

	if (set)
		set->ttl_s = DNS_TTL_UNKNOWN;
	return set;
}

struct server_set *server_set_copy(const struct server_set *set)
{
	struct server_set *copy = server_set_create(set->count);

	if (copy)
		memcpy(copy, set, sizeof(*set) + set->count * sizeof(set->servers[0]));
	return copy;
}

void server_set_filter(struct server_set *set, server_usable_fn is_usable, void *context)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < set->count; i++) {
		if (is_usable(context, &set->servers[i].endpoint.address))
			set->servers[kept++] = set->servers[i];
	}
	set->unreachable += set->count - kept;
	if (set->count && !kept)
		set->status = SERVERS_NONE;
	set->count = kept;
}

/* Who a server is, without what its record says of it. */
static int server_compare_identity(const struct server *a, const struct server *b)
{
	int order = strcmp(a->host, b->host);

	if (order == 0)
		order = (int)a->endpoint.port - (int)b->endpoint.port;
	if (order == 0)
		order = (int)a->endpoint.address.family - (int)b->endpoint.address.family;
	return order ? order : memcmp(a->endpoint.address.bytes, b->endpoint.address.bytes,
				      sizeof(a->endpoint.address.bytes));
}

static int server_compare(const void *left, const void *right)
{
	const struct server *a = left, *b = right;
	int order = (int)a->priority - (int)b->priority;

	return order ? order : server_compare_identity(a, b);
}

static int server_compare_to_unify(const void *left, const void *right)
{
	const struct server *a = left, *b = right;
	int order = server_compare_identity(a, b);

	if (order == 0)
		order = (int)a->priority - (int)b->priority;
	return order ? order : (int)b->weight - (int)a->weight;
}

void server_set_sort(struct server_set *set)
{
	qsort(set->servers, set->count, sizeof(set->servers[0]), server_compare);
}

void server_set_unify(struct server_set *set)
{
	uint32_t kept = 0;

	qsort(set->servers, set->count, sizeof(set->servers[0]), server_compare_to_unify);
	for (uint32_t i = 0; i < set->count; i++) {
		if (kept && server_compare_identity(&set->servers[kept - 1], &set->servers[i]) == 0)
			continue;
		set->servers[kept++] = set->servers[i];
	}
	set->count = kept;
	server_set_sort(set);
}

/* Addresses of one record follow each other. */
static bool is_same_record(const struct server *a, const struct server *b)
{
	return a->priority == b->priority && a->endpoint.port == b->endpoint.port &&
	       strcmp(a->host, b->host) == 0;
}

static uint32_t record_end(const struct server *servers, uint32_t first, uint32_t count)
{
	uint32_t end = first + 1;

	while (end < count && is_same_record(&servers[first], &servers[end]))
		end++;
	return end;
}

static uint32_t priority_end(const struct server *servers, uint32_t first, uint32_t count)
{
	uint32_t end = first + 1;

	while (end < count && servers[end].priority == servers[first].priority)
		end++;
	return end;
}

/* A record that waits for its turn: servers [first, end). */
struct turn {
	uint32_t first, end;
	uint16_t weight;
};

static void shuffle(struct turn *turns, uint32_t count, server_random_fn random, void *context)
{
	for (uint32_t i = count; i > 1; i--) {
		uint32_t other = random(context, i);
		struct turn turn = turns[i - 1];
		turns[i - 1] = turns[other];
		turns[other] = turn;
	}
}

/* Weight 0 first, the rest as it is. */
static void zeros_first(struct turn *turns, uint32_t count)
{
	uint32_t zeros = 0;

	for (uint32_t i = 0; i < count; i++) {
		struct turn turn = turns[i];
		if (turn.weight)
			continue;
		memmove(&turns[zeros + 1], &turns[zeros], (i - zeros) * sizeof(turn));
		turns[zeros++] = turn;
	}
}

/* Index of the first turn whose running sum reaches the number drawn. */
static uint32_t draw(const struct turn *turns, uint32_t count, server_random_fn random,
		     void *context)
{
	uint32_t total = 0, sum = 0;

	for (uint32_t i = 0; i < count; i++)
		total += turns[i].weight;
	uint32_t drawn = random(context, total + 1);
	for (uint32_t i = 0; i < count; i++) {
		sum += turns[i].weight;
		if (sum >= drawn)
			return i;
	}
	return count - 1;
}

static uint32_t order_priority(const struct server *from, uint32_t first, uint32_t end,
			       struct turn *turns, struct server *to, server_random_fn random,
			       void *context)
{
	uint32_t count = 0, put = 0;

	for (uint32_t i = first; i < end; i = turns[count++].end)
		turns[count] = (struct turn){ i, record_end(from, i, end), from[i].weight };
	/* Records with weight 0 come up in list order: each is to be the first now and then. */
	shuffle(turns, count, random, context);
	zeros_first(turns, count);
	while (count) {
		uint32_t chosen = draw(turns, count, random, context);
		for (uint32_t i = turns[chosen].first; i < turns[chosen].end; i++)
			to[put++] = from[i];
		memmove(&turns[chosen], &turns[chosen + 1],
			(--count - chosen) * sizeof(turns[0]));
	}
	return put;
}

static bool is_sorted_by_priority(const struct server_set *set)
{
	for (uint32_t i = 1; i < set->count; i++) {
		if (set->servers[i - 1].priority > set->servers[i].priority)
			return false;
	}
	return true;
}

bool server_set_order(struct server_set *set, server_random_fn random, void *context)
{
	struct server *ordered = calloc(set->count + 1u, sizeof(*ordered));
	struct turn *turns = calloc(set->count + 1u, sizeof(*turns));
	uint32_t put = 0;

	if (!ordered || !turns) {
		free(ordered);
		free(turns);
		return false;
	}
	if (!is_sorted_by_priority(set))
		server_set_sort(set);
	for (uint32_t first = 0, end; first < set->count; first = end) {
		end = priority_end(set->servers, first, set->count);
		put += order_priority(set->servers, first, end, turns, ordered + put, random,
				      context);
	}
	memcpy(set->servers, ordered, put * sizeof(*ordered));
	free(ordered);
	free(turns);
	return true;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* What all weights of a priority are multiplied with: divisible by each host's addresses. */
static uint64_t share_factor(const struct server *servers, uint32_t first, uint32_t end)
{
	uint64_t factor = 1;

	for (uint32_t i = first, next; i < end; i = next) {
		next = record_end(servers, i, end);
		uint64_t addresses = next - i;
		/* Many different numbers: shares are rounded then, see below. */
		if (factor <= UINT32_MAX)
			factor = factor / common_divisor(factor, addresses) * addresses;
	}
	return factor;
}

static void share_priority(struct server *servers, uint32_t first, uint32_t end)
{
	uint64_t factor = share_factor(servers, first, end), largest = 0;

	for (uint32_t i = first, next; i < end; i = next) {
		next = record_end(servers, i, end);
		uint64_t share = servers[i].weight * factor / (next - i);
		largest = MAX(largest, share);
	}
	for (uint32_t i = first, next; i < end; i = next) {
		next = record_end(servers, i, end);
		uint64_t share = servers[i].weight * factor / (next - i);
		if (largest > UINT16_MAX)
			share = MAX(share * UINT16_MAX / largest, share ? 1ull : 0ull);
		for (uint32_t j = i; j < next; j++)
			servers[j].weight = (uint16_t)share;
	}
}

void server_set_share_weights(struct server_set *set)
{
	for (uint32_t first = 0, end; first < set->count; first = end) {
		end = priority_end(set->servers, first, set->count);
		share_priority(set->servers, first, end);
	}
}

#define NAME_HASH_DIGITS 6

const char *server_name(const struct server *server, char name[SERVER_NAME_MAX])
{
	static const struct hash_key key = { .k0 = 0x74616e64656d2073, .k1 = 0x6572766572206e61 };
	struct span host = span_of_string(server->host);
	char tail_bytes[SERVER_NAME_MAX];
	struct text_writer tail = text_writer_of(tail_bytes, sizeof(tail_bytes));
	struct text_writer w = text_writer_of(name, SERVER_NAME_MAX - 1);

	text_put_char(&tail, ':');
	text_put_u64(&tail, server->endpoint.port);
	text_put_char(&tail, '@');
	ip_address_put(&tail, &server->endpoint.address);
	size_t room = (size_t)(w.end - w.at) - text_written(&tail).len;
	if (host.len <= room) {
		text_put(&w, host);
	} else {
		text_put(&w, span_of(host.data, room - NAME_HASH_DIGITS - 1));
		text_put_char(&w, '~');
		text_put_hex(&w, hash64(&key, host) & 0xffffff, NAME_HASH_DIGITS);
	}
	text_put(&w, text_written(&tail));
	*w.at = '\0';
	return name;
}

static int compare_pointers(const void *left, const void *right)
{
	return server_compare_identity(*(const struct server *const *)left,
				       *(const struct server *const *)right);
}

/* By who they are, whatever their priority. */
static uint32_t list_by_identity(const struct server_set *set, const struct server **list)
{
	uint32_t count = set ? set->count : 0;

	for (uint32_t i = 0; i < count; i++)
		list[i] = &set->servers[i];
	qsort(list, count, sizeof(list[0]), compare_pointers);
	return count;
}

struct server_difference server_set_difference(const struct server_set *before,
					       const struct server_set *after)
{
	const struct server *old[SERVERS_MAX], *new[SERVERS_MAX];
	uint32_t old_count = list_by_identity(before, old), i = 0;
	uint32_t new_count = list_by_identity(after, new), j = 0;
	struct server_difference difference = { 0 };

	while (i < old_count && j < new_count) {
		int order = server_compare_identity(old[i], new[j]);
		if (order < 0) {
			difference.removed++;
			i++;
		} else if (order > 0) {
			difference.added++;
			j++;
		} else {
			difference.changed += old[i]->priority != new[j]->priority ||
					      old[i]->weight != new[j]->weight;
			i++;
			j++;
		}
	}
	difference.removed += old_count - i;
	difference.added += new_count - j;
	return difference;
}
