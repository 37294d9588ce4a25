/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slots, deadlines, copies and tombstones of transactions.
 *
 * A transaction has several deadlines but one timer in the wheel, armed for the earliest.  When
 * the earliest moves later the timer stays: it fires early, finds nothing due and is armed again.
 * So a call costs a few wheel operations instead of one for each of its dozen timer changes.
 */
#include "proxy/timers.h"

struct txn *txn_create(struct proxy *proxy)
{
	uint32_t index = slot_pool_take(&proxy->txns);

	if (index == SLOT_NONE)
		return NULL;
	struct txn *txn = slot_pool_at(&proxy->txns, index);
	memset(txn, 0, sizeof(*txn));
	txn->index = index;
	txn->armed = TICK_NEVER;
	for (int i = 0; i < DEADLINES; i++)
		txn->deadlines[i] = TICK_NEVER;
	txn->parent = SLOT_NONE;
	txn->branches = SLOT_NONE;
	proxy->stats.txns_created++;
	return txn;
}

struct txn *txn_add_branch(struct proxy *proxy, struct txn *txn)
{
	struct txn *branch = txn_create(proxy);

	if (!branch)
		return NULL;
	branch->flags = TXN_IS_BRANCH |
			(txn->flags & (TXN_IS_INVITE | TXN_IS_BALANCED | TXN_HAS_OFFER));
	branch->server_state = txn->flags & TXN_IS_INVITE ?
				       (uint8_t)INVITE_SERVER_TERMINATED :
				       (uint8_t)NON_INVITE_SERVER_TERMINATED;
	branch->method = txn->method;
	branch->service = txn->service;
	branch->pool = txn->pool;
	branch->ingress = txn->ingress;
	branch->answer = txn->answer;
	branch->local = txn->local;
	branch->call_hash = txn->call_hash;
	branch->call_key = txn->call_key;
	branch->server_timers = txn->server_timers;
	branch->client_timers = txn->client_timers;
	branch->loop_part = txn->loop_part;
	branch->received_ms = txn->received_ms;
	branch->parent = txn->index;
	branch->branches = txn->branches;
	txn->branches = branch->index;
	return branch;
}

void txn_release(struct proxy *proxy, struct retained **slot)
{
	struct retained *copy = *slot;

	if (!copy)
		return;
	*slot = NULL;
	struct proxy_owed_stats *owed = &proxy->owed[held_of(copy)->kind];
	owed->count--;
	owed->bytes -= copy->len;
	if (proxy->graveyard_count == GRAVEYARD_MAX) {
		retain_release(proxy->retain, copy);
		return;
	}
	proxy->graveyard[proxy->graveyard_count++] = copy;
	proxy->graveyard_bytes += copy->len;
}

void proxy_bury(struct proxy *proxy)
{
	enum stage before;

	if (proxy->graveyard_count == 0)
		return;
	before = proxy_enter(proxy, STAGE_RETAIN);
	while (proxy->graveyard_count)
		retain_release(proxy->retain, proxy->graveyard[--proxy->graveyard_count]);
	proxy->graveyard_bytes = 0;
	(void)proxy_enter(proxy, before);
}

struct retained *txn_reserve(struct proxy *proxy, enum proxy_owed kind, uint32_t len)
{
	struct retained *copy = retain_reserve(proxy->retain, (uint32_t)sizeof(struct held) + len);

	if (!copy)
		return NULL;
	*held_of(copy) = (struct held){ .kind = (uint8_t)kind };
	proxy->owed[kind].count++;
	proxy->owed[kind].bytes += copy->len;
	return copy;
}

bool txn_hold(struct call *call, struct retained **slot, enum proxy_owed kind, struct span message,
	      uint8_t interface, const struct endpoint *source, const struct endpoint *destination)
{
	enum stage before = call_enter(call, STAGE_RETAIN);
	struct retained *copy = txn_reserve(call->proxy, kind, (uint32_t)message.len);

	txn_release(call->proxy, slot);
	if (copy) {
		struct held *held = held_of(copy);
		held->interface = interface;
		held->source = *source;
		held->destination = *destination;
		memcpy(held->message, message.data, message.len);
		*slot = copy;
	}
	(void)call_enter(call, before);
	return copy != NULL;
}

static void forget_keys(struct proxy *proxy, struct txn *txn)
{
	txn_table_remove(proxy->table, txn->server_key, txn->index);
	txn_table_remove(proxy->table, txn->client_key, txn->index);
}

static void unlink_branch(struct proxy *proxy, struct txn *branch)
{
	uint32_t *link = &txn_parent(proxy, branch)->branches;

	while (*link != branch->index)
		link = &((struct txn *)slot_pool_at(&proxy->txns, *link))->branches;
	*link = branch->branches;
}

/* The transaction goes, a branch that found no tombstone stays: from here on it is one of its own,
 * that knows how long a 2xx may still go upstream. */
static void let_branches_go(struct proxy *proxy, struct txn *txn)
{
	struct txn *next;

	for (struct txn *branch = txn_branch_next(proxy, txn); branch; branch = next) {
		next = txn_branch_next(proxy, branch);
		branch->flags &= (uint16_t)~TXN_IS_BRANCH;
		branch->branches = branch->parent = SLOT_NONE;
		branch->winner = txn->winner;
		if ((txn->flags & TXN_IS_INVITE) && txn->server_state == INVITE_SERVER_ACCEPTED) {
			branch->server_state = txn->server_state;
			branch->deadlines[DEADLINE_SERVER_END] =
				txn->deadlines[DEADLINE_SERVER_END];
			timers_count(proxy, branch);
		}
	}
	txn->branches = SLOT_NONE;
}

static void free_slot(struct proxy *proxy, struct txn *txn)
{
	if (txn->flags & TXN_IS_BRANCH)
		unlink_branch(proxy, txn);
	else
		let_branches_go(proxy, txn);
	timer_wheel_cancel(proxy->wheel, txn->timer);
	timers_uncount(proxy, txn);
	client_forget_target(txn);
	txn_release(proxy, &txn->request);
	txn_release(proxy, &txn->response);
	txn_release(proxy, &txn->ack);
	txn_release(proxy, &txn->cancel);
	txn_release(proxy, &txn->best);
	txn_release(proxy, &txn->challenges);
	slot_pool_give(&proxy->txns, txn->index);
}

void txn_destroy(struct proxy *proxy, struct txn *txn)
{
	forget_keys(proxy, txn);
	free_slot(proxy, txn);
}

void txn_deadline_in(struct call *call, struct txn *txn, enum txn_deadline which, uint64_t ms)
{
	txn->deadlines[which] = tick_add(call->now, TICK_MS(ms));
}

void txn_deadline_clear(struct txn *txn, enum txn_deadline which)
{
	txn->deadlines[which] = TICK_NEVER;
}

static bool is_terminated(const struct txn *txn)
{
	if (txn->flags & TXN_IS_INVITE)
		return txn->client_state == INVITE_CLIENT_TERMINATED &&
		       txn->server_state == INVITE_SERVER_TERMINATED;
	return txn->client_state == NON_INVITE_CLIENT_TERMINATED &&
	       txn->server_state == NON_INVITE_SERVER_TERMINATED;
}

/* Nothing is owed any more but absorbing, and repeating at most one message. */
static bool may_shrink(const struct txn *txn)
{
	/* A leg that is ended repeats its ACK although its BYE is done. */
	if (txn->cancel || ((txn->flags & TXN_IS_OWN) && !(txn->flags & TXN_IS_PROBE)))
		return false;
	if (txn->flags & TXN_IS_INVITE)
		return (txn->server_state == INVITE_SERVER_ACCEPTED ||
			txn->server_state == INVITE_SERVER_CONFIRMED ||
			txn->server_state == INVITE_SERVER_TERMINATED) &&
		       (txn->client_state == INVITE_CLIENT_ACCEPTED ||
			txn->client_state == INVITE_CLIENT_COMPLETED ||
			txn->client_state == INVITE_CLIENT_TERMINATED);
	return (txn->server_state == NON_INVITE_SERVER_COMPLETED ||
		txn->server_state == NON_INVITE_SERVER_TERMINATED) &&
	       (txn->client_state == NON_INVITE_CLIENT_COMPLETED ||
		txn->client_state == NON_INVITE_CLIENT_TERMINATED);
}

static uint8_t local_address_index(const struct balance_snapshot *snapshot, const struct txn *txn)
{
	const struct balance_interface *interface = &snapshot->interfaces[txn->ingress];

	for (uint8_t i = 0; i < interface->address_count; i++)
		if (ip_address_equal(&interface->addresses[i].address, &txn->local.address))
			return i;
	return 0;
}

static uint32_t deadline_ms(tick_t deadline)
{
	/* Rounded up, never early. */
	return deadline == TICK_NEVER ? 0 : (uint32_t)((deadline + 999) / 1000);
}

static tick_t earliest(const struct txn *txn)
{
	tick_t first = txn->deadlines[0];

	for (int i = 1; i < DEADLINES; i++)
		first = MIN(first, txn->deadlines[i]);
	return first;
}

/* In a branch's tombstone a server side stands only where a 2xx may still go upstream.  Returns
 * when it ends. */
static tick_t tomb_server_side(const struct txn *parent, const struct txn *txn,
			       struct tombstone *t)
{
	if (txn->flags & TXN_IS_BRANCH) {
		if (!(txn->flags & TXN_IS_INVITE) ||
		    txn->client_state != INVITE_CLIENT_ACCEPTED ||
		    parent->server_state != INVITE_SERVER_ACCEPTED)
			return TICK_NEVER;
	} else {
		t->server_key = parent->server_key;
	}
	t->server_state = parent->server_state;
	t->server_end_ms = deadline_ms(parent->deadlines[DEADLINE_SERVER_END]);
	t->winner = parent->winner;
	t->legs = parent->legs;
	return parent->deadlines[DEADLINE_SERVER_END];
}

/* False: the transaction stays as it is, since no slot is left or its time has come anyway. */
static bool shrink(struct call *call, struct txn *txn)
{
	struct proxy *proxy = call->proxy;
	const struct txn *parent = txn_parent(proxy, txn);
	bool is_invite = (txn->flags & TXN_IS_INVITE) != 0;
	struct tombstone small = {
		.client_key = txn->client_key,
		.client_end_ms = deadline_ms(txn->deadlines[DEADLINE_CLIENT_END]),
		.service = txn->service,
		.target = txn->target,
		.server_state = is_invite ? (uint8_t)INVITE_SERVER_TERMINATED :
					    (uint8_t)NON_INVITE_SERVER_TERMINATED,
		.client_state = txn->client_state,
		.method = txn->method,
		.is_invite = is_invite,
		.has_offer = (txn->flags & TXN_HAS_OFFER) != 0,
		.has_to_tag = (txn->flags & TXN_HAS_TO_TAG) != 0,
		.is_own = (txn->flags & TXN_IS_OWN) != 0,
		.local_address = local_address_index(call->snapshot, txn),
	};
	tick_t end = MIN(tomb_server_side(parent, txn, &small),
			 txn->deadlines[DEADLINE_CLIENT_END]);
	uint32_t index = end > call->now ? slot_pool_take(&proxy->tombstones) : SLOT_NONE;
	if (index == SLOT_NONE)
		return false;
	struct tombstone *tombstone = slot_pool_at(&proxy->tombstones, index);
	*tombstone = small;
	(void)timer_wheel_cancel(proxy->wheel, txn->timer);
	txn->timer = TIMER_NONE;
	(void)timer_wheel_arm(proxy->wheel, end,
			      (uint64_t)slot_pool_generation(&proxy->tombstones, index) << 32 |
				      TOMBSTONE_BIT | index);
	struct retained **owed = is_invite ? &txn->ack : &txn->response;
	tombstone->copy = *owed;
	*owed = NULL;
	timers_count_tombstone(proxy, tombstone);
	txn_table_update(proxy->table, txn->server_key, txn->index, TOMBSTONE_BIT | index);
	txn_table_update(proxy->table, txn->client_key, txn->index, TOMBSTONE_BIT | index);
	free_slot(proxy, txn);
	return true;
}

/* The copy of the request serves the client side until it has its final response (and the ACK to
 * it), and the server side as the stuff of which next attempts and own responses are made. */
static void drop_request(struct proxy *proxy, struct txn *txn)
{
	bool is_invite = (txn->flags & TXN_IS_INVITE) != 0;

	if (!txn->request || (txn->flags & TXN_IS_OPEN))
		return;
	if (!(txn->flags & TXN_IS_BRANCH) && txn_is_undecided(txn))
		return;
	/* An ACK for which there was no memory is made anew when it is asked for. */
	if (is_invite && txn->client_state == INVITE_CLIENT_COMPLETED && !txn->ack)
		return;
	txn_release(proxy, &txn->request);
}

static void settle_one(struct call *call, struct txn *txn)
{
	struct proxy *proxy = call->proxy;

	drop_request(proxy, txn);
	if (txn->open == 0 && is_terminated(txn)) {
		txn_destroy(proxy, txn);
		return;
	}
	if (txn->open == 0 && may_shrink(txn) && shrink(call, txn))
		return;
	timers_count(proxy, txn);
	tick_t first = earliest(txn);
	if (first >= txn->armed && txn->timer != TIMER_NONE)
		return;
	/* One that waits for its branches alone is armed for never. */
	timer_wheel_cancel(proxy->wheel, txn->timer);
	txn->timer = timer_wheel_arm(proxy->wheel, first,
				     (uint64_t)slot_pool_generation(&proxy->txns, txn->index) << 32 |
					     txn->index);
	txn->armed = first;
}

void txn_settle(struct call *call, struct txn *txn)
{
	struct proxy *proxy = call->proxy;
	struct txn *parent = txn_parent(proxy, txn), *next;

	for (struct txn *branch = txn_branch_next(proxy, parent); branch; branch = next) {
		next = txn_branch_next(proxy, branch);
		settle_one(call, branch);
	}
	settle_one(call, parent);
}

struct txn *txn_find_client(struct proxy *proxy, struct hash128 key, struct tombstone **tombstone)
{
	uint32_t cursor = 0, value;

	*tombstone = NULL;
	while ((value = txn_table_find(proxy->table, key, &cursor)) != TXN_TABLE_NONE) {
		if (value & TOMBSTONE_BIT) {
			struct tombstone *t =
				slot_pool_at(&proxy->tombstones, value & ~TOMBSTONE_BIT);
			if (hash128_equal(t->client_key, key)) {
				*tombstone = t;
				return NULL;
			}
		} else {
			struct txn *txn = slot_pool_at(&proxy->txns, value);
			if (hash128_equal(txn->client_key, key))
				return txn;
		}
	}
	return NULL;
}

struct txn *txn_find_server(struct proxy *proxy, struct hash128 key, uint8_t method,
			    struct tombstone **tombstone)
{
	uint32_t cursor = 0, value;

	*tombstone = NULL;
	while ((value = txn_table_find(proxy->table, key, &cursor)) != TXN_TABLE_NONE) {
		if (value & TOMBSTONE_BIT) {
			struct tombstone *t =
				slot_pool_at(&proxy->tombstones, value & ~TOMBSTONE_BIT);
			if (hash128_equal(t->server_key, key) && t->method == method) {
				*tombstone = t;
				return NULL;
			}
		} else {
			struct txn *txn = slot_pool_at(&proxy->txns, value);
			if (hash128_equal(txn->server_key, key) && txn->method == method)
				return txn;
		}
	}
	return NULL;
}

static bool is_due(uint32_t end_ms, uint32_t now_ms)
{
	return (int32_t)(now_ms - end_ms) >= 0;
}

/* Which timer a tombstone's side waits for is told by its state; both ends lead to Terminated. */
void tombstone_expire(struct call *call, uint32_t index)
{
	struct proxy *proxy = call->proxy;
	struct tombstone *t = slot_pool_at(&proxy->tombstones, index);
	uint32_t now_ms = (uint32_t)tick_to_ms(call->now);
	const uint8_t server_terminated =
		t->is_invite ? INVITE_SERVER_TERMINATED : NON_INVITE_SERVER_TERMINATED;
	const uint8_t client_terminated =
		t->is_invite ? INVITE_CLIENT_TERMINATED : NON_INVITE_CLIENT_TERMINATED;

	timers_uncount_tombstone(proxy, t);
	if (t->server_state != server_terminated && is_due(t->server_end_ms, now_ms))
		t->server_state = server_terminated;
	if (t->client_state != client_terminated && is_due(t->client_end_ms, now_ms))
		t->client_state = client_terminated;
	timers_count_tombstone(proxy, t);
	if (t->server_state == server_terminated && t->client_state == client_terminated) {
		txn_table_remove(proxy->table, t->server_key, TOMBSTONE_BIT | index);
		txn_table_remove(proxy->table, t->client_key, TOMBSTONE_BIT | index);
		txn_release(proxy, &t->copy);
		slot_pool_give(&proxy->tombstones, index);
		return;
	}
	uint32_t wait_ms = UINT32_MAX;
	if (t->server_state != server_terminated)
		wait_ms = t->server_end_ms - now_ms;
	if (t->client_state != client_terminated)
		wait_ms = MIN(wait_ms, t->client_end_ms - now_ms);
	tick_t floor_now = TICK_MS(tick_to_ms(call->now));
	(void)timer_wheel_arm(proxy->wheel, tick_add(floor_now, TICK_MS(wait_ms)),
			      (uint64_t)slot_pool_generation(&proxy->tombstones, index) << 32 |
				      TOMBSTONE_BIT | index);
}
