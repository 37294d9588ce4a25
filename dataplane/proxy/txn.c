/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Slots, deadlines, copies and tombstones of transactions.
 *
 * A transaction has several deadlines but one timer in the wheel, armed for the earliest.  When
 * the earliest moves later the timer stays: it fires early, finds nothing due and is armed again.
 * So a call costs a few wheel operations instead of one for each of its dozen timer changes.
 */
#include "proxy/engine.h"

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
	proxy->stats.txns_created++;
	return txn;
}

void txn_release(struct proxy *proxy, struct retained **slot)
{
	struct retained *copy = *slot;

	if (!copy)
		return;
	*slot = NULL;
	if (proxy->graveyard_count == GRAVEYARD_MAX) {
		retain_release(proxy->retain, copy);
		return;
	}
	proxy->graveyard[proxy->graveyard_count++] = copy;
	proxy->graveyard_bytes += copy->len;
}

void proxy_bury(struct proxy *proxy)
{
	while (proxy->graveyard_count)
		retain_release(proxy->retain, proxy->graveyard[--proxy->graveyard_count]);
	proxy->graveyard_bytes = 0;
}

bool txn_hold(struct call *call, struct retained **slot, struct span message, uint8_t interface,
	      const struct endpoint *source, const struct endpoint *destination)
{
	struct retained *copy = retain_reserve(call->proxy->retain,
					       (uint32_t)(sizeof(struct held) + message.len));

	txn_release(call->proxy, slot);
	if (!copy)
		return false;
	struct held *held = held_of(copy);
	held->interface = interface;
	memset(held->reserved, 0, sizeof(held->reserved));
	held->source = *source;
	held->destination = *destination;
	memcpy(held->message, message.data, message.len);
	*slot = copy;
	return true;
}

static void forget_keys(struct proxy *proxy, struct txn *txn)
{
	txn_table_remove(proxy->table, txn->server_key, txn->index);
	txn_table_remove(proxy->table, txn->client_key, txn->index);
}

static void free_slot(struct proxy *proxy, struct txn *txn)
{
	timer_wheel_cancel(proxy->wheel, txn->timer);
	client_forget_target(txn);
	txn_release(proxy, &txn->request);
	txn_release(proxy, &txn->response);
	txn_release(proxy, &txn->ack);
	txn_release(proxy, &txn->cancel);
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
	if (txn->cancel)
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

/* False: no slot left, the transaction stays as it is. */
static bool shrink(struct call *call, struct txn *txn)
{
	struct proxy *proxy = call->proxy;
	uint32_t index = slot_pool_take(&proxy->tombstones);

	if (index == SLOT_NONE)
		return false;
	uint32_t generation = slot_pool_generation(&proxy->tombstones, index);
	tick_t end = earliest(txn);
	timer_wheel_cancel(proxy->wheel, txn->timer);
	timer_handle_t timer = timer_wheel_arm(proxy->wheel, end,
					       (uint64_t)generation << 32 | TOMBSTONE_BIT | index);
	txn->timer = TIMER_NONE;
	struct tombstone *tombstone = slot_pool_at(&proxy->tombstones, index);
	*tombstone = (struct tombstone){
		.server_key = txn->server_key,
		.client_key = txn->client_key,
		.timer = timer,
		.server_end_ms = deadline_ms(txn->deadlines[DEADLINE_SERVER_END]),
		.client_end_ms = deadline_ms(txn->deadlines[DEADLINE_CLIENT_END]),
		.service = txn->service,
		.server_state = txn->server_state,
		.client_state = txn->client_state,
		.method = txn->method,
		.is_invite = (txn->flags & TXN_IS_INVITE) != 0,
		.local_address = local_address_index(call->snapshot, txn),
	};
	struct retained **owed = tombstone->is_invite ? &txn->ack : &txn->response;
	tombstone->copy = *owed;
	*owed = NULL;
	txn_table_update(proxy->table, txn->server_key, txn->index, TOMBSTONE_BIT | index);
	txn_table_update(proxy->table, txn->client_key, txn->index, TOMBSTONE_BIT | index);
	free_slot(proxy, txn);
	return true;
}

void txn_leave_attempt(struct call *call, struct txn *txn)
{
	struct proxy *proxy = call->proxy;
	uint32_t index = SLOT_NONE;

	if ((txn->flags & TXN_IS_INVITE) && txn->client_state == INVITE_CLIENT_COMPLETED && txn->ack)
		index = slot_pool_take(&proxy->tombstones);
	if (index == SLOT_NONE) {
		txn_table_remove(proxy->table, txn->client_key, txn->index);
		txn_release(proxy, &txn->ack);
		return;
	}
	tick_t end = txn->deadlines[DEADLINE_CLIENT_END];
	struct tombstone *tombstone = slot_pool_at(&proxy->tombstones, index);
	*tombstone = (struct tombstone){
		.client_key = txn->client_key,
		.copy = txn->ack,
		.timer = timer_wheel_arm(
			proxy->wheel, end,
			(uint64_t)slot_pool_generation(&proxy->tombstones, index) << 32 |
				TOMBSTONE_BIT | index),
		.client_end_ms = deadline_ms(end),
		.service = txn->service,
		.server_state = INVITE_SERVER_TERMINATED,
		.client_state = INVITE_CLIENT_COMPLETED,
		.method = SIP_METHOD_INVITE,
		.is_invite = true,
	};
	txn->ack = NULL;
	txn_table_update(proxy->table, txn->client_key, txn->index, TOMBSTONE_BIT | index);
}

void txn_settle(struct call *call, struct txn *txn)
{
	struct proxy *proxy = call->proxy;

	if (is_terminated(txn)) {
		txn_destroy(proxy, txn);
		return;
	}
	if (may_shrink(txn) && shrink(call, txn))
		return;
	tick_t first = earliest(txn);
	if (first >= txn->armed)
		return;
	timer_wheel_cancel(proxy->wheel, txn->timer);
	txn->timer = timer_wheel_arm(proxy->wheel, first,
				     (uint64_t)slot_pool_generation(&proxy->txns, txn->index) << 32 |
					     txn->index);
	txn->armed = first;
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

	if (t->server_state != server_terminated && is_due(t->server_end_ms, now_ms))
		t->server_state = server_terminated;
	if (t->client_state != client_terminated && is_due(t->client_end_ms, now_ms))
		t->client_state = client_terminated;
	t->timer = TIMER_NONE;
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
	t->timer = timer_wheel_arm(
		proxy->wheel, tick_add(floor_now, TICK_MS(wait_ms)),
		(uint64_t)slot_pool_generation(&proxy->tombstones, index) << 32 | TOMBSTONE_BIT |
			index);
}
