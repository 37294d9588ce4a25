/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Probes: an OPTIONS of our own to a target (RFC 3261 §11), on the path that calls take, as a
 * non-INVITE client transaction (§17.1.2) that ends after a time of its own.  What comes of it is
 * told to control and touches nothing else: no load, no call memory, no dialog, no mark.
 *
 * Not here: which target is probed when, and what follows from the result.
 */
#include "proxy/own.h"
#include "proxy/timers.h"

/* RFC 3261 §11.1: what is asked for; a target that looks at it may answer with its session
 * description. */
#define ACCEPT "Accept: application/sdp\r\n"

void proxy_probe_call_id(const struct balance_snapshot *snapshot, uint64_t serial,
			 char text[PROXY_PROBE_CALL_ID_MAX])
{
	struct text_writer w = text_writer_of(text, PROXY_PROBE_CALL_ID_MAX - 1);
	struct hash_stream s;

	hash_stream_init(&s, &snapshot->tag_key);
	hash_stream_field(&s, SPAN("probe"));
	hash_stream_u64(&s, snapshot->instance);
	hash_stream_u64(&s, snapshot->epoch);
	hash_stream_u64(&s, serial);
	text_put(&w, SPAN("probe-"));
	text_put_hex(&w, hash_stream_final(&s).lo, 16);
	text_put(&w, SPAN("@tandem-"));
	text_put_u64(&w, snapshot->instance);
	*w.at = '\0';
}

/* Of the branch, and of the From tag. */
static struct hash128 probe_hash(const struct hash_key *key, struct span call_id)
{
	struct hash_stream s;

	hash_stream_init(&s, key);
	hash_stream_u64(&s, 'p');
	hash_stream_field(&s, call_id);
	return hash_stream_final(&s);
}

static struct outcome *tell(struct call *call, uint64_t target_id, uint32_t number)
{
	struct outbox *outbox = call->outbox;

	if (outbox->outcome_count == OUTBOX_OUTCOMES_MAX)
		return NULL;
	struct outcome *outcome = &outbox->outcomes[outbox->outcome_count++];
	*outcome = (struct outcome){
		.target_id = target_id,
		.retry_after_s = OUTCOME_NO_RETRY_AFTER,
		.probe = number,
		.kind = OUTCOME_PROBE,
	};
	return outcome;
}

static struct txn *probe_start(struct call *call, const struct proxy_probe *probe, uint16_t index)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	const struct balance_target *target = &snapshot->targets[index];
	const struct span call_id = span_of_string(probe->call_id);
	struct route route = { .kind = ROUTE_TARGET, .service = BALANCE_NONE, .pool = target->pool };
	struct endpoint source;
	char from[128], to[sizeof(target->uri) + 2];
	struct text_writer f = text_writer_of(from, sizeof(from)), t = text_writer_of(to, sizeof(to));

	/* The last slots and copies are for calls that stand. */
	if (proxy_memory_refusal(call->proxy, false) != VERDICT_REASON_NONE ||
	    !route_use_target(snapshot, index, &route) ||
	    !balance_own_endpoint(snapshot, route.egress, route.next_hop.address.family, &source))
		return NULL;
	text_put(&f, SPAN("<sip:tandem@"));
	endpoint_put(&f, &source);
	text_put(&f, SPAN(">;tag="));
	text_put_hex(&f, probe_hash(&snapshot->tag_key, call_id).lo, TAG_TEXT_LEN);
	text_put_char(&t, '<');
	text_put(&t, span_of_string(target->uri));
	text_put_char(&t, '>');
	const struct own_request own = {
		.method = SIP_METHOD_OPTIONS,
		.request_uri = span_of_string(target->uri),
		.rows = SPAN(ACCEPT),
		.from = text_written(&f),
		.to = text_written(&t),
		.call_id = call_id,
		.cseq = 1,
		.key = probe_hash(&snapshot->branch_key, call_id),
		.service = BALANCE_NONE,
		.pool = target->pool,
		.route = &route,
		.is_probe = true,
	};
	return own_start(call, &own);
}

void proxy_probe(struct proxy *proxy, const struct balance_snapshot *snapshot,
		 const struct proxy_probe *probe, tick_t now, struct outbox *outbox)
{
	struct call call = { .proxy = proxy, .snapshot = snapshot, .now = now, .outbox = outbox };
	uint16_t index = balance_target_by_id(snapshot, probe->target_id, probe->target);

	proxy_check_owner(proxy);
	proxy_bury(proxy);
	struct txn *txn = index == BALANCE_NONE ? NULL : probe_start(&call, probe, index);
	if (!txn) {
		struct outcome *outcome = tell(&call, probe->target_id, probe->number);
		if (outcome)
			outcome->flags = OUTCOME_WAS_NOT_SENT;
		proxy->stats.probes_not_sent++;
		return;
	}
	txn->target_id = probe->target_id;
	txn->probe = probe->number;
	txn_deadline_in(&call, txn, DEADLINE_CLIENT_END, probe->timeout_ms);
	proxy->stats.probes++;
	txn_settle(&call, txn);
}

struct verdict probe_response(struct call *call, struct txn *txn, const struct sip_message *msg)
{
	struct proxy_stats *stats = &call->proxy->stats;
	const struct verdict absorbed = verdict_of(VERDICT_ABSORB, REASON_OWN_RESPONSE);

	if (!(txn->flags & TXN_IS_OPEN))
		return absorbed;
	if (!response_is_from_target(call, txn)) {
		stats->probe_strangers++;
		return absorbed;
	}
	(void)own_response(call, txn, msg);
	if (msg->status < 200)
		return absorbed;
	stats->probes_answered++;
	struct outcome *outcome = tell(call, txn->target_id, txn->probe);
	if (outcome) {
		outcome->value = msg->status;
		outcome->delay_us = call_delay_us(call, txn);
		outcome->retry_after_s = response_retry_after(msg);
	}
	return absorbed;
}

void probe_failed(struct call *call, struct txn *txn, enum failover_cause cause, bool was_answered)
{
	struct proxy_stats *stats = &call->proxy->stats;
	struct outcome *outcome = tell(call, txn->target_id, txn->probe);
	bool is_error = cause == FAILOVER_TRANSPORT_ERROR;

	if (outcome)
		outcome->flags = (uint8_t)((is_error ? OUTCOME_WAS_UNREACHABLE : 0) |
					   (was_answered ? OUTCOME_WAS_ANSWERED : 0));
	if (is_error)
		stats->probes_unreachable++;
	else
		stats->probes_timed_out++;
	context_branch_ended(txn, txn);
	txn_deadline_clear(txn, DEADLINE_CLIENT_RETRANSMIT);
	/* Whoever is slow may answer on, for as long as a request may take: absorbed (§17.1.2.2). */
	txn->client_state = NON_INVITE_CLIENT_COMPLETED;
	txn_deadline_in(call, txn, DEADLINE_CLIENT_END, timers_of_client(call, txn)->timer_f_ms);
}
