/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which calls each target has, told from what passes an engine (RFC 3261 §12.1, §15.1.2): one more
 * with each party whose 2xx to an INVITE outside of dialogs goes to the caller, one less when the
 * answer to a BYE does.  Between a BYE and its answer, and where one that nobody ends grows old,
 * either is right.  See model.h.
 */
#include "model.h"

#include <stdlib.h>

/* Sooner than any engine's `dialog_age`, and later (cluster.c). */
#define SURELY_YOUNG TICK_SECONDS(880)
#define SURELY_OLD   TICK_SECONDS(910)

struct model_dialog {
	struct model_dialog *next;         /* of all, newest first */
	struct model_dialog *next_of_call;
	uint64_t tag_hash;                 /* of who answered */
	uint32_t life;
	uint8_t engine, target;
	bool is_over;                      /* a BYE was answered */
	bool had_bye;
	bool is_detached;                  /* its call is forgotten */
	tick_t begun, touched;
};

static uint64_t hash_of(const struct buffer *buffer, struct slice tag)
{
	struct span text = sip_text(buffer, tag);

	return text.len ? sip_hash(text.data, text.len) : 0;
}

static struct model_dialog *find(const struct call *call, const struct engine *engine,
				 uint64_t a, uint64_t b)
{
	for (struct model_dialog *dialog = call->dialogs; dialog; dialog = dialog->next_of_call)
		if ((dialog->tag_hash == a || dialog->tag_hash == b) &&
		    &world.engines[dialog->engine] == engine && dialog->life == engine->life)
			return dialog;
	return NULL;
}

static void begin(struct call *call, const struct engine *engine, const struct node *target,
		  uint64_t tag_hash)
{
	struct model_dialog *dialog = calloc(1, sizeof(*dialog));

	if (!dialog)
		abort();
	*dialog = (struct model_dialog){
		.next = world.dialogs_alive,
		.next_of_call = call->dialogs,
		.tag_hash = tag_hash,
		.life = engine->life,
		.engine = (uint8_t)(engine - world.engines),
		.target = (uint8_t)target->number,
		.begun = world.now,
		.touched = world.now,
	};
	world.dialogs_alive = call->dialogs = dialog;
}

static bool went_on(const struct outputs *outputs, const struct sip *in)
{
	for (uint32_t i = 0; i < outputs->count; i++) {
		const struct sip *out = &outputs->output[i].buffer->sip;
		if (out->is_request == in->is_request && out->method == in->method &&
		    out->status == in->status)
			return true;
	}
	return false;
}

/* A 2xx that went on; to a re-INVITE it begins nothing. */
static void answered(struct call *call, const struct engine *engine, const struct buffer *in,
		     uint64_t to)
{
	struct model_attempt *attempt;
	const struct model_txn *txn = model_find_attempt(call, &in->sip, &attempt);

	if (txn && txn->is_balanced)
		begin(call, engine, attempt->peer, to);
}

void model_calls_seen(struct call *call, const struct engine *engine, const struct buffer *in,
		      const struct outputs *outputs)
{
	const struct sip *sip = &in->sip;
	uint64_t from = hash_of(in, sip->from_tag), to = hash_of(in, sip->to_tag);
	struct model_dialog *dialog = find(call, engine, from, to);
	bool has_gone_on = went_on(outputs, sip);

	if (dialog)
		dialog->touched = world.now;
	if (!has_gone_on)
		return;
	if (!sip->is_request && sip->method == METHOD_INVITE && sip->status / 100 == 2 && !dialog &&
	    outputs->verdict.reason != REASON_STRAY_FORWARDED)
		answered(call, engine, in, to);
	if (dialog && sip->method == METHOD_BYE && sip->is_request)
		dialog->had_bye = true;
	if (dialog && sip->method == METHOD_BYE && sip->status >= 200 && sip->status != 401 &&
	    sip->status != 407 && outputs->verdict.reason == REASON_FINAL)
		dialog->is_over = true;
}

void model_calls_check(void)
{
	static uint32_t sure[ENGINES_MAX + 1][TARGETS], perhaps[ENGINES_MAX + 1][TARGETS];
	struct model_dialog **link = &world.dialogs_alive, *dialog;

	memset(sure, 0, sizeof(sure));
	memset(perhaps, 0, sizeof(perhaps));
	while ((dialog = *link) != NULL) {
		bool is_lost = world.engines[dialog->engine].life != dialog->life;
		bool is_old = world.now > dialog->touched + SURELY_OLD;
		if (dialog->is_detached && (dialog->is_over || is_lost || is_old)) {
			*link = dialog->next;
			free(dialog);
			continue;
		}
		link = &dialog->next;
		if (dialog->is_over || is_lost || is_old)
			continue;
		world.calls_seen++;
		if (dialog->had_bye || world.now > dialog->begun + SURELY_YOUNG)
			perhaps[dialog->engine][dialog->target]++;
		else
			sure[dialog->engine][dialog->target]++;
	}
	for (uint32_t i = 0; i < world.engine_count; i++)
		for (uint32_t j = 0; world.engines[i].proxy && j < TARGETS; j++) {
			int64_t is = world.engines[i].statuses[j].calls;
			if (is < sure[i][j] || is > (int64_t)sure[i][j] + perhaps[i][j])
				world_fail(NULL,
					   "engine %u counts %lld calls of target %s; %u have not "
					   "ended, %u may have", i, (long long)is,
					   world.engines[i].targets[j].name, sure[i][j],
					   perhaps[i][j]);
		}
}

void model_calls_detach(struct call *call)
{
	for (struct model_dialog *dialog = call->dialogs; dialog; dialog = dialog->next_of_call)
		dialog->is_detached = true;
	call->dialogs = NULL;
}

void model_calls_forget(void)
{
	struct model_dialog *dialog;

	while ((dialog = world.dialogs_alive) != NULL) {
		world.dialogs_alive = dialog->next;
		free(dialog);
	}
}
