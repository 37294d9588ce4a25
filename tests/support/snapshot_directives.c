/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The directives of a snapshot's text; see snapshot_fixture.h.  The checks are those that a test's
 * author needs, not those of the configuration.
 */
#include <stdio.h>

#include "balance/interface.h"
#include "balance/policy.h"
#include "support/snapshot_line.h"

uint16_t snapshot_interface_find(const struct balance_snapshot *s, struct span name)
{
	for (uint16_t i = 0; i < s->interface_count; i++) {
		if (span_equal(span_of_string(s->interfaces[i].name), name))
			return i;
	}
	return BALANCE_NONE;
}

uint16_t snapshot_service_find(const struct balance_snapshot *s, struct span name)
{
	for (uint16_t i = 0; i < s->service_count; i++) {
		if (span_equal(span_of_string(s->services[i].name), name))
			return i;
	}
	return BALANCE_NONE;
}

uint16_t snapshot_pool_find(const struct balance_snapshot *s, struct span name)
{
	for (uint16_t i = 0; i < s->pool_count; i++) {
		if (span_equal(span_of_string(s->pools[i].name), name))
			return i;
	}
	return BALANCE_NONE;
}

uint16_t snapshot_target_find(const struct balance_snapshot *s, struct span name)
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
		return line_fail(line, "too many interfaces");
	struct balance_interface *at = &s->interfaces[s->interface_count];
	at->mtu = 1500;
	at->sip_port = SIP_PORT;
	at->peer_first = s->peer_count;
	bool good = line_name(line, at->name, sizeof(at->name));
	for (struct span key; good && (key = line_word(line)).len;) {
		struct ip_address gateway;
		uint16_t dscp = 0;
		if (line_word_is(key, "address")) {
			good = at->address_count < BALANCE_ADDRESSES_MAX
				       ? line_prefix(line, &at->addresses[at->address_count++])
				       : line_fail(line, "too many addresses");
		} else if (line_word_is(key, "gateway")) {
			good = line_address(line, &gateway);
			if (good)
				*(gateway.family == IP_V4 ? &at->gateway_v4 : &at->gateway_v6) =
					gateway;
		} else if (line_word_is(key, "peers")) {
			good = s->peer_count < PEERS_MAX
				       ? line_prefix(line, &line->fixture->peers[s->peer_count++])
				       : line_fail(line, "too many peers");
		} else if (line_word_is(key, "port")) {
			good = line_u16(line, "port", &at->sip_port);
		} else if (line_word_is(key, "mtu")) {
			good = line_u16(line, "mtu", &at->mtu);
		} else if (line_word_is(key, "dscp")) {
			good = line_u16(line, "dscp", &dscp);
			at->dscp = (uint8_t)dscp;
		} else {
			good = line_fail(line, "unknown word '%.*s' for an interface",
					 SPAN_ARGS(key));
		}
	}
	at->peer_count = s->peer_count - at->peer_first;
	s->interface_count++;
	return good;
}

static bool policy_set(struct line *line, struct balance_pool *pool, struct span word)
{
	for (int p = POLICY_CALL_ID_HASH; p <= POLICY_SRV; p++) {
		if (line_word_is(word, balance_policy_name((enum balance_policy)p))) {
			pool->policy = (uint8_t)p;
			return true;
		}
	}
	return line_fail(line, "unknown policy '%.*s'", SPAN_ARGS(word));
}

static bool failover_set(struct line *line, struct balance_pool *pool, struct span causes)
{
	pool->failover = 0;
	while (causes.len) {
		size_t n = span_find(causes, ',');
		struct span cause = span_of(causes.data, n);
		causes = span_from(causes, n + 1);
		if (line_word_is(cause, "timeout"))
			pool->failover |= FAILOVER_TIMEOUT;
		else if (line_word_is(cause, "transport-error"))
			pool->failover |= FAILOVER_TRANSPORT_ERROR;
		else if (line_word_is(cause, "503"))
			pool->failover |= FAILOVER_503;
		else if (!line_word_is(cause, "none"))
			return line_fail(line, "unknown cause '%.*s'", SPAN_ARGS(cause));
	}
	return true;
}

/* NULL: no room. */
static struct balance_pool *pool_add(struct line *line)
{
	struct balance_snapshot *s = &line->fixture->snapshot;

	if (s->pool_count == POOLS_MAX) {
		line_fail(line, "too many pools");
		return NULL;
	}
	struct balance_pool *pool = &line->fixture->pools[s->pool_count++];
	pool->failover = FAILOVER_TIMEOUT | FAILOVER_TRANSPORT_ERROR | FAILOVER_503;
	pool->attempts_max = 4;
	pool->timer_set = BALANCE_NONE;
	return pool;
}

static bool pool_line(struct line *line)
{
	struct balance_pool *pool = pool_add(line);
	bool good = pool && line_name(line, pool->name, sizeof(pool->name));

	for (struct span key; good && (key = line_word(line)).len;) {
		uint16_t attempts = 0;
		if (line_word_is(key, "policy")) {
			good = policy_set(line, pool, line_word(line));
		} else if (line_word_is(key, "failover")) {
			good = failover_set(line, pool, line_word(line));
		} else if (line_word_is(key, "attempts")) {
			good = line_u16(line, "attempts", &attempts);
			pool->attempts_max = (uint8_t)attempts;
		} else if (line_word_is(key, "try-next-after")) {
			good = line_u32(line, "try-next-after", &pool->try_next_after_ms);
		} else if (line_word_is(key, "request-uri")) {
			pool->is_request_uri = true;
		} else {
			good = line_fail(line, "unknown word '%.*s' for a pool", SPAN_ARGS(key));
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
	struct span pool = line_word(line);

	if (s->target_count == TARGETS_MAX)
		return line_fail(line, "too many targets");
	struct balance_target *at = &line->fixture->targets[s->target_count];
	struct target_status *status = &line->fixture->statuses[s->target_count];
	at->pool = snapshot_pool_find(s, pool);
	at->weight = 1;
	if (at->pool == BALANCE_NONE)
		return line_fail(line, "unknown pool '%.*s'", SPAN_ARGS(pool));
	bool good =
		line_name(line, at->name, sizeof(at->name)) && line_endpoint(line, &at->endpoint);
	for (struct span key; good && (key = line_word(line)).len;) {
		if (line_word_is(key, "weight"))
			good = line_u16(line, "weight", &at->weight);
		else if (line_word_is(key, "priority"))
			good = line_u16(line, "priority", &at->priority);
		else if (line_word_is(key, "uri"))
			good = line_name(line, at->uri, sizeof(at->uri));
		else if (line_word_is(key, "ready"))
			status->admin = TARGET_READY;
		else if (line_word_is(key, "drain"))
			status->admin = TARGET_DRAIN;
		else if (line_word_is(key, "maint"))
			status->admin = TARGET_MAINT;
		else if (line_word_is(key, "up"))
			status->health = TARGET_UP;
		else if (line_word_is(key, "down"))
			status->health = TARGET_DOWN;
		else if (line_word_is(key, "blacklisted"))
			status->health = TARGET_BLACKLISTED;
		else if (line_word_is(key, "trial"))
			status->health = TARGET_TRIAL;
		else if (line_word_is(key, "max-calls"))
			good = line_u32(line, "max-calls", &at->calls_max);
		else if (line_word_is(key, "max-rate"))
			good = line_u32(line, "max-rate", &at->rate_max);
		else
			good = line_fail(line, "unknown word '%.*s' for a target", SPAN_ARGS(key));
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
		return line_fail(line, "too many addresses to listen on");
	struct balance_listen *at = &line->fixture->listens[s->listen_count];
	if (!line_endpoint(line, &at->endpoint))
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
		return line_fail(line, "%s is no interface's address",
				 ip_address_to_string(&at->endpoint.address, text));
	s->listen_count++;
	service->listen_count++;
	return true;
}

static bool pool_set(struct line *line, uint16_t *pool, bool request_uri_too)
{
	struct balance_snapshot *s = &line->fixture->snapshot;
	struct span name = line_word(line);

	*pool = snapshot_pool_find(s, name);
	if (*pool == BALANCE_NONE && request_uri_too && line_word_is(name, "request-uri")) {
		struct balance_pool *at = pool_add(line);
		if (!at)
			return false;
		strcpy(at->name, "request-uri");
		at->is_request_uri = true;
		*pool = (uint16_t)(s->pool_count - 1);
	}
	return *pool != BALANCE_NONE || line_fail(line, "unknown pool '%.*s'", SPAN_ARGS(name));
}

static bool domain_add(struct line *line, struct balance_service *service)
{
	struct balance_snapshot *s = &line->fixture->snapshot;

	if (s->domain_count == DOMAINS_MAX)
		return line_fail(line, "too many domains");
	char *name = line->fixture->domains[s->domain_count];
	if (!line_name(line, name, sizeof(line->fixture->domains[0])))
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
	struct span word = line_word(line);

	*out = line_word_is(word, one);
	return *out || line_word_is(word, zero) ||
	       line_fail(line, "%s: '%.*s' is neither %s nor %s", what, SPAN_ARGS(word), zero, one);
}

static bool extra_2xx_set(struct line *line, uint8_t *policy)
{
	static const char *const words[] = { "forward", "drop", "ack-bye" };
	struct span word = line_word(line);

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (line_word_is(word, words[i])) {
			*policy = (uint8_t)i;
			return true;
		}
	return line_fail(line, "extra-2xx is forward, drop or ack-bye");
}

static bool cseq_check_set(struct line *line, uint8_t *out)
{
	static const char *const words[] = {
		[CSEQ_CHECK_OFF] = "off", [CSEQ_CHECK_LOG] = "log", [CSEQ_CHECK_ENFORCE] = "enforce",
	};
	struct span word = line_word(line);

	for (*out = 0; *out < ARRAY_SIZE(words); (*out)++)
		if (line_word_is(word, words[*out]))
			return true;
	return line_fail(line, "cseq-check: '%.*s' is none of off, log, enforce", SPAN_ARGS(word));
}

static bool service_line(struct line *line)
{
	struct balance_snapshot *s = &line->fixture->snapshot;

	if (s->service_count == SERVICES_MAX)
		return line_fail(line, "too many services");
	struct balance_service *at = &line->fixture->services[s->service_count];
	at->pool = at->from_pool = BALANCE_NONE;
	at->listen_first = s->listen_count;
	at->domain_first = s->domain_count;
	at->timer_set = (uint16_t)s->service_count;
	at->cseq_check = CSEQ_CHECK_LOG;
	at->dialog_age_ms = 3600 * 1000;
	bool good = line_name(line, at->name, sizeof(at->name));
	for (struct span key; good && (key = line_word(line)).len;) {
		if (line_word_is(key, "listen"))
			good = listen_add(line, at);
		else if (line_word_is(key, "pool"))
			good = pool_set(line, &at->pool, true);
		else if (line_word_is(key, "from"))
			good = pool_set(line, &at->from_pool, false);
		else if (line_word_is(key, "mode"))
			good = choice_set(line, "mode", "stateful", "stateless", &at->mode);
		else if (line_word_is(key, "nat"))
			good = choice_set(line, "nat", "off", "auto", &at->nat);
		else if (line_word_is(key, "extra-2xx"))
			good = extra_2xx_set(line, &at->extra_2xx);
		else if (line_word_is(key, "record-route"))
			at->record_route = true;
		else if (line_word_is(key, "rewrite-host"))
			at->rewrite_host = true;
		else if (line_word_is(key, "push-route"))
			at->push_route = true;
		else if (line_word_is(key, "cseq-check"))
			good = cseq_check_set(line, &at->cseq_check);
		else if (line_word_is(key, "bye-unacknowledged"))
			at->bye_unacknowledged = true;
		else if (line_word_is(key, "dialog-age-ms"))
			good = line_u32(line, "dialog-age-ms", &at->dialog_age_ms);
		else if (line_word_is(key, "domain"))
			good = domain_add(line, at);
		else
			good = line_fail(line, "unknown word '%.*s' for a service", SPAN_ARGS(key));
	}
	if (good && at->pool == BALANCE_NONE)
		return line_fail(line, "the service has no pool");
	s->service_count++;
	return good;
}

static bool timer_set(struct line *line, struct span key, struct balance_timers *timers)
{
	const struct {
		const char *key;
		uint32_t *timer;
	} keys[] = {
		{ "t1", &timers->t1_ms },     { "t2", &timers->t2_ms },
		{ "t4", &timers->t4_ms },     { "a", &timers->timer_a_ms },
		{ "b", &timers->timer_b_ms }, { "c", &timers->timer_c_ms },
		{ "d", &timers->timer_d_ms }, { "e", &timers->timer_e_ms },
		{ "f", &timers->timer_f_ms }, { "g", &timers->timer_g_ms },
		{ "h", &timers->timer_h_ms }, { "i", &timers->timer_i_ms },
		{ "j", &timers->timer_j_ms }, { "k", &timers->timer_k_ms },
		{ "l", &timers->timer_l_ms }, { "m", &timers->timer_m_ms },
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		if (line_word_is(key, keys[i].key))
			return line_u32(line, keys[i].key, keys[i].timer);
	}
	return line_fail(line, "unknown timer '%.*s'", SPAN_ARGS(key));
}

/* The sets that a line is about: of a pool, of a service, or of all services so far. */
static bool timers_owner(struct line *line, struct span key, struct balance_timers **first,
			 uint32_t *count)
{
	struct balance_snapshot *s = &line->fixture->snapshot;
	struct balance_timers *sets = line->fixture->timers;

	*count = 1;
	if (line_word_is(key, "pool")) {
		struct span name = line_word(line);
		uint16_t pool = snapshot_pool_find(s, name);
		if (pool == BALANCE_NONE)
			return line_fail(line, "unknown pool '%.*s'", SPAN_ARGS(name));
		line->fixture->pools[pool].timer_set = (uint16_t)(SERVICES_MAX + pool);
		*first = &sets[SERVICES_MAX + pool];
		return true;
	}
	if (line_word_is(key, "service")) {
		struct span name = line_word(line);
		uint16_t service = snapshot_service_find(s, name);
		if (service == BALANCE_NONE)
			return line_fail(line, "unknown service '%.*s'", SPAN_ARGS(name));
		*first = &sets[service];
		return true;
	}
	*first = sets;
	*count = s->service_count;
	return true;
}

static bool timers_line(struct line *line)
{
	struct span start = line->rest, key = line_word(line);
	struct balance_timers *first = NULL;
	uint32_t count = 0;

	if (!timers_owner(line, key, &first, &count))
		return false;
	if (line_word_is(key, "pool") || line_word_is(key, "service"))
		start = line->rest;
	for (uint32_t i = 0; i < count; i++) {
		line->rest = start;
		while ((key = line_word(line)).len) {
			if (!timer_set(line, key, &first[i]))
				return false;
		}
	}
	return true;
}

static bool host_line(struct line *line)
{
	struct balance_snapshot *s = &line->fixture->snapshot;

	if (s->host_count == HOSTS_MAX)
		return line_fail(line, "too many hosts");
	struct balance_host *at = &line->fixture->hosts[s->host_count];
	if (!line_name(line, at->name, sizeof(at->name)) || !line_address(line, &at->address))
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
		return line_fail(line, "too many route keys");
	if (!line_number(line, "key id", UINT8_MAX, &id) ||
	    !line_number(line, "seed", UINT64_MAX, &seed))
		return false;
	s->route_keys[s->route_key_count++] =
		(struct balance_route_key){ (uint8_t)id,
					    { hash_mix64(seed + 1), hash_mix64(seed + 2) } };
	return true;
}

bool line_carry_out(struct line *line)
{
	struct balance_snapshot *s = &line->fixture->snapshot;
	struct span word = line_word(line);

	if (word.len == 0)
		return true;
	if (line_word_is(word, "interface"))
		return interface_line(line);
	if (line_word_is(word, "pool"))
		return pool_line(line);
	if (line_word_is(word, "target"))
		return target_line(line);
	if (line_word_is(word, "service"))
		return service_line(line);
	if (line_word_is(word, "timers"))
		return timers_line(line);
	if (line_word_is(word, "host"))
		return host_line(line);
	if (line_word_is(word, "instance"))
		return line_u16(line, "instance", &s->instance);
	if (line_word_is(word, "epoch"))
		return line_u32(line, "epoch", &s->epoch);
	if (line_word_is(word, "stray-responses")) {
		uint8_t forward = 0;
		bool good = choice_set(line, "stray-responses", "drop", "forward", &forward);
		s->forward_strays = forward;
		return good;
	}
	if (line_word_is(word, "closing"))
		return line_u32(line, "closing", &s->closing_retry_s);
	if (line_word_is(word, "route-key"))
		return route_key_line(line);
	return line_fail(line, "unknown directive '%.*s'", SPAN_ARGS(word));
}
