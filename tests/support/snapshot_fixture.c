/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A snapshot out of text, for tests; see snapshot_fixture.h.  Fixed tables, no DNS; the checks
 * are those that a test's author needs, not those of the configuration.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "balance/index.h"
#include "balance/interface.h"
#include "balance/policy.h"
#include "support/snapshot_fixture.h"

#define SERVICES_MAX 64
#define POOLS_MAX    64
#define LISTENS_MAX  128
#define TARGETS_MAX  4096
#define PEERS_MAX    128
#define DOMAINS_MAX  64
#define HOSTS_MAX    256
#define SIP_PORT     5060

struct snapshot_fixture {
	struct balance_snapshot snapshot;
	struct balance_service services[SERVICES_MAX];
	struct balance_pool pools[POOLS_MAX];
	struct balance_listen listens[LISTENS_MAX];
	struct balance_target targets[TARGETS_MAX];
	struct ip_prefix peers[PEERS_MAX];
	char domains[DOMAINS_MAX][256];
	struct balance_host hosts[HOSTS_MAX];
	struct target_status statuses[TARGETS_MAX];
	struct balance_index_slot *index;
};

/* A line on its way through the parser. */
struct line {
	struct snapshot_fixture *fixture;
	struct span rest;
	unsigned int number;
	char *error;
	size_t error_size;
	bool failed;
};

static PRINTF_LIKE(2, 3) bool fail(struct line *line, const char *format, ...)
{
	va_list args;

	if (line->failed)
		return false;
	line->failed = true;
	int n = snprintf(line->error, line->error_size, "line %u: ", line->number);
	if (n < 0 || (size_t)n >= line->error_size)
		return false;
	va_start(args, format);
	vsnprintf(line->error + n, line->error_size - (size_t)n, format, args);
	va_end(args);
	return false;
}

/* The next word; empty at the end of the line. */
static struct span word_next(struct line *line)
{
	line->rest = span_trim(line->rest);
	size_t n = 0;
	while (n < line->rest.len && line->rest.data[n] != ' ' && line->rest.data[n] != '\t')
		n++;
	struct span word = span_of(line->rest.data, n);
	line->rest = span_from(line->rest, n);
	return word;
}

static bool word_is(struct span word, const char *text)
{
	return span_equal(word, span_of_string(text));
}

static bool number_next(struct line *line, const char *what, uint64_t max, uint64_t *out)
{
	struct span word = word_next(line);

	if (text_parse_u64(word, max, out))
		return true;
	return fail(line, "%s: '%.*s' is no number up to %llu", what, SPAN_ARGS(word),
		    (unsigned long long)max);
}

static bool u16_next(struct line *line, const char *what, uint16_t *out)
{
	uint64_t value = 0;

	if (!number_next(line, what, UINT16_MAX, &value))
		return false;
	*out = (uint16_t)value;
	return true;
}

static bool u32_next(struct line *line, const char *what, uint32_t *out)
{
	uint64_t value = 0;

	if (!number_next(line, what, UINT32_MAX, &value))
		return false;
	*out = (uint32_t)value;
	return true;
}

static bool name_next(struct line *line, char *out, size_t size)
{
	struct span word = word_next(line);

	if (word.len == 0 || word.len >= size)
		return fail(line, "a name of 1 to %zu characters is missing", size - 1);
	memcpy(out, word.data, word.len);
	out[word.len] = 0;
	return true;
}

static bool address_next(struct line *line, struct ip_address *out)
{
	struct span word = word_next(line);

	return ip_address_parse(word, out) ||
	       fail(line, "'%.*s' is no IP address", SPAN_ARGS(word));
}

static bool prefix_next(struct line *line, struct ip_prefix *out)
{
	struct span word = word_next(line);

	return ip_prefix_parse(word, out) ||
	       fail(line, "'%.*s' is no IP prefix", SPAN_ARGS(word));
}

static bool endpoint_next(struct line *line, struct endpoint *out)
{
	struct span word = word_next(line);

	if (span_starts_with(word, SPAN("udp:")))
		word = span_from(word, 4);
	return endpoint_parse(word, SIP_PORT, out) ||
	       fail(line, "'%.*s' is no address with port", SPAN_ARGS(word));
}

static uint16_t interface_find(const struct balance_snapshot *s, struct span name)
{
	for (uint16_t i = 0; i < s->interface_count; i++) {
		if (span_equal(span_of_string(s->interfaces[i].name), name))
			return i;
	}
	return BALANCE_NONE;
}

static uint16_t service_find(const struct balance_snapshot *s, struct span name)
{
	for (uint16_t i = 0; i < s->service_count; i++) {
		if (span_equal(span_of_string(s->services[i].name), name))
			return i;
	}
	return BALANCE_NONE;
}

static uint16_t pool_find(const struct balance_snapshot *s, struct span name)
{
	for (uint16_t i = 0; i < s->pool_count; i++) {
		if (span_equal(span_of_string(s->pools[i].name), name))
			return i;
	}
	return BALANCE_NONE;
}

static uint16_t target_find(const struct balance_snapshot *s, struct span name)
{
	for (uint32_t i = 0; i < s->target_count; i++) {
		if (span_equal(span_of_string(s->targets[i].name), name))
			return (uint16_t)i;
	}
	return BALANCE_NONE;
}

static bool interface_line(struct line *line)
{
	struct balance_snapshot *s = &line->fixture->snapshot;

	if (s->interface_count == BALANCE_INTERFACES_MAX)
		return fail(line, "too many interfaces");
	struct balance_interface *at = &s->interfaces[s->interface_count];
	at->mtu = 1500;
	at->sip_port = SIP_PORT;
	at->peer_first = s->peer_count;
	bool good = name_next(line, at->name, sizeof(at->name));
	for (struct span key; good && (key = word_next(line)).len;) {
		struct ip_address gateway;
		uint16_t dscp = 0;
		if (word_is(key, "address")) {
			good = at->address_count < BALANCE_ADDRESSES_MAX ?
				       prefix_next(line, &at->addresses[at->address_count++]) :
				       fail(line, "too many addresses");
		} else if (word_is(key, "gateway")) {
			good = address_next(line, &gateway);
			if (good)
				*(gateway.family == IP_V4 ? &at->gateway_v4 : &at->gateway_v6) =
					gateway;
		} else if (word_is(key, "peers")) {
			good = s->peer_count < PEERS_MAX ?
				       prefix_next(line, &line->fixture->peers[s->peer_count++]) :
				       fail(line, "too many peers");
		} else if (word_is(key, "port")) {
			good = u16_next(line, "port", &at->sip_port);
		} else if (word_is(key, "mtu")) {
			good = u16_next(line, "mtu", &at->mtu);
		} else if (word_is(key, "dscp")) {
			good = u16_next(line, "dscp", &dscp);
			at->dscp = (uint8_t)dscp;
		} else {
			good = fail(line, "unknown word '%.*s' for an interface", SPAN_ARGS(key));
		}
	}
	at->peer_count = s->peer_count - at->peer_first;
	s->interface_count++;
	return good;
}

static bool policy_set(struct line *line, struct balance_pool *pool, struct span word)
{
	for (int p = POLICY_CALL_ID_HASH; p <= POLICY_WEIGHTED_RANDOM; p++) {
		if (word_is(word, balance_policy_name((enum balance_policy)p))) {
			pool->policy = (uint8_t)p;
			return true;
		}
	}
	return fail(line, "unknown policy '%.*s'", SPAN_ARGS(word));
}

static bool failover_set(struct line *line, struct balance_pool *pool, struct span causes)
{
	pool->failover = 0;
	while (causes.len) {
		size_t n = span_find(causes, ',');
		struct span cause = span_of(causes.data, n);
		causes = span_from(causes, n + 1);
		if (word_is(cause, "timeout"))
			pool->failover |= FAILOVER_TIMEOUT;
		else if (word_is(cause, "transport-error"))
			pool->failover |= FAILOVER_TRANSPORT_ERROR;
		else if (word_is(cause, "503"))
			pool->failover |= FAILOVER_503;
		else if (!word_is(cause, "none"))
			return fail(line, "unknown cause '%.*s'", SPAN_ARGS(cause));
	}
	return true;
}

/* NULL: no room. */
static struct balance_pool *pool_add(struct line *line)
{
	struct balance_snapshot *s = &line->fixture->snapshot;

	if (s->pool_count == POOLS_MAX) {
		fail(line, "too many pools");
		return NULL;
	}
	struct balance_pool *pool = &line->fixture->pools[s->pool_count++];
	pool->failover = FAILOVER_TIMEOUT | FAILOVER_TRANSPORT_ERROR | FAILOVER_503;
	pool->attempts_max = 4;
	return pool;
}

static bool pool_line(struct line *line)
{
	struct balance_pool *pool = pool_add(line);
	bool good = pool && name_next(line, pool->name, sizeof(pool->name));

	for (struct span key; good && (key = word_next(line)).len;) {
		uint16_t attempts = 0;
		if (word_is(key, "policy")) {
			good = policy_set(line, pool, word_next(line));
		} else if (word_is(key, "failover")) {
			good = failover_set(line, pool, word_next(line));
		} else if (word_is(key, "attempts")) {
			good = u16_next(line, "attempts", &attempts);
			pool->attempts_max = (uint8_t)attempts;
		} else if (word_is(key, "request-uri")) {
			pool->is_request_uri = true;
		} else {
			good = fail(line, "unknown word '%.*s' for a pool", SPAN_ARGS(key));
		}
	}
	return good;
}

static void target_init(struct snapshot_fixture *fixture, struct balance_target *target,
			struct target_status *status)
{
	const struct balance_pool *pool = &fixture->pools[target->pool];
	char id[2 * BALANCE_NAME_MAX + 1], text[ENDPOINT_TEXT_MAX];

	int n = snprintf(id, sizeof(id), "%s/%s", pool->name, target->name);
	target->id = hash64(&(struct hash_key){ 1, 2 }, span_of(id, (size_t)n));
	target->interface = balance_egress_find(&fixture->snapshot, &target->endpoint.address);
	target->status = status;
	if (!target->uri[0])
		snprintf(target->uri, sizeof(target->uri), "sip:%s",
			 endpoint_to_string(&target->endpoint, text));
}

static bool target_line(struct line *line)
{
	struct balance_snapshot *s = &line->fixture->snapshot;
	struct span pool = word_next(line);

	if (s->target_count == TARGETS_MAX)
		return fail(line, "too many targets");
	struct balance_target *at = &line->fixture->targets[s->target_count];
	struct target_status *status = &line->fixture->statuses[s->target_count];
	at->pool = pool_find(s, pool);
	at->weight = 1;
	if (at->pool == BALANCE_NONE)
		return fail(line, "unknown pool '%.*s'", SPAN_ARGS(pool));
	bool good = name_next(line, at->name, sizeof(at->name)) &&
		    endpoint_next(line, &at->endpoint);
	for (struct span key; good && (key = word_next(line)).len;) {
		if (word_is(key, "weight"))
			good = u16_next(line, "weight", &at->weight);
		else if (word_is(key, "priority"))
			good = u16_next(line, "priority", &at->priority);
		else if (word_is(key, "uri"))
			good = name_next(line, at->uri, sizeof(at->uri));
		else if (word_is(key, "ready"))
			status->admin = TARGET_READY;
		else if (word_is(key, "drain"))
			status->admin = TARGET_DRAIN;
		else if (word_is(key, "maint"))
			status->admin = TARGET_MAINT;
		else if (word_is(key, "up"))
			status->health = TARGET_UP;
		else if (word_is(key, "down"))
			status->health = TARGET_DOWN;
		else if (word_is(key, "blacklisted"))
			status->health = TARGET_BLACKLISTED;
		else
			good = fail(line, "unknown word '%.*s' for a target", SPAN_ARGS(key));
	}
	target_init(line->fixture, at, status);
	s->target_count++;
	return good;
}

static bool listen_add(struct line *line, struct balance_service *service)
{
	struct balance_snapshot *s = &line->fixture->snapshot;
	char text[ENDPOINT_TEXT_MAX];

	if (s->listen_count == LISTENS_MAX)
		return fail(line, "too many addresses to listen on");
	struct balance_listen *at = &line->fixture->listens[s->listen_count];
	if (!endpoint_next(line, &at->endpoint))
		return false;
	at->service = (uint16_t)(service - line->fixture->services);
	at->interface = BALANCE_NONE;
	for (uint16_t i = 0; i < s->interface_count; i++) {
		for (unsigned int j = 0; j < s->interfaces[i].address_count; j++) {
			if (ip_address_equal(&s->interfaces[i].addresses[j].address,
					     &at->endpoint.address))
				at->interface = i;
		}
	}
	if (at->interface == BALANCE_NONE)
		return fail(line, "%s is no interface's address",
			    ip_address_to_string(&at->endpoint.address, text));
	s->listen_count++;
	service->listen_count++;
	return true;
}

static bool pool_set(struct line *line, uint16_t *pool, bool request_uri_too)
{
	struct balance_snapshot *s = &line->fixture->snapshot;
	struct span name = word_next(line);

	*pool = pool_find(s, name);
	if (*pool == BALANCE_NONE && request_uri_too && word_is(name, "request-uri")) {
		struct balance_pool *at = pool_add(line);
		if (!at)
			return false;
		strcpy(at->name, "request-uri");
		at->is_request_uri = true;
		*pool = (uint16_t)(s->pool_count - 1);
	}
	return *pool != BALANCE_NONE || fail(line, "unknown pool '%.*s'", SPAN_ARGS(name));
}

static bool domain_add(struct line *line, struct balance_service *service)
{
	struct balance_snapshot *s = &line->fixture->snapshot;

	if (s->domain_count == DOMAINS_MAX)
		return fail(line, "too many domains");
	char *name = line->fixture->domains[s->domain_count];
	if (!name_next(line, name, sizeof(line->fixture->domains[0])))
		return false;
	for (; *name; name++)
		*name = char_lower(*name);
	s->domain_count++;
	service->domain_count++;
	return true;
}

static bool choice_set(struct line *line, const char *what, const char *zero, const char *one,
		       uint8_t *out)
{
	struct span word = word_next(line);

	*out = word_is(word, one);
	return *out || word_is(word, zero) ||
	       fail(line, "%s: '%.*s' is neither %s nor %s", what, SPAN_ARGS(word), zero, one);
}

static bool service_line(struct line *line)
{
	struct balance_snapshot *s = &line->fixture->snapshot;

	if (s->service_count == SERVICES_MAX)
		return fail(line, "too many services");
	struct balance_service *at = &line->fixture->services[s->service_count];
	at->pool = at->from_pool = BALANCE_NONE;
	at->listen_first = s->listen_count;
	at->domain_first = s->domain_count;
	at->timers = (struct balance_timers){ 500, 4000, 5000, 181000, 32000 };
	bool good = name_next(line, at->name, sizeof(at->name));
	for (struct span key; good && (key = word_next(line)).len;) {
		if (word_is(key, "listen"))
			good = listen_add(line, at);
		else if (word_is(key, "pool"))
			good = pool_set(line, &at->pool, true);
		else if (word_is(key, "from"))
			good = pool_set(line, &at->from_pool, false);
		else if (word_is(key, "mode"))
			good = choice_set(line, "mode", "stateful", "stateless", &at->mode);
		else if (word_is(key, "nat"))
			good = choice_set(line, "nat", "off", "auto", &at->nat);
		else if (word_is(key, "record-route"))
			at->record_route = true;
		else if (word_is(key, "rewrite-host"))
			at->rewrite_host = true;
		else if (word_is(key, "push-route"))
			at->push_route = true;
		else if (word_is(key, "domain"))
			good = domain_add(line, at);
		else
			good = fail(line, "unknown word '%.*s' for a service", SPAN_ARGS(key));
	}
	if (good && at->pool == BALANCE_NONE)
		return fail(line, "the service has no pool");
	s->service_count++;
	return good;
}

static bool timer_set(struct line *line, struct span key, struct balance_timers *timers)
{
	if (word_is(key, "t1"))
		return u32_next(line, "t1", &timers->t1_ms);
	if (word_is(key, "t2"))
		return u32_next(line, "t2", &timers->t2_ms);
	if (word_is(key, "t4"))
		return u32_next(line, "t4", &timers->t4_ms);
	if (word_is(key, "c"))
		return u32_next(line, "c", &timers->timer_c_ms);
	if (word_is(key, "d"))
		return u32_next(line, "d", &timers->timer_d_ms);
	return fail(line, "unknown timer '%.*s'", SPAN_ARGS(key));
}

static bool timers_line(struct line *line)
{
	struct balance_snapshot *s = &line->fixture->snapshot;
	struct span start = line->rest, key = word_next(line);
	uint16_t first = 0, end = (uint16_t)s->service_count;

	if (word_is(key, "service")) {
		struct span name = word_next(line);
		first = service_find(s, name);
		if (first == BALANCE_NONE)
			return fail(line, "unknown service '%.*s'", SPAN_ARGS(name));
		end = (uint16_t)(first + 1);
		start = line->rest;
	}
	for (uint16_t i = first; i < end; i++) {
		line->rest = start;
		while ((key = word_next(line)).len) {
			if (!timer_set(line, key, &line->fixture->services[i].timers))
				return false;
		}
	}
	return true;
}

static bool host_line(struct line *line)
{
	struct balance_snapshot *s = &line->fixture->snapshot;

	if (s->host_count == HOSTS_MAX)
		return fail(line, "too many hosts");
	struct balance_host *at = &line->fixture->hosts[s->host_count];
	if (!name_next(line, at->name, sizeof(at->name)) || !address_next(line, &at->address))
		return false;
	for (char *c = at->name; *c; c++)
		*c = char_lower(*c);
	s->host_count++;
	return true;
}

static bool route_key_line(struct line *line)
{
	struct balance_snapshot *s = &line->fixture->snapshot;
	uint64_t id = 0, seed = 0;

	if (s->route_key_count == BALANCE_ROUTE_KEYS_MAX)
		return fail(line, "too many route keys");
	if (!number_next(line, "key id", UINT8_MAX, &id) ||
	    !number_next(line, "seed", UINT64_MAX, &seed))
		return false;
	s->route_keys[s->route_key_count++] = (struct balance_route_key){
		(uint8_t)id, { hash_mix64(seed + 1), hash_mix64(seed + 2) }
	};
	return true;
}

static bool directive(struct line *line)
{
	struct balance_snapshot *s = &line->fixture->snapshot;
	struct span word = word_next(line);

	if (word.len == 0)
		return true;
	if (word_is(word, "interface"))
		return interface_line(line);
	if (word_is(word, "pool"))
		return pool_line(line);
	if (word_is(word, "target"))
		return target_line(line);
	if (word_is(word, "service"))
		return service_line(line);
	if (word_is(word, "timers"))
		return timers_line(line);
	if (word_is(word, "host"))
		return host_line(line);
	if (word_is(word, "instance"))
		return u16_next(line, "instance", &s->instance);
	if (word_is(word, "epoch"))
		return u32_next(line, "epoch", &s->epoch);
	if (word_is(word, "route-key"))
		return route_key_line(line);
	return fail(line, "unknown directive '%.*s'", SPAN_ARGS(word));
}

static int by_pool(const void *a, const void *b)
{
	const struct balance_target *x = a, *y = b;

	if (x->pool != y->pool)
		return x->pool < y->pool ? -1 : 1;
	return x->status < y->status ? -1 : x->status > y->status; /* in order of the text */
}

static bool finish(struct snapshot_fixture *fixture)
{
	struct balance_snapshot *s = &fixture->snapshot;

	qsort(fixture->targets, s->target_count, sizeof(fixture->targets[0]), by_pool);
	for (uint32_t i = s->target_count; i-- > 0;) {
		struct balance_pool *pool = &fixture->pools[fixture->targets[i].pool];
		pool->target_first = i;
		pool->target_count++;
	}
	if (s->route_key_count == 0)
		s->route_keys[s->route_key_count++] =
			(struct balance_route_key){ 1, { 0x5151515151515151u, 0x2323232323232323u } };
	uint32_t slots = balance_index_slots(s->target_count, s->host_count);
	fixture->index = malloc(slots * sizeof(*fixture->index));
	if (!fixture->index)
		return false;
	balance_index_build(s, fixture->index, slots);
	return true;
}

static struct snapshot_fixture *fixture_new(void)
{
	/* target_status is aligned to cache lines; calloc promises less. */
	struct snapshot_fixture *fixture = aligned_alloc(CACHE_LINE_SIZE, sizeof(*fixture));

	if (!fixture)
		return NULL;
	memset(fixture, 0, sizeof(*fixture));
	struct balance_snapshot *s = &fixture->snapshot;
	s->version = 1;
	s->instance = 1;
	s->epoch = 1;
	s->branch_key = (struct hash_key){ 0x0101010101010101u, 0x1010101010101010u };
	s->hint_key = (struct hash_key){ 0x0202020202020202u, 0x2020202020202020u };
	s->call_key = (struct hash_key){ 0x0303030303030303u, 0x3030303030303030u };
	s->tag_key = (struct hash_key){ 0x0404040404040404u, 0x4040404040404040u };
	s->services = fixture->services;
	s->listens = fixture->listens;
	s->pools = fixture->pools;
	s->targets = fixture->targets;
	s->peers = fixture->peers;
	s->domains = (const char(*)[256])fixture->domains;
	s->hosts = fixture->hosts;
	return fixture;
}

struct snapshot_fixture *snapshot_fixture_create(const char *text, char *error, size_t size)
{
	struct line line = { .fixture = fixture_new(), .error = error, .error_size = size };
	struct span left = span_of_string(text);

	if (!line.fixture) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	while (left.len) {
		size_t n = span_find(left, '\n');
		line.number++;
		line.rest = span_of(left.data, n);
		line.rest.len = span_find(line.rest, '#');
		left = span_from(left, n + 1);
		if (!directive(&line) || line.failed) {
			snapshot_fixture_destroy(line.fixture);
			return NULL;
		}
	}
	if (!finish(line.fixture)) {
		snprintf(error, size, "out of memory");
		snapshot_fixture_destroy(line.fixture);
		return NULL;
	}
	return line.fixture;
}

void snapshot_fixture_destroy(struct snapshot_fixture *fixture)
{
	if (fixture)
		free(fixture->index);
	free(fixture);
}

const struct balance_snapshot *snapshot_fixture_snapshot(const struct snapshot_fixture *fixture)
{
	return &fixture->snapshot;
}

struct balance_snapshot *snapshot_fixture_edit(struct snapshot_fixture *fixture)
{
	return &fixture->snapshot;
}

uint16_t snapshot_fixture_interface(const struct snapshot_fixture *fixture, const char *name)
{
	return interface_find(&fixture->snapshot, span_of_string(name));
}

uint16_t snapshot_fixture_service(const struct snapshot_fixture *fixture, const char *name)
{
	return service_find(&fixture->snapshot, span_of_string(name));
}

uint16_t snapshot_fixture_pool(const struct snapshot_fixture *fixture, const char *name)
{
	return pool_find(&fixture->snapshot, span_of_string(name));
}

uint16_t snapshot_fixture_target(const struct snapshot_fixture *fixture, const char *name)
{
	return target_find(&fixture->snapshot, span_of_string(name));
}

struct target_status *snapshot_fixture_status(struct snapshot_fixture *fixture, const char *name)
{
	uint16_t target = target_find(&fixture->snapshot, span_of_string(name));

	return target == BALANCE_NONE ? NULL : fixture->targets[target].status;
}
