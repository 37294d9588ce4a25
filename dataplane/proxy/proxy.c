/* SPDX-License-Identifier: BSD-3-Clause */
/* The engine's edge: creation, reception, expiry, errors, outbox, statistics; see proxy.h. */
#include "proxy/dialog.h"
#include "proxy/note_add.h"
#include "proxy/timers.h"
#include "state/mapping.h"

#include <stdio.h>
#include <stdlib.h>

/* Work of one call of proxy_expire: fewer than the outbox and the graveyard can take. */
#define EXPIRE_BATCH 8
/* Messages that one event may send at most: 100, ACK, request, response, one in reserve, and a
 * CANCEL a branch. */
#define OUTBOX_RESERVE (5 + BALANCE_TRIED_MAX)
/* Scratch that one expiry may use at most: a next attempt that was not sent after all, the request
 * without our Via, and the response made out of it. */
#define SCRATCH_RESERVE (3 * SIP_PAYLOAD_MAX)

struct proxy *proxy_create(const struct proxy_config *config, tick_t now)
{
	struct proxy *proxy = aligned_alloc(CACHE_LINE_SIZE,
					    (sizeof(*proxy) + CACHE_LINE_SIZE - 1) &
						    ~(size_t)(CACHE_LINE_SIZE - 1));
	uint32_t slots = config->txns_max + config->tombstones_max;
	uint32_t timers = slots + config->dialogs_max;

	if (!proxy)
		return NULL;
	memset(proxy, 0, sizeof(*proxy));
	proxy->config = *config;
	if (!config->stages)
		proxy->config.stages = &stage_clock_off;
	proxy->balance.random = hash_mix64(config->seed) | 1;
	names_init(&proxy->names, config->asks_names, hash_mix64(config->seed + 3), now);
	/* Each slot has at most one timer, each dialog one.  memory.c counts the same. */
	if (!slot_pool_init(&proxy->txns, sizeof(struct txn), config->txns_max) ||
	    !slot_pool_init(&proxy->tombstones, sizeof(struct tombstone),
			    config->tombstones_max) ||
	    !(proxy->table = txn_table_create(PROXY_KEYS_A_SLOT * slots)) ||
	    !(proxy->wheel = timer_wheel_create(timers, now)) ||
	    !(proxy->retain = retain_store_create(config->retain_max)) ||
	    !(proxy->calls = call_memory_create(config->txns_max)) ||
	    !(proxy->peers = peer_timing_create((struct hash_key){
		      hash_mix64(config->seed + 1), hash_mix64(config->seed + 2) })) ||
	    !(proxy->marks = mark_set_create(config->txns_max)) ||
	    !(proxy->statuses = mapping_create(LIVE_OCTETS)) ||
	    (config->dialogs_max && !(proxy->dialogs = dialog_table_create(
					      config->dialogs_max, proxy->wheel, DIALOG_BIT)))) {
		proxy_destroy(proxy);
		return NULL;
	}
	return proxy;
}

static void destroy_all(struct proxy *proxy)
{
	for (uint32_t i = 0; proxy->txns.generations && i < proxy->txns.capacity; i++)
		if (slot_pool_generation(&proxy->txns, i) & 1)
			txn_destroy(proxy, slot_pool_at(&proxy->txns, i));
	for (uint32_t i = 0; proxy->tombstones.generations && i < proxy->tombstones.capacity; i++) {
		if (!(slot_pool_generation(&proxy->tombstones, i) & 1))
			continue;
		struct tombstone *tombstone = slot_pool_at(&proxy->tombstones, i);
		txn_release(proxy, &tombstone->copy);
	}
	names_forget_all(proxy);
	if (proxy->dialogs)
		dialog_forget_all(proxy);
	proxy_bury(proxy);
}

void proxy_destroy(struct proxy *proxy)
{
	if (!proxy)
		return;
	if (proxy->table && proxy->wheel && proxy->retain) {
		proxy_bury(proxy);
		destroy_all(proxy);
	}
	mark_set_destroy(proxy->marks);
	peer_timing_destroy(proxy->peers);
	dialog_table_destroy(proxy->dialogs);
	mapping_destroy(proxy->statuses, LIVE_OCTETS);
	if (proxy->calls)
		call_memory_destroy(proxy->calls);
	if (proxy->retain)
		retain_store_destroy(proxy->retain);
	if (proxy->wheel)
		timer_wheel_destroy(proxy->wheel);
	if (proxy->table)
		txn_table_destroy(proxy->table);
	slot_pool_fini(&proxy->tombstones);
	slot_pool_fini(&proxy->txns);
	free(proxy);
}

/* ---- outbox */

void call_send(struct call *call, struct span message, bool in_place, uint8_t interface,
	       const struct endpoint *source, const struct endpoint *destination)
{
	struct outbox *outbox = call->outbox;

	if (UNLIKELY(outbox->count == OUTBOX_MAX)) {
		call->proxy->stats.outbox_full++;
		return;
	}
	outbox->entries[outbox->count++] = (struct outbox_entry){
		.data = message.data,
		.len = (uint32_t)message.len,
		.in_place = in_place,
		.interface = interface,
		.source = *source,
		.destination = *destination,
	};
}

void call_send_held(struct call *call, struct retained *copy)
{
	if (!copy)
		return;
	const struct held *held = held_of(copy);
	const uint32_t before = call->outbox->count;
	call_send(call, held_message(copy), false, held->interface, &held->source,
		  &held->destination);
	call_sent_as(call, before, OUTBOX_AGAIN);
}

struct text_writer call_scratch(struct call *call)
{
	struct outbox *outbox = call->outbox;

	return text_writer_of(outbox->scratch + outbox->scratch_used,
			      MIN(OUTBOX_SCRATCH_SIZE - outbox->scratch_used, SIP_PAYLOAD_MAX));
}

struct span call_scratch_done(struct call *call, const struct text_writer *w)
{
	struct span written = text_written(w);

	call->outbox->scratch_used += (uint32_t)written.len;
	return written;
}

struct outcome *call_outcome(struct call *call, const struct txn *txn, enum outcome_kind kind,
			     uint16_t value)
{
	struct outbox *outbox = call->outbox;

	if (!(txn->flags & TXN_OUTSTANDING) || outbox->outcome_count == OUTBOX_OUTCOMES_MAX)
		return NULL;
	struct outcome *outcome = &outbox->outcomes[outbox->outcome_count++];
	*outcome = (struct outcome){
		.target_id = txn->target_id,
		.retry_after_s = OUTCOME_NO_RETRY_AFTER,
		.value = value,
		.kind = (uint8_t)kind,
		.flags = txn->flags & TXN_IS_INVITE ? OUTCOME_IS_INVITE : 0,
	};
	return outcome;
}

/* ---- one owner */

/* The engine belongs to the thread that uses it first: in sanitized builds a foreign touch of its
 * transactions ends the process, so that the network tests show that there is none. */
void proxy_check_owner(struct proxy *proxy)
{
#ifdef BASE_ASAN
	static _Thread_local char self;

	if (!proxy->owner)
		proxy->owner = &self;
	if (proxy->owner != &self) {
		fprintf(stderr, "engine %u used by a foreign thread\n", proxy->config.worker);
		abort();
	}
#else
	(void)proxy;
#endif
}

/* ---- reception */

/* RFC 5626 §4.4.1 has no CRLF keep-alive for UDP, but phones send it, and NULs. */
static bool is_keepalive(const struct proxy_datagram *datagram)
{
	if (datagram->len > 8)
		return false;
	for (uint32_t i = 0; i < datagram->len; i++) {
		char c = datagram->data[i];
		if (c != '\r' && c != '\n' && c != '\0' && c != ' ')
			return false;
	}
	return true;
}

static bool is_text(const struct proxy_datagram *datagram)
{
	unsigned char c = (unsigned char)datagram->data[0];

	return c > ' ' || c == '\r' || c == '\n';
}

static struct verdict malformed(struct call *call, const struct sip_message *msg,
				enum verdict_reason reason)
{
	/* A request that can be answered is; a response never (RFC 3261 §18.3, §16.3). */
	if (!msg->is_request || !sip_message_is_answerable(msg))
		return verdict_of(VERDICT_DROP, reason);
	return reply_stateless(call, msg, verdict_reasons[reason].status, SPAN_EMPTY, reason);
}

static bool peek_agrees(const struct sip_message *msg)
{
	struct span peeked;

	/* The shard was chosen by the peek: one call, one owner. */
	return sip_message_peek_call_id(msg->bytes, msg->len, &peeked) &&
	       span_equal(peeked, sip_slice_span(msg, msg->call_id));
}

/* Line ends before the start line are no part of the message (RFC 3261 §7.5): edits count from the
 * start line, so they become headroom. */
static void skip_line_ends(struct proxy_datagram *datagram, const struct sip_message *msg)
{
	uint32_t skipped = (uint32_t)(msg->bytes - datagram->data);

	datagram->data += skipped;
	datagram->len -= skipped;
	datagram->headroom += skipped;
}

struct verdict call_receive(struct call *call)
{
	struct proxy *proxy = call->proxy;
	struct proxy_datagram *datagram = call->datagram;
	struct sip_message *msg = &proxy->message;

	if (is_keepalive(datagram))
		return verdict_of(VERDICT_ABSORB, REASON_KEEPALIVE);
	bool is_stun = (unsigned char)datagram->data[0] < 2; /* RFC 5626 §8 */
	if (!is_stun && !is_text(datagram))
		return verdict_of(VERDICT_DROP, REASON_NOT_SIP);
	if (datagram->interface >= call->snapshot->interface_count)
		return verdict_of(VERDICT_DROP, REASON_NO_SERVICE);
	if (is_stun)
		return stun_receive(call);
	enum verdict_reason reason = sip_message_parse(msg, datagram->data, datagram->len);
	skip_line_ends(datagram, msg);
	if (reason == VERDICT_REASON_NONE && !peek_agrees(msg))
		reason = REASON_CALL_ID_DISAGREES;
	if (reason != VERDICT_REASON_NONE)
		return malformed(call, msg, reason);
	return msg->is_request ? request_receive(call, msg) : response_receive(call, msg);
}

struct verdict proxy_receive(struct proxy *proxy, const struct balance_snapshot *snapshot,
			     struct proxy_datagram *datagram, tick_t now, struct outbox *outbox)
{
	struct call call = { .proxy = proxy,
			     .snapshot = snapshot,
			     .datagram = datagram,
			     .now = now,
			     .outbox = outbox,
			     .notes = outbox->notes };

	proxy_check_owner(proxy);
	(void)call_enter(&call, STAGE_PARSE);
	proxy_bury(proxy);
	struct verdict verdict = call_receive(&call);
	verdict_count(&proxy->verdicts, verdict);
	return verdict;
}

/* ---- time */

static void expire_txn(struct call *call, struct txn *txn)
{
	static void (*const due[DEADLINES])(struct call *, struct txn *) = {
		[DEADLINE_CLIENT_RETRANSMIT] = client_retransmit_due,
		[DEADLINE_CLIENT_END] = client_end_due,
		[DEADLINE_SERVER_RETRANSMIT] = server_retransmit_due,
		[DEADLINE_SERVER_END] = server_end_due,
		[DEADLINE_TRYING] = server_trying_due,
		[DEADLINE_CANCEL_RETRANSMIT] = cancel_retransmit,
		[DEADLINE_CANCEL_END] = cancel_answered,
		[DEADLINE_NEXT_TARGET] = attempt_next_target_due,
	};
	/* An end and a retransmission due together: the end decides (Timer B over Timer A). */
	static const uint8_t order[DEADLINES] = {
		DEADLINE_CLIENT_END,	    DEADLINE_SERVER_END,	DEADLINE_CANCEL_END,
		DEADLINE_CLIENT_RETRANSMIT, DEADLINE_SERVER_RETRANSMIT, DEADLINE_CANCEL_RETRANSMIT,
		DEADLINE_TRYING,	    DEADLINE_NEXT_TARGET,
	};

	txn->timer = TIMER_NONE;
	txn->armed = TICK_NEVER;
	for (size_t i = 0; i < DEADLINES; i++) {
		if (txn->deadlines[order[i]] > call->now)
			continue;
		note_timer(call, txn, (enum txn_deadline)order[i]);
		due[order[i]](call, txn);
	}
	txn_settle(call, txn);
}

/* False: put off to the next batch, which has its scratch to itself. */
static bool has_scratch(struct call *call, struct txn *txn, uint64_t word)
{
	if (LIKELY(OUTBOX_SCRATCH_SIZE - call->outbox->scratch_used >= SCRATCH_RESERVE))
		return true;
	txn->timer = timer_wheel_arm(call->proxy->wheel, call->now, word);
	txn->armed = call->now;
	return false;
}

bool proxy_expire(struct proxy *proxy, const struct balance_snapshot *snapshot, tick_t now,
		  struct outbox *outbox)
{
	struct call call = { .proxy = proxy, .snapshot = snapshot, .now = now, .outbox = outbox,
			     .notes = outbox->notes };
	uint64_t words[EXPIRE_BATCH];

	proxy_check_owner(proxy);
	(void)call_enter(&call, STAGE_EXPIRE);
	proxy_bury(proxy);
	uint32_t n = timer_wheel_expire(proxy->wheel, now, words, EXPIRE_BATCH);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t index = (uint32_t)words[i], generation = (uint32_t)(words[i] >> 32);
		if (index & TOMBSTONE_BIT) {
			index &= ~TOMBSTONE_BIT;
			if (slot_pool_get(&proxy->tombstones, index, generation))
				tombstone_expire(&call, index);
		} else if (index & DIALOG_BIT) {
			dialog_expire(&call, index & ~DIALOG_BIT, generation);
		} else {
			struct txn *txn = slot_pool_get(&proxy->txns, index, generation);
			if (txn && has_scratch(&call, txn, words[i]))
				expire_txn(&call, txn);
		}
	}
	/* With the outbox to itself. */
	if (n == 0)
		return names_resume(&call);
	return n == EXPIRE_BATCH || names_next(&proxy->names) <= now;
}
static_assert(EXPIRE_BATCH * OUTBOX_RESERVE <= OUTBOX_MAX, "an expiry batch fits the outbox");
static_assert(SCRATCH_RESERVE <= OUTBOX_SCRATCH_SIZE, "an expiry fits the scratch");

tick_t proxy_next_expiry(const struct proxy *proxy)
{
	return MIN(timer_wheel_next(proxy->wheel), names_next(&proxy->names));
}

/* ---- transport errors */

/* Our Via is the first row of what we send: its branch stands in the quote's first octets. */
static bool quoted_branch(struct span quoted, struct hash128 *key)
{
	static const char mark[] = ";branch=";
	uint32_t loop_part;

	const char *at = memmem(quoted.data, quoted.len, mark, sizeof(mark) - 1);
	if (!at)
		return false;
	struct span branch = span_from(quoted, (size_t)(at - quoted.data) + sizeof(mark) - 1);
	return branch.len >= BRANCH_TEXT_LEN &&
	       branch_parse(span_of(branch.data, BRANCH_TEXT_LEN), key, &loop_part);
}

struct verdict proxy_transport_error(struct proxy *proxy, const struct balance_snapshot *snapshot,
				     struct span quoted, const struct endpoint *destination,
				     tick_t now, struct outbox *outbox)
{
	struct call call = { .proxy = proxy, .snapshot = snapshot, .now = now, .outbox = outbox,
			     .notes = outbox->notes };
	struct verdict verdict = verdict_of(VERDICT_DROP, REASON_ICMP_UNMATCHED);
	struct tombstone *tombstone;
	struct hash128 key;
	struct txn *txn = NULL;

	proxy_check_owner(proxy);
	proxy_bury(proxy);
	/* A response: its server transaction does not mind (RFC 6026 §7.1). */
	if (span_starts_with(quoted, SPAN("SIP/2.0 "))) {
		verdict = response_transport_error(&call, quoted, destination);
		verdict_count(&proxy->verdicts, verdict);
		return verdict;
	}
	if (quoted_branch(quoted, &key))
		txn = txn_find_client(proxy, key, &tombstone);
	/* Only an error about the request itself, not about our ACK or CANCEL to the same place,
	 * and only from the way that it took. */
	if (txn && txn->request && !span_starts_with(quoted, SPAN("ACK ")) &&
	    !span_starts_with(quoted, SPAN("CANCEL ")) &&
	    endpoint_equal(&held_of(txn->request)->destination, destination)) {
		verdict = verdict_of(VERDICT_ABSORB, REASON_ICMP_ERROR);
		client_transport_error(&call, txn);
		txn_settle(&call, txn);
	}
	verdict_count(&proxy->verdicts, verdict);
	return verdict;
}

/* ---- statistics */

void proxy_stats_read(const struct proxy *proxy, struct proxy_stats *stats)
{
	struct retain_stats retain;

	*stats = proxy->stats;
	retain_store_stats(proxy->retain, &retain);
	stats->txns = slot_pool_taken(&proxy->txns);
	stats->tombstones = slot_pool_taken(&proxy->tombstones);
	stats->txns_max = proxy->txns.capacity;
	stats->tombstones_max = proxy->tombstones.capacity;
	stats->timers = timer_wheel_count(proxy->wheel);
	if (proxy->dialogs) {
		stats->dialogs = dialog_table_count(proxy->dialogs);
		stats->dialogs_max = dialog_table_capacity(proxy->dialogs);
		stats->dialog_watches = dialog_table_watches(proxy->dialogs);
	}
	stats->marks = mark_set_count(proxy->marks);
	stats->names_waiting = proxy->names.waiting;
	stats->marks_overflow = mark_set_overflow(proxy->marks);
	/* Copies in the graveyard are on their way out. */
	stats->retained = retain.count - MIN(proxy->graveyard_count, retain.count);
	stats->retained_bytes = retain.bytes - MIN(proxy->graveyard_bytes, retain.bytes);
}

bool proxy_dialog_stats_read(const struct proxy *proxy, uint16_t service,
			     struct proxy_dialog_stats *stats)
{
	const size_t words = sizeof(*stats) / sizeof(uint64_t);
	const uint64_t *from = (const uint64_t *)(const void *)proxy->dialog_stats;
	uint64_t *to = (uint64_t *)(void *)stats;

	memset(stats, 0, sizeof(*stats));
	if (service != BALANCE_NONE && service >= PROXY_DIALOG_SERVICES_MAX)
		return false;
	for (uint32_t i = 0; i < PROXY_DIALOG_SERVICES_MAX; i++) {
		if (service != BALANCE_NONE && service != i)
			continue;
		for (size_t j = 0; j < words; j++)
			to[j] += __atomic_load_n(&from[i * words + j], __ATOMIC_RELAXED);
	}
	return true;
}

const struct verdict_counters *proxy_verdicts(const struct proxy *proxy)
{
	return &proxy->verdicts;
}

/* Open branches and their Max-Breadth add up. */
static const char *check_branches(const struct proxy *proxy, const struct txn *txn)
{
	uint32_t open = 0, breadth = txn->breadth_left;

	if (txn->flags & TXN_IS_BRANCH)
		return NULL;
	for (uint32_t i = txn->index, steps = 0; i != SLOT_NONE; steps++) {
		const struct txn *branch = slot_pool_at(&proxy->txns, i);
		if (steps > BALANCE_TRIED_MAX || (i != txn->index && branch->parent != txn->index))
			return "a branch that is not its transaction's";
		open += (branch->flags & TXN_IS_OPEN) != 0;
		breadth += branch->breadth;
		i = branch->branches;
	}
	if (open != txn->open)
		return "a transaction that miscounts its open branches";
	return breadth > MAX_BREADTH ? "more Max-Breadth than came in" : NULL;
}

const char *proxy_check(const struct proxy *proxy)
{
	const char *fault = timer_wheel_check(proxy->wheel);

	if (!fault)
		fault = txn_table_check(proxy->table);
	if (!fault && proxy->dialogs)
		fault = dialog_table_check(proxy->dialogs);
	if (!fault)
		fault = mark_set_check(proxy->marks);
	if (fault)
		return fault;
	uint32_t taken = slot_pool_taken(&proxy->txns) + slot_pool_taken(&proxy->tombstones) +
			 (proxy->dialogs ? dialog_table_count(proxy->dialogs) : 0);
	if (timer_wheel_count(proxy->wheel) != taken)
		return "a transaction, tombstone or dialog without its timer, or a timer without any";
	for (uint32_t i = 0; i < proxy->txns.capacity; i++) {
		if (!(slot_pool_generation(&proxy->txns, i) & 1))
			continue;
		const struct txn *txn = slot_pool_at(&proxy->txns, i);
		if (txn->index != i)
			return "a transaction that does not know its slot";
		bool waits = txn->open > ((txn->flags & TXN_IS_OPEN) != 0);
		if (txn->armed == TICK_NEVER && !waits)
			return "a live transaction that neither a timer nor a branch will end";
		const char *broken = check_branches(proxy, txn);
		if (broken)
			return broken;
	}
	fault = memory_check(proxy);
	if (!fault)
		fault = live_check(proxy);
	return fault ? fault : timers_check(proxy);
}
