/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Live transactions for people: a bounded walk over the slots, from where the last one ended.
 * Changes nothing.
 */
#include "proxy/timers.h"
#include "sip/fsm.h"

#define SLOTS_A_CALL 8192 /* looked at, most of them free */
#define TXNS_A_CALL  128  /* of them taken: each costs a few cache lines */

enum { MACHINE_INVITE_CLIENT, MACHINE_NON_INVITE_CLIENT, MACHINE_INVITE_SERVER,
       MACHINE_NON_INVITE_SERVER };

static const char *state_name(unsigned int machine, uint8_t state)
{
	return fsm_machines[machine].state_names[state];
}

static tick_t next_deadline(const struct txn *txn)
{
	tick_t first = TICK_NEVER;

	for (int i = 0; i < DEADLINES; i++)
		first = MIN(first, txn->deadlines[i]);
	return first;
}

/* A copy names the call; without one the answer kept does. */
static void put_call_id(const struct proxy *proxy, const struct txn *txn, struct proxy_txn_row *row)
{
	const struct txn *parent = txn_parent((struct proxy *)(uintptr_t)proxy,
					      (struct txn *)(uintptr_t)txn);
	struct retained *const copies[] = { txn->request, parent->request, txn->response,
					    parent->response, txn->ack };
	struct span call_id;

	for (size_t i = 0; i < ARRAY_SIZE(copies); i++) {
		if (!copies[i])
			continue;
		struct span message = held_message(copies[i]);
		if (!sip_message_peek_call_id(message.data, (uint32_t)message.len, &call_id))
			continue;
		row->call_id_len = (uint16_t)MIN(call_id.len, sizeof(row->call_id));
		memcpy(row->call_id, call_id.data, row->call_id_len);
		return;
	}
}

/* Methods without a name here stand in the copy. */
static void put_method(const struct txn *txn, struct proxy_txn_row *row)
{
	struct span method = sip_method_token((enum sip_method)txn->method);

	if (method.len == 0 && txn->request) {
		struct span message = held_message(txn->request);
		method = span_of(message.data, span_find(message, ' '));
	}
	row->method_len = (uint8_t)MIN(method.len, sizeof(row->method));
	if (row->method_len)
		memcpy(row->method, method.data, row->method_len);
}

static void row_fill(const struct proxy *proxy, const struct txn *txn, tick_t now,
		     struct proxy_txn_row *row)
{
	const bool is_invite = (txn->flags & TXN_IS_INVITE) != 0;
	const tick_t due = next_deadline(txn);

	*row = (struct proxy_txn_row){
		.slot = txn->index,
		.age_ms = (uint32_t)tick_to_ms(now) - txn->received_ms,
		.due_ms = due == TICK_NEVER ? UINT32_MAX :
			  due <= now	    ? 0 :
					      (uint32_t)tick_to_ms(due - now),
		.timers = txn->counted,
		.target_id = txn->target_id,
		.service = txn->service,
		.pool = txn->pool,
		.attempt = txn->attempt,
		.open = txn->open,
		.is_branch = (txn->flags & TXN_IS_BRANCH) != 0,
		.is_own = (txn->flags & TXN_IS_OWN) != 0,
		.is_in_dialog = (txn->flags & TXN_HAS_TO_TAG) != 0,
		.is_cancelled = (txn->flags & TXN_CANCELLED) != 0,
		.caller = txn->answer,
		.client_state = state_name(is_invite ? MACHINE_INVITE_CLIENT :
						       MACHINE_NON_INVITE_CLIENT,
					   txn->client_state),
	};
	if (!row->is_branch)
		row->server_state = state_name(is_invite ? MACHINE_INVITE_SERVER :
							   MACHINE_NON_INVITE_SERVER,
					       txn->server_state);
	put_method(txn, row);
	put_call_id(proxy, txn, row);
}

static bool is_state(const char *name, const char *wanted)
{
	return name && span_equal_nocase(span_of_string(name), span_of_string(wanted));
}

static bool filter_takes(const struct proxy_txn_filter *filter, const struct txn *txn,
			 const struct proxy_txn_row *row)
{
	if (filter->service != BALANCE_NONE && txn->service != filter->service)
		return false;
	if (filter->target_id && txn->target_id != filter->target_id)
		return false;
	if (row->age_ms < filter->older_ms)
		return false;
	if (filter->method[0] &&
	    !span_equal(span_of(row->method, row->method_len), span_of_string(filter->method)))
		return false;
	if (filter->call_id[0] && !span_equal(span_of(row->call_id, row->call_id_len),
					      span_of_string(filter->call_id)))
		return false;
	return !filter->state[0] || is_state(row->client_state, filter->state) ||
	       is_state(row->server_state, filter->state);
}

uint32_t proxy_txns_read(const struct proxy *proxy, const struct proxy_txn_filter *filter,
			 tick_t now, uint32_t *cursor, struct proxy_txn_row *rows, uint32_t max)
{
	const struct slot_pool *pool = &proxy->txns;
	uint32_t count = 0, taken = 0, at = *cursor;
	const uint32_t end = at < pool->capacity ?
				     at + MIN(pool->capacity - at, (uint32_t)SLOTS_A_CALL) :
				     at;

	for (; at < end && taken < TXNS_A_CALL && count < max; at++) {
		if (!(slot_pool_generation(pool, at) & 1))
			continue;
		const struct txn *txn = slot_pool_at(pool, at);
		taken++;
		row_fill(proxy, txn, now, &rows[count]);
		if (filter_takes(filter, txn, &rows[count]))
			count++;
	}
	*cursor = at >= pool->capacity ? UINT32_MAX : at;
	return count;
}
