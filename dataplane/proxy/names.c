/* SPDX-License-Identifier: BSD-3-Clause */
/* Next hops that are names; see names.h. */
#include "proxy/engine.h"

#define NS_PER_TICK   1000u
#define NS_PER_SECOND 1000000000u

void names_init(struct names *names, bool is_on, uint64_t seed, tick_t now)
{
	names->is_on = is_on;
	names->key = (struct hash_key){ hash_mix64(seed), hash_mix64(seed + 1) };
	names->due = now * NS_PER_TICK;
	names->next_until = TICK_NEVER;
}

/* ---- what is known */

/* As it is asked for: in lower case. */
static void name_copy(struct span host, char lower[PROXY_NAME_MAX])
{
	for (size_t i = 0; i < host.len; i++) {
		char c = host.data[i];
		lower[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
	}
	lower[host.len] = '\0';
}

/* With a port its addresses are meant, without its SRV records (RFC 3263 §4.2). */
static bool name_key(const struct names *names, struct span host, uint16_t port,
		     struct hash128 *key)
{
	struct hash_stream stream;

	if (host.len == 0 || host.len >= PROXY_NAME_MAX)
		return false;
	hash_stream_init(&stream, &names->key);
	hash_stream_field_lower(&stream, host);
	hash_stream_u64(&stream, port);
	*key = hash_stream_final(&stream);
	return true;
}

static enum name_knowledge known_find(const struct names *names, struct hash128 key, tick_t now,
				      struct endpoint *endpoint)
{
	const struct known_name *set = names->known[key.lo % NAMES_KNOWN_SETS];

	for (unsigned int i = 0; i < NAMES_KNOWN_WAYS; i++) {
		if (!hash128_equal(set[i].key, key) || set[i].until <= now)
			continue;
		*endpoint = set[i].endpoint;
		return set[i].is_found ? NAME_FOUND : NAME_FAILED;
	}
	return NAME_UNASKED;
}

enum name_knowledge names_find(const struct names *names, struct span host, uint16_t port,
			       tick_t now, struct endpoint *endpoint)
{
	struct hash128 key;

	if (!names || !names->is_on || !name_key(names, host, port, &key))
		return NAME_FAILED;
	return known_find(names, key, now, endpoint);
}

/* In its own place, else that of the one that ends first. */
static void known_put(struct names *names, struct hash128 key, bool is_found,
		      const struct endpoint *endpoint, tick_t until)
{
	struct known_name *set = names->known[key.lo % NAMES_KNOWN_SETS], *place = &set[0];

	for (unsigned int i = 0; i < NAMES_KNOWN_WAYS; i++) {
		if (hash128_equal(set[i].key, key)) {
			place = &set[i];
			break;
		}
		if (set[i].until < place->until)
			place = &set[i];
	}
	*place = (struct known_name){ .key = key, .until = until, .is_found = is_found };
	if (is_found)
		place->endpoint = *endpoint;
}

/* ---- asking */

static bool may_ask(struct names *names, tick_t now)
{
	const uint64_t interval = NS_PER_SECOND / NAMES_RATE, now_ns = now * NS_PER_TICK;

	if (names->due > now_ns + (NAMES_BURST - 1) * interval)
		return false;
	names->due = MAX(names->due, now_ns) + interval;
	return true;
}

static bool ask(struct call *call, struct hash128 key, struct span host, uint16_t port)
{
	struct outbox *outbox = call->outbox;
	struct proxy_name *name = &outbox->names[outbox->name_count];

	if (outbox->name_count == OUTBOX_NAMES_MAX || !may_ask(&call->proxy->names, call->now))
		return false;
	*name = (struct proxy_name){ .key = key, .port = port };
	name_copy(host, name->host);
	outbox->name_count++;
	call->proxy->stats.names_asked++;
	return true;
}

static void make_ready(struct names *names, struct hash128 name)
{
	for (unsigned int i = 0; i < NAMES_WAITING_MAX; i++) {
		struct waiting_message *message = &names->messages[i];
		if (!message->copy || message->is_ready || !hash128_equal(message->name, name))
			continue;
		message->is_ready = true;
		names->ready++;
	}
}

void proxy_name_answer(struct proxy *proxy, const struct proxy_name_answer *answer, tick_t now)
{
	uint32_t keep = MIN(MAX(answer->keep_ms, NAMES_KEEP_MIN_MS), NAMES_KEEP_MAX_MS);

	proxy_check_owner(proxy);
	known_put(&proxy->names, answer->key, answer->is_found, &answer->endpoint,
		  tick_add(now, TICK_MS(keep)));
	make_ready(&proxy->names, answer->key);
}

/* ---- waiting */

/* Those that wait already, from the point of view of one more. */
struct tally {
	struct waiting_message *free;
	unsigned int of_name, of_sender;
	bool is_copy;
};

static struct tally tally_of(struct names *names, struct hash128 name, struct hash128 server_key,
			     uint8_t method, const struct ip_address *sender)
{
	struct tally tally = { .free = NULL };

	for (unsigned int i = 0; i < NAMES_WAITING_MAX; i++) {
		struct waiting_message *message = &names->messages[i];
		if (!message->copy) {
			tally.free = message;
			continue;
		}
		tally.of_name += hash128_equal(message->name, name);
		tally.of_sender += ip_address_equal(
			&held_of(message->copy)->destination.address, sender);
		tally.is_copy |= !message->is_error && message->method == method &&
				 hash128_equal(message->server_key, server_key);
	}
	return tally;
}

/* Keeps the octets with who sent them; false: no room, or the name may not be asked for now. */
static bool keep(struct call *call, const struct tally *tally, struct waiting_message waiting,
		 struct span octets, struct span host, uint16_t port, uint16_t interface,
		 const struct endpoint *source, const struct endpoint *destination)
{
	struct names *names = &call->proxy->names;

	if (!tally->free || tally->of_name >= NAMES_OF_ONE_MAX ||
	    tally->of_sender >= NAMES_OF_SENDER_MAX ||
	    names->octets + octets.len > NAMES_OCTETS_MAX ||
	    (tally->of_name == 0 && !ask(call, waiting.name, host, port)) ||
	    !txn_hold(call, &waiting.copy, PROXY_OWED_OTHER, octets, (uint8_t)interface, source,
		      destination))
		return false;
	waiting.until = tick_add(call->now, TICK_MS(NAMES_WAIT_MS));
	waiting.number = names->numbers++;
	*tally->free = waiting;
	names->waiting++;
	names->octets += (uint32_t)octets.len;
	names->next_until = MIN(names->next_until, waiting.until);
	return true;
}

bool names_may_wait(const struct names *names, const struct route *route, tick_t now)
{
	struct endpoint ignored;

	/* A stranger reaches by naming a way only what its service's pool holds: nothing is asked
	 * on its behalf. */
	return names->is_on && (!route->is_stranger || route->has_token) &&
	       names_find(names, route->name, route->name_port, now, &ignored) == NAME_UNASKED;
}

bool names_wait(struct call *call, const struct sip_message *msg, const struct route *route,
		struct hash128 server_key, struct verdict *verdict, enum verdict_reason *reason)
{
	struct names *names = &call->proxy->names;
	const struct proxy_datagram *datagram = call->datagram;
	struct waiting_message waiting = { .server_key = server_key, .method = msg->method };

	*reason = REASON_NAME_UNKNOWN;
	if (call->is_resumed || !names_may_wait(names, route, call->now) ||
	    !name_key(names, route->name, route->name_port, &waiting.name))
		return false;
	struct tally tally = tally_of(names, waiting.name, server_key, msg->method,
				      &datagram->source.address);
	if (tally.is_copy) {
		call->proxy->stats.request_retransmissions_seen++;
		*verdict = verdict_of(VERDICT_ABSORB, REASON_RETRANSMISSION);
		return true;
	}
	*reason = REASON_NAMES_FULL;
	if (!keep(call, &tally, waiting, span_of(datagram->data, datagram->len), route->name,
		  route->name_port, datagram->interface, &datagram->local, &datagram->source))
		return false;
	*verdict = verdict_of(VERDICT_ABSORB, REASON_NAME_WAITED);
	return true;
}

bool names_wait_error(struct call *call, struct span quoted, const struct endpoint *destination,
		      struct span host, uint16_t port)
{
	struct names *names = &call->proxy->names;
	struct waiting_message waiting = { .is_error = true };
	const struct endpoint none = { .port = 0 };
	struct endpoint ignored;

	if (!names->is_on || call->is_resumed || !name_key(names, host, port, &waiting.name) ||
	    known_find(names, waiting.name, call->now, &ignored) != NAME_UNASKED)
		return false;
	struct tally tally = tally_of(names, waiting.name, waiting.server_key, waiting.method,
				      &destination->address);
	return keep(call, &tally, waiting, quoted, host, port, 0, &none, destination);
}

/* Out of the table; the octets stay valid until the next call of the engine. */
static void let_go(struct proxy *proxy, struct waiting_message *message)
{
	struct names *names = &proxy->names;

	names->octets -= (uint32_t)held_message(message->copy).len;
	names->waiting--;
	names->ready -= message->is_ready;
	txn_release(proxy, &message->copy);
}

/* As it came. */
static struct proxy_datagram datagram_of(struct retained *copy)
{
	struct held *held = held_of(copy);

	return (struct proxy_datagram){
		.data = held->message,
		.len = (uint32_t)held_message(copy).len,
		.interface = held->interface,
		.source = held->destination,
		.local = held->source,
	};
}

bool names_cancel(struct call *call, const struct sip_message *msg, struct verdict *verdict)
{
	struct proxy *proxy = call->proxy;
	struct hash128 server_key = branch_server_key(call->snapshot, msg);
	struct waiting_message *found = NULL;

	for (unsigned int i = 0; proxy->names.waiting && !found && i < NAMES_WAITING_MAX; i++) {
		struct waiting_message *message = &proxy->names.messages[i];
		if (message->copy && !message->is_error &&
		    message->method == SIP_METHOD_INVITE &&
		    hash128_equal(message->server_key, server_key))
			found = message;
	}
	if (!found)
		return false;
	*verdict = reply_stateless(call, msg, 200, SPAN_EMPTY, REASON_CANCEL);
	/* A copy of it gets the same (its own Timer J). */
	mark_set_put(proxy->marks, server_key, SIP_METHOD_CANCEL, REASON_CANCEL,
		     tick_add(call->now, TICK_MS(call->snapshot->settle_ms)), call->now);
	struct proxy_datagram datagram = datagram_of(found->copy);
	struct call carried = *call;
	carried.datagram = &datagram;
	let_go(proxy, found);
	if (sip_message_parse(&proxy->sent, datagram.data, datagram.len) == VERDICT_REASON_NONE)
		(void)request_refuse(&carried, &proxy->sent, REASON_NAME_CANCELLED);
	return true;
}

/* ---- going on */

tick_t names_next(const struct names *names)
{
	if (names->ready)
		return 0;
	return names->waiting ? names->next_until : TICK_NEVER;
}

/* The one that came first of those that are due; sets next_until anew. */
static struct waiting_message *find_due(struct names *names, tick_t now)
{
	struct waiting_message *due = NULL;

	names->next_until = TICK_NEVER;
	for (unsigned int i = 0; i < NAMES_WAITING_MAX; i++) {
		struct waiting_message *message = &names->messages[i];
		if (!message->copy)
			continue;
		names->next_until = MIN(names->next_until, message->until);
		if ((message->is_ready || message->until <= now) &&
		    (!due || message->number < due->number))
			due = message;
	}
	return due;
}

bool names_resume(struct call *call)
{
	struct proxy *proxy = call->proxy;
	struct names *names = &proxy->names;

	if (LIKELY(names->waiting == 0) || (names->ready == 0 && call->now < names->next_until))
		return false;
	struct waiting_message *message = find_due(names, call->now);
	if (!message)
		return false;
	if (!message->is_ready) {
		proxy->stats.names_given_up++;
		known_put(names, message->name, false, NULL,
			  tick_add(call->now, TICK_MS(NAMES_FAILED_MS)));
		make_ready(names, message->name);
	}
	/* No packet came: it had its verdict when it did. */
	struct proxy_datagram datagram = datagram_of(message->copy);
	struct call carried = *call;
	carried.datagram = &datagram;
	carried.is_resumed = true;
	bool is_error = message->is_error;
	let_go(proxy, message);
	proxy->stats.names_resumed++;
	if (is_error)
		(void)response_transport_error(&carried, span_of(datagram.data, datagram.len),
					       &datagram.source);
	else
		(void)call_receive(&carried);
	return true;
}

void names_forget_all(struct proxy *proxy)
{
	for (unsigned int i = 0; i < NAMES_WAITING_MAX; i++) {
		if (proxy->names.messages[i].copy)
			let_go(proxy, &proxy->names.messages[i]);
	}
}
