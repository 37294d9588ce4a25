/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dialogs that INVITEs of services with Record-Route begin: the order of CSeq numbers in each
 * direction (RFC 3261 §12.2.2), and the ACK that a 2xx must get within 64*T1 (§13.3.1.4).
 *
 * Nothing is routed by it: a dialog that is not known, because the table was full or the process
 * has just started, goes on along its signed route, unchecked.  Dialogs of SUBSCRIBE and REFER
 * alone are not kept.  The live calls of targets are those of the dialogs (live.c).
 */
#include "balance/timers.h"
#include "proxy/dialog.h"

#define SESSION_SECONDS_MIN UINT64_C(90) /* RFC 4028 §4 */

static_assert(PROXY_DIALOG_SERVICES_MAX - 1 <= UINT8_MAX, "a dialog's service is an octet");

/* What two messages of one dialog have in common, and who sent the request. */
struct dialog_name {
	struct hash128 key;
	bool from_is_low;
};

static uint64_t tag_hash(const struct balance_snapshot *snapshot, struct span tag)
{
	struct hash_stream s;

	hash_stream_init(&s, &snapshot->branch_key);
	hash_stream_field(&s, SPAN("tag"));
	hash_stream_field_lower(&s, tag);
	return hash_stream_final(&s).lo;
}

/* Tags compare without case (§7.3.1), the Call-ID with it (§20.8); in order of their hashes the
 * tags give the same key from both sides.  False: they do not tell the sides apart. */
static bool name_of(const struct balance_snapshot *snapshot, const struct sip_message *msg,
		    uint16_t service, struct dialog_name *name)
{
	struct hash_stream s;

	if (!msg->from_tag.len || !msg->to_tag.len)
		return false;
	uint64_t from = tag_hash(snapshot, sip_slice_span(msg, msg->from_tag));
	uint64_t to = tag_hash(snapshot, sip_slice_span(msg, msg->to_tag));
	if (from == to)
		return false;
	hash_stream_init(&s, &snapshot->branch_key);
	hash_stream_field(&s, SPAN("dialog"));
	hash_stream_u64(&s, service);
	hash_stream_field(&s, sip_slice_span(msg, msg->call_id));
	hash_stream_u64(&s, MIN(from, to));
	hash_stream_u64(&s, MAX(from, to));
	name->key = hash_stream_final(&s);
	name->from_is_low = from < to;
	return true;
}

/* The service when its dialogs are kept, else NULL. */
static const struct balance_service *keeping_service(const struct call *call, uint16_t service)
{
	if (!call->proxy->dialogs || service >= call->snapshot->service_count ||
	    service >= PROXY_DIALOG_SERVICES_MAX)
		return NULL;
	const struct balance_service *at = &call->snapshot->services[service];
	return at->record_route && at->mode == MODE_STATEFUL ? at : NULL;
}

static enum dialog_side side_of(const struct dialog *dialog, const struct dialog_name *name)
{
	bool caller_is_low = dialog->flags & DIALOG_CALLER_IS_LOW;

	return name->from_is_low == caller_is_low ? DIALOG_CALLER : DIALOG_CALLEE;
}

static enum dialog_side inviter_of(const struct dialog *dialog)
{
	return dialog->flags & DIALOG_INVITE_BY_CALLEE ? DIALOG_CALLEE : DIALOG_CALLER;
}

static struct proxy_dialog_stats *stats_of(const struct call *call, uint16_t service)
{
	return &call->proxy->dialog_stats[service];
}

static void count(uint64_t *word, int64_t by)
{
	__atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) + (uint64_t)by,
			 __ATOMIC_RELAXED);
}

/* 64*T1 of the side where it is longer: how long a 2xx may be repeated, and an ACK be waited for. */
static uint32_t end_ms(const struct call *call, uint16_t service)
{
	const struct balance_snapshot *snapshot = call->snapshot;
	uint16_t pool = snapshot->services[service].pool;
	const struct balance_timers *server =
		balance_timers_at(snapshot, balance_server_timers(snapshot, service));
	const struct balance_timers *client =
		balance_timers_at(snapshot, balance_client_timers(snapshot, service, pool));

	return 64 * MAX(server->t1_ms, client->t1_ms);
}

/* ---- watches */

static void copy_keep(struct call *call, const struct dialog *dialog, struct dialog_watch *watch,
		      struct retained *copy)
{
	struct proxy_dialog_stats *stats = stats_of(call, dialog->service);

	if (!copy) {
		count(&stats->bye_copies_refused, 1);
		return;
	}
	watch->copy = copy;
	count(&stats->bye_copies, 1);
	count(&stats->bye_copy_octets, copy->len);
}

/* What is kept for the BYEs is of no more use. */
static void watch_end(struct proxy *proxy, struct dialog *dialog)
{
	struct dialog_watch *watch = dialog_table_watch(proxy->dialogs, dialog);
	struct proxy_dialog_stats *stats = &proxy->dialog_stats[dialog->service];

	if (watch && watch->copy) {
		count(&stats->bye_copies, -1);
		count(&stats->bye_copy_octets, -(int64_t)watch->copy->len);
		/* No outbox points to it: what is sent of it is composed anew. */
		retain_release(proxy->retain, watch->copy);
	}
	dialog_table_stop_watch(proxy->dialogs, dialog);
}

/* ---- events */

static void text_copy(char *to, size_t size, struct span text)
{
	size_t len = MIN(text.len, size - 1);

	memcpy(to, text.data, len);
	to[len] = '\0';
}

static struct engine_event *event_add(struct call *call, enum engine_event_kind kind,
				      uint16_t service, enum dialog_side side)
{
	struct outbox *outbox = call->outbox;

	if (outbox->event_count == OUTBOX_EVENTS_MAX) {
		call->proxy->stats.events_dropped++;
		return NULL;
	}
	struct engine_event *event = &outbox->events[outbox->event_count++];
	*event = (struct engine_event){
		.kind = (uint8_t)kind,
		.service = service,
		.side = (uint8_t)side,
	};
	return event;
}

/* ---- requests */

enum verdict_reason dialog_check(struct call *call, const struct sip_message *msg,
				 const struct route *route, struct dialog_pass *pass)
{
	struct dialog_name name;

	pass->dialog = NULL;
	if (!msg->to_tag.len)
		return VERDICT_REASON_NONE;
	const struct balance_service *service = keeping_service(call, route->service);
	/* A BYE is looked up always: it ends what is kept.  BYEs of our own need the last numbers. */
	if (!service ||
	    (service->cseq_check == CSEQ_CHECK_OFF && !service->bye_unacknowledged &&
	     msg->method != SIP_METHOD_BYE) ||
	    !name_of(call->snapshot, msg, route->service, &name))
		return VERDICT_REASON_NONE;
	struct dialog *dialog = dialog_table_find(call->proxy->dialogs, name.key);
	if (!dialog)
		return VERDICT_REASON_NONE;
	enum dialog_side side = side_of(dialog, &name);
	*pass = (struct dialog_pass){ .dialog = dialog, .side = side };
	/* PRACK may follow an INVITE that another request has overtaken (RFC 3262 §4). */
	if (service->cseq_check == CSEQ_CHECK_OFF || msg->method == SIP_METHOD_PRACK ||
	    dialog_number_is_in_order(dialog, side, msg->cseq, end_ms(call, route->service),
				      call->now))
		return VERDICT_REASON_NONE;
	struct proxy_dialog_stats *stats = stats_of(call, route->service);
	count(side == DIALOG_CALLER ? &stats->out_of_order_caller : &stats->out_of_order_callee, 1);
	bool refuses = service->cseq_check == CSEQ_CHECK_ENFORCE;
	struct engine_event *event =
		event_add(call, ENGINE_EVENT_CSEQ_OUT_OF_ORDER, route->service, side);
	if (event) {
		event->cseq = msg->cseq;
		event->expected = dialog->numbers[side].cseq + 1;
		event->flags = refuses ? ENGINE_EVENT_REFUSED : 0;
		text_copy(event->call_id, sizeof(event->call_id),
			  sip_slice_span(msg, msg->call_id));
		text_copy(event->method, sizeof(event->method),
			  sip_slice_span(msg, msg->method_token));
	}
	return refuses ? REASON_CSEQ_OUT_OF_ORDER : VERDICT_REASON_NONE;
}

static void request_sent(struct call *call, const struct sip_message *msg,
			 const struct dialog_pass *pass)
{
	struct dialog *dialog = pass->dialog;

	if (!dialog)
		return;
	const struct balance_service *service = keeping_service(call, dialog->service);
	if (!service)
		return;
	uint32_t wait_ms = end_ms(call, dialog->service);
	dialog_number_take(dialog, pass->side, msg->cseq, wait_ms, call->now);
	if (msg->method == SIP_METHOD_BYE)
		dialog->flags |= DIALOG_BYE_SENT;
	/* §15.1.1: over, answered or not.  Timer F, and as long again for what is repeated. */
	if (msg->method == SIP_METHOD_BYE &&
	    !dialog_is_over(dialog, tick_add(call->now, 2 * TICK_MS(wait_ms))))
		dialog_table_end_in(call->proxy->dialogs, dialog, 2 * (uint64_t)wait_ms,
				    call->now);
}

void dialog_request_sent(struct call *call, const struct sip_message *msg,
			 const struct route *route, const struct dialog_pass *pass)
{
	struct dialog_name name;

	request_sent(call, msg, pass);
	for (uint8_t i = 0; i < route->passage_count; i++) {
		uint16_t service = route->passages[i];
		if (service == route->service || !keeping_service(call, service) ||
		    !name_of(call->snapshot, msg, service, &name))
			continue;
		struct dialog *dialog = dialog_table_find(call->proxy->dialogs, name.key);
		if (!dialog)
			continue;
		const struct dialog_pass other = { .dialog = dialog,
						   .side = side_of(dialog, &name) };
		request_sent(call, msg, &other);
	}
}

/* ---- final responses */

/* RFC 4028 §8: Session-Expires of the 2xx, which every refresh sets anew; without it the age. */
static uint64_t age_ms(const struct balance_service *service, const struct sip_message *msg)
{
	const struct sip_header *header = sip_message_find(msg, SIP_HEADER_SESSION_EXPIRES);
	uint64_t seconds;

	if (header) {
		struct span value = sip_header_value(msg, header);
		struct span digits = span_trim(span_of(value.data, span_find(value, ';')));
		if (text_parse_u64(digits, UINT32_MAX, &seconds))
			return MAX(seconds, SESSION_SECONDS_MIN) * 1000;
	}
	return service->dialog_age_ms;
}

static void watch_ack(struct call *call, struct dialog *dialog, const struct sip_message *msg,
		      const struct txn *branch)
{
	struct dialog_table *table = call->proxy->dialogs;

	watch_end(call->proxy, dialog);
	struct dialog_watch *watch = dialog_table_start_watch(
		table, dialog, end_ms(call, dialog->service), call->now);
	if (!watch) {
		count(&stats_of(call, dialog->service)->unwatched, 1);
		return;
	}
	text_copy(watch->call_id, sizeof(watch->call_id), sip_slice_span(msg, msg->call_id));
	if (!branch)
		return;
	watch->status = branch->status;
	watch->target_id = branch->target_id;
	if (call->snapshot->services[dialog->service].bye_unacknowledged)
		copy_keep(call, dialog, watch, bye_keep(call, msg, dialog->service, branch));
}

static struct dialog *dialog_begin(struct call *call, const struct sip_message *msg,
				   uint16_t service, const struct dialog_name *name)
{
	struct proxy_dialog_stats *stats = stats_of(call, service);
	/* When the watch on its ACK runs out; the age comes later. */
	struct dialog *dialog =
		dialog_table_insert(call->proxy->dialogs, name->key,
				    tick_add(call->now, TICK_MS(end_ms(call, service))), call->now);

	if (!dialog) {
		count(&stats->full, 1);
		return NULL;
	}
	dialog->service = (uint8_t)service;
	dialog->flags = name->from_is_low ? DIALOG_CALLER_IS_LOW : 0;
	dialog_number_begin(dialog, DIALOG_CALLER, msg->cseq, call->now);
	count(&stats->created, 1);
	count(&stats->live, 1);
	return dialog;
}

void dialog_take_2xx(struct call *call, uint16_t index, bool in_dialog,
		     const struct sip_message *msg, const struct txn *branch, uint16_t target)
{
	const struct balance_service *service = keeping_service(call, index);
	struct dialog *dialog = NULL;
	struct dialog_name name;

	if (service && name_of(call->snapshot, msg, index, &name)) {
		dialog = dialog_table_find(call->proxy->dialogs, name.key);
		if (!dialog && !in_dialog) {
			dialog = dialog_begin(call, msg, index, &name);
			if (dialog)
				live_begin(call, dialog, target, branch);
		}
	}
	if (!dialog && !in_dialog)
		live_uncounted(call, branch);
	if (!dialog || (dialog->flags & DIALOG_ENDED))
		return;
	enum dialog_side side = side_of(dialog, &name);
	/* A copy of a 2xx that is waited for already, or was. */
	if ((dialog->flags & DIALOG_INVITE_SEEN) && inviter_of(dialog) == side &&
	    msg->cseq <= dialog->invite_cseq)
		return;
	dialog->flags |= DIALOG_INVITE_SEEN;
	dialog->flags &= (uint8_t)~DIALOG_INVITE_BY_CALLEE;
	if (side == DIALOG_CALLEE)
		dialog->flags |= DIALOG_INVITE_BY_CALLEE;
	dialog->invite_cseq = msg->cseq;
	watch_ack(call, dialog, msg, branch);
	dialog_table_end_in(call->proxy->dialogs, dialog, age_ms(service, msg), call->now);
}

static void bye_answered(struct call *call, struct dialog *dialog, uint16_t status)
{
	dialog->flags &= (uint8_t)~DIALOG_BYE_SENT;
	/* Challenged: it will come again. */
	if (status == 401 || status == 407)
		return;
	live_end(call->proxy, dialog);
	dialog->flags |= DIALOG_ENDED;
	count(&stats_of(call, dialog->service)->ended, 1);
	/* Known on while a 2xx of its INVITE may be repeated, so that none begins it anew. */
	dialog_table_end_in(call->proxy->dialogs, dialog, end_ms(call, dialog->service), call->now);
}

void dialog_take_final(struct call *call, uint16_t index, const struct sip_message *msg)
{
	bool ends = msg->method == SIP_METHOD_BYE;
	bool refreshes = msg->method == SIP_METHOD_UPDATE && msg->status < 300;
	const struct balance_service *service;
	struct dialog_name name;

	if (!(ends || refreshes) || !(service = keeping_service(call, index)) ||
	    !name_of(call->snapshot, msg, index, &name))
		return;
	struct dialog *dialog = dialog_table_find(call->proxy->dialogs, name.key);
	if (!dialog || (dialog->flags & DIALOG_ENDED))
		return;
	if (ends)
		bye_answered(call, dialog, msg->status);
	else
		dialog_table_end_in(call->proxy->dialogs, dialog, age_ms(service, msg), call->now);
}

/* ---- ACK */

static void take_ack(struct call *call, const struct sip_message *msg, uint16_t service)
{
	struct dialog_name name;

	if (!keeping_service(call, service) || !dialog_table_watches(call->proxy->dialogs) ||
	    !name_of(call->snapshot, msg, service, &name))
		return;
	struct dialog *dialog = dialog_table_find(call->proxy->dialogs, name.key);
	if (dialog && dialog->watch != SLOT_NONE && msg->cseq == dialog->invite_cseq &&
	    side_of(dialog, &name) == inviter_of(dialog))
		watch_end(call->proxy, dialog);
}

void dialog_take_ack(struct call *call, const struct sip_message *msg, const struct route *route)
{
	take_ack(call, msg, route->service);
	for (uint8_t i = 0; i < route->passage_count; i++)
		if (route->passages[i] != route->service)
			take_ack(call, msg, route->passages[i]);
}

/* ---- time */

/* True: the call is being ended. */
static bool end_unacknowledged(struct call *call, struct dialog *dialog,
			       const struct dialog_watch *watch)
{
	enum dialog_side inviter = inviter_of(dialog);
	uint32_t last[LEG_ENDS];

	/* Someone else has ended it, the answering party most likely (§13.3.1.4). */
	if (!watch->copy || (dialog->flags & (DIALOG_ENDED | DIALOG_BYE_SENT)))
		return false;
	last[LEG_ANSWERER] = MAX(dialog->numbers[inviter].cseq, dialog->invite_cseq);
	last[LEG_INVITER] = dialog->numbers[!inviter].cseq;
	bye_send(call, watch->copy, dialog->service, last);
	count(&stats_of(call, dialog->service)->byes, 1);
	dialog->flags |= DIALOG_ENDED;
	live_end(call->proxy, dialog);
	dialog_table_end_in(call->proxy->dialogs, dialog, end_ms(call, dialog->service), call->now);
	return true;
}

static void tell_unacknowledged(struct call *call, const struct dialog *dialog,
				const struct dialog_watch *watch, bool is_ended)
{
	enum dialog_side side = inviter_of(dialog);
	struct proxy_dialog_stats *stats = stats_of(call, dialog->service);

	count(side == DIALOG_CALLER ? &stats->unacknowledged_caller : &stats->unacknowledged_callee,
	      1);
	if (watch->status)
		__atomic_fetch_add(&watch->status->unacknowledged, 1, __ATOMIC_RELAXED);
	struct engine_event *event =
		event_add(call, ENGINE_EVENT_UNACKNOWLEDGED, dialog->service, side);
	if (!event)
		return;
	event->cseq = event->expected = dialog->invite_cseq;
	event->target_id = watch->target_id;
	event->flags = is_ended ? ENGINE_EVENT_ENDED : 0;
	text_copy(event->call_id, sizeof(event->call_id), span_of_string(watch->call_id));
	text_copy(event->method, sizeof(event->method), SPAN("INVITE"));
}

static void dialog_remove(struct call *call, struct dialog *dialog)
{
	struct proxy_dialog_stats *stats = stats_of(call, dialog->service);

	if (!(dialog->flags & DIALOG_ENDED))
		count(dialog->flags & DIALOG_BYE_SENT ? &stats->ended : &stats->expired, 1);
	count(&stats->live, -1);
	live_end(call->proxy, dialog);
	watch_end(call->proxy, dialog);
	dialog_table_remove(call->proxy->dialogs, dialog);
}

void dialog_expire(struct call *call, uint32_t index, uint32_t generation)
{
	struct dialog_table *table = call->proxy->dialogs;
	struct dialog *dialog = dialog_table_due(table, index, generation);

	if (!dialog)
		return;
	struct dialog_watch *watch = dialog_table_watch(table, dialog);
	if (watch && dialog_watch_is_due(watch, call->now)) {
		if (watch->copy && !bye_has_scratch(call)) {
			dialog_table_rearm(table, dialog, call->now);
			return;
		}
		bool is_ended = end_unacknowledged(call, dialog, watch);
		tell_unacknowledged(call, dialog, watch, is_ended);
		watch_end(call->proxy, dialog);
		watch = NULL;
	}
	if (!watch && dialog_is_over(dialog, call->now))
		dialog_remove(call, dialog);
	else
		dialog_table_rearm(table, dialog, call->now);
}

void dialog_forget_all(struct proxy *proxy)
{
	for (uint32_t i = 0; i < dialog_table_capacity(proxy->dialogs); i++) {
		struct dialog *dialog = dialog_table_at(proxy->dialogs, i);
		if (!dialog)
			continue;
		live_end(proxy, dialog);
		watch_end(proxy, dialog);
		dialog_table_remove(proxy->dialogs, dialog);
	}
}
