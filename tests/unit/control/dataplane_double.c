/* SPDX-License-Identifier: BSD-3-Clause */
/* A data plane without packets; see dataplane_double.h. */
#include "dataplane_double.h"

#include <errno.h>
#include <stdio.h>

#include "sip/message.h"

bool dataplane_worker_stats(const struct dataplane *dataplane, uint16_t worker,
			    struct dataplane_worker_stats *stats)
{
	if (worker >= dataplane->workers)
		return false;
	*stats = dataplane->worker[worker];
	return true;
}

bool dataplane_dialog_stats(const struct dataplane *dataplane, uint16_t worker, uint16_t service,
			    struct proxy_dialog_stats *stats)
{
	if (worker >= dataplane->workers)
		return false;
	*stats = service == 0 || service == BALANCE_NONE ? dataplane->dialogs[worker] :
							   (struct proxy_dialog_stats){ .live = 0 };
	return true;
}

void dataplane_publish(struct dataplane *dataplane, const struct balance_snapshot *snapshot)
{
	dataplane->published = snapshot;
	dataplane->publications++;
}

bool dataplane_retired(struct dataplane *dataplane)
{
	return !dataplane->is_in_use;
}

bool dataplane_worker_polls(const struct dataplane *dataplane, uint16_t worker, uint64_t *polls)
{
	if (worker >= dataplane->workers)
		return false;
	*polls = dataplane->worker[worker].polls;
	return true;
}

/* The thread that takes and the one that sets mirrored_count are two. */
int dataplane_mirror_start(struct dataplane *dataplane, const struct dataplane_mirror_config *config)
{
	if (dataplane->is_mirroring)
		return -EBUSY;
	dataplane->mirror = *config;
	dataplane->is_mirroring = true;
	return 0;
}

void dataplane_mirror_detach(struct dataplane *)
{
}

void dataplane_mirror_stop(struct dataplane *dataplane)
{
	dataplane->is_mirroring = false;
}

uint32_t dataplane_mirror_take(struct dataplane *dataplane, dataplane_mirrored_fn done, void *context,
			       uint32_t max)
{
	uint32_t count = __atomic_load_n(&dataplane->mirrored_count, __ATOMIC_ACQUIRE), taken = 0;

	while (dataplane->mirrored_taken < count && taken < max) {
		done(context, &dataplane->mirrored[dataplane->mirrored_taken % DOUBLE_MIRRORED]);
		dataplane->mirrored_taken++;
		taken++;
	}
	return taken;
}

uint64_t dataplane_mirror_dropped(const struct dataplane *dataplane)
{
	return dataplane->mirror_dropped;
}

tick_t dataplane_now(const struct dataplane *dataplane)
{
	return dataplane->now;
}

bool dataplane_packets_stats(const struct dataplane *, uint16_t pool,
			     struct dataplane_packets_stats *stats)
{
	*stats = (struct dataplane_packets_stats){
		.name = "packets0", .room = 2048, .buffers = 1000, .in_use = 7
	};
	return pool == 0;
}

bool dataplane_interface_stats(const struct dataplane *dataplane, uint16_t interface,
			       struct dataplane_interface_stats *stats)
{
	if (interface >= dataplane->interfaces)
		return false;
	*stats = dataplane->interface[interface];
	return true;
}

int dataplane_explain(struct dataplane *dataplane, struct span message,
		      const struct endpoint *source, const struct endpoint *local,
		      uint16_t interface, dataplane_explained_fn done, void *context)
{
	struct dataplane_question *question = &dataplane->questions[dataplane->question_count];

	if (dataplane->question_count == DOUBLE_RING)
		return -EAGAIN;
	if (message.len > sizeof(question->message))
		return -EMSGSIZE;
	memcpy(question->message, message.data, message.len);
	question->len = message.len;
	question->source = *source;
	question->local = *local;
	question->interface = interface;
	question->done = done;
	question->context = context;
	dataplane->question_count++;
	return 0;
}

void dataplane_double_answer(struct dataplane *dataplane, unsigned int targets)
{
	while (dataplane->question_count > 0) {
		struct dataplane_question *question =
			&dataplane->questions[--dataplane->question_count];
		struct span call_id = SPAN("0");
		struct proxy_explanation answer = {
			.verdict = verdict_of(VERDICT_FORWARD, REASON_INITIAL_REQUEST),
			.kind = ROUTE_TARGET,
			.egress = question->interface,
			.call_hash = 0x1234,
			.next_hop = question->source,
		};
		(void)sip_message_peek_call_id(question->message, (uint32_t)question->len, &call_id);
		answer.target = (uint16_t)((unsigned int)(call_id.data[call_id.len - 1] - '0') % targets);
		snprintf(answer.why, sizeof(answer.why), "%.*s", SPAN_ARGS(call_id));
		question->done(question->context, &answer);
	}
}

int dataplane_probe(struct dataplane *dataplane, const struct dataplane_probe *probe)
{
	dataplane->probe_count++;
	dataplane->probe = *probe;
	return 0;
}

int dataplane_capture_start(struct dataplane *dataplane, const char *path, uint64_t packets_max,
			    const struct dataplane_capture_filter *filter)
{
	dataplane->capture_filter = *filter;
	if (dataplane->capture_status < 0)
		return dataplane->capture_status;
	snprintf(dataplane->capture_path, sizeof(dataplane->capture_path), "%s", path);
	dataplane->capture_max = packets_max;
	dataplane->is_capturing = true;
	return 0;
}

int dataplane_capture_stop(struct dataplane *dataplane, uint64_t *packets, uint64_t *dropped)
{
	*packets = 12;
	*dropped = 3;
	dataplane->is_capturing = false;
	return 0;
}

int dataplane_trace_start(struct dataplane *dataplane, const struct dataplane_trace_filter *filter,
			  dataplane_traced_fn traced, void *context)
{
	for (int i = 0; i < DATAPLANE_TRACES_MAX; i++) {
		struct dataplane_follower *follower = &dataplane->followers[i];
		if (follower->traced)
			continue;
		*follower = (struct dataplane_follower){ traced, context, *filter };
		return i;
	}
	return -ENOSPC;
}

void dataplane_trace_stop(struct dataplane *dataplane, int number)
{
	dataplane->followers[number].traced = NULL;
}

bool dataplane_trace_settled(struct dataplane *dataplane)
{
	return !dataplane->is_unsettled;
}

uint64_t dataplane_trace_dropped(const struct dataplane *dataplane)
{
	return dataplane->trace_dropped;
}

int dataplane_txns(struct dataplane *dataplane, uint16_t worker, uint32_t cursor,
		   const struct proxy_txn_filter *filter, dataplane_txns_fn done, void *context)
{
	if (dataplane->txns.done)
		return -EAGAIN;
	dataplane->txns = (struct dataplane_txns_question){ worker, cursor, *filter, done, context };
	return 0;
}
