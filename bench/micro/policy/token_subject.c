/* SPDX-License-Identifier: BSD-3-Clause */
/* Branch, hint and route token of one INVITE; see policy_subject.h. */
#include "policy_subject.h"

#include <string.h>

#include "balance/cookie.h"
#include "clock.h"
#include "proxy/engine.h"
#include "sample.h"
#include "sip/index.h"
#include "sip/message.h"

#define COPIES  16
#define SERVICE 3

/* What was computed for one message, for the functions that come later on the path. */
struct prepared {
	char bytes[2048];
	struct sip_message msg;
	struct hash128 server_key, client_key;
	uint32_t loop_part;
	char branch[BRANCH_TEXT_LEN];
	char hint[VIA_HINT_TEXT_MAX], route[ROUTE_TOKEN_TEXT_MAX];
	size_t hint_len, route_len;
	struct via_hint hint_fields;
	struct route_token route_fields;
};

static struct {
	struct balance_snapshot snapshot;
	struct prepared prepared[COPIES];
	uint32_t turn;
} world;

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint;

	MICRO_MUST(endpoint_parse(span_of(text, strlen(text)), SIP_PORT, &endpoint));
	return endpoint;
}

static struct hash_key key_random(struct micro_random *random)
{
	return (struct hash_key){ .k0 = micro_random_u64(random), .k1 = micro_random_u64(random) };
}

static void snapshot_fill(void)
{
	struct micro_random random = { .state = 1 };
	struct balance_snapshot *snapshot = &world.snapshot;

	snapshot->instance = 1;
	snapshot->epoch = (uint32_t)micro_random_u64(&random);
	snapshot->branch_key = key_random(&random);
	snapshot->hint_key = key_random(&random);
	snapshot->route_keys[0] = (struct balance_route_key){ .id = 1, .key = key_random(&random) };
	snapshot->route_key_count = 1;
	snapshot->interface_count = 2;
	for (uint32_t i = 0; i < 2; i++) {
		struct balance_interface *interface = &snapshot->interfaces[i];
		interface->address_count = 1;
		interface->sip_port = SIP_PORT;
		interface->addresses[0] = (struct ip_prefix){
			.address = endpoint_of(i ? "198.51.100.1" : "192.0.2.1").address,
			.bits = 24,
		};
	}
}

static struct prepared *next(void)
{
	return &world.prepared[world.turn++ % COPIES];
}

static void keys_compute(struct prepared *p)
{
	p->server_key = branch_server_key(&world.snapshot, &p->msg);
	p->client_key = branch_client_key(&world.snapshot, p->server_key, &p->msg, 0);
	p->loop_part = branch_loop_part(&world.snapshot, &p->msg, SERVICE);
}

static size_t branch_write(struct prepared *p)
{
	struct text_writer w = text_writer_of(p->branch, sizeof(p->branch));

	branch_put(&w, p->client_key, p->loop_part);
	return text_written(&w).len;
}

static struct span branch_text(const struct prepared *p)
{
	return span_of(p->branch, sizeof(p->branch));
}

static size_t hint_write(struct prepared *p)
{
	struct text_writer w = text_writer_of(p->hint, sizeof(p->hint));

	via_hint_encode(&world.snapshot, &p->hint_fields, branch_text(p), &w);
	return w.overflow ? 0 : text_written(&w).len;
}

static size_t route_write(struct prepared *p)
{
	struct text_writer w = text_writer_of(p->route, sizeof(p->route));

	route_token_encode(&world.snapshot, &p->route_fields,
			   sip_slice_span(&p->msg, p->msg.call_id),
			   sip_slice_span(&p->msg, p->msg.from_tag), &w);
	return w.overflow ? 0 : text_written(&w).len;
}

/* The sample with a Call-ID and a branch of its own, at an alignment of its own. */
static const char *prepare(struct prepared *p, uint32_t number)
{
	static const char sample[] = SAMPLE_INVITE;
	char *bytes = p->bytes + number % 8;

	memcpy(bytes, sample, sizeof(sample));
	char *call_id = strstr(bytes, "Call-ID: "), *branch = strstr(bytes, "branch=z9hG4bK-");
	if (!call_id || !branch)
		return "the sample has no Call-ID, or no branch";
	call_id[9] = branch[15] = (char)('a' + number);
	if (sip_message_parse(&p->msg, bytes, sizeof(sample) - 1) != VERDICT_REASON_NONE)
		return "the sample is malformed";
	p->hint_fields = (struct via_hint){
		.shard = 3,
		.instance = 1,
		.epoch = world.snapshot.epoch,
		.slot = 100000 + number * 7919,
		.generation = 40 + number,
		.sent_second = 86400 + number,
		.answer = endpoint_of("192.0.2.10:5060"),
		.local = endpoint_of("192.0.2.1:5060"),
	};
	p->route_fields = (struct route_token){ .egress = 1, .service = SERVICE };
	keys_compute(p);
	branch_write(p);
	p->hint_len = hint_write(p);
	p->route_len = route_write(p);
	return p->hint_len && p->route_len ? NULL : "no token for the sample";
}

const char *token_subject_fill(void)
{
	const char *wrong = NULL;

	snapshot_fill();
	for (uint32_t i = 0; i < COPIES && !wrong; i++)
		wrong = prepare(&world.prepared[i], i);
	return wrong;
}

uint64_t token_subject_server_key(void)
{
	return branch_server_key(&world.snapshot, &next()->msg).lo;
}

uint64_t token_subject_client_key(void)
{
	struct prepared *p = next();

	return branch_client_key(&world.snapshot, p->server_key, &p->msg, 0).lo;
}

uint64_t token_subject_loop_part(void)
{
	return branch_loop_part(&world.snapshot, &next()->msg, SERVICE);
}

uint64_t token_subject_branch_put(void)
{
	return branch_write(next());
}

static uint64_t branch_read(const struct prepared *p)
{
	struct hash128 key;
	uint32_t loop_part;

	MICRO_MUST(branch_parse(branch_text(p), &key, &loop_part));
	return key.lo;
}

uint64_t token_subject_branch_parse(void)
{
	return branch_read(next());
}

uint64_t token_subject_hint_encode(void)
{
	return hint_write(next());
}

static uint64_t hint_read(const struct prepared *p)
{
	struct via_hint hint;

	MICRO_MUST(via_hint_decode(&world.snapshot, span_of(p->hint, p->hint_len), branch_text(p),
				   &hint));
	return hint.slot;
}

uint64_t token_subject_hint_decode(void)
{
	return hint_read(next());
}

uint64_t token_subject_route_encode(void)
{
	return route_write(next());
}

uint64_t token_subject_route_decode(void)
{
	struct prepared *p = next();
	struct route_token token;

	MICRO_MUST(route_token_decode(&world.snapshot, span_of(p->route, p->route_len),
				      sip_slice_span(&p->msg, p->msg.call_id),
				      sip_slice_span(&p->msg, p->msg.from_tag), SPAN_EMPTY,
				      &token) == ROUTE_TOKEN_FROM_CREATOR);
	return token.egress;
}

uint64_t token_subject_request(void)
{
	struct prepared *p = next();

	keys_compute(p);
	return branch_write(p) + hint_write(p) + route_write(p);
}

uint64_t token_subject_response(void)
{
	struct prepared *p = next();
	uint64_t key = branch_read(p);

	return key ^ branch_client_key(&world.snapshot, p->server_key, &p->msg, 0).lo ^
	       hint_read(p);
}
