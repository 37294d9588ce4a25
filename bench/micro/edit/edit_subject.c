/* SPDX-License-Identifier: BSD-3-Clause */
/* Edits of messages that are forwarded; see edit_subject.h. */
#include "edit_subject.h"

#include <stdio.h>
#include <stdlib.h>

#include "corpus.h"
#include "net/stack.h"
#include "proxy/outbox.h"
#include "proxy/proxy.h"
#include "sip/edit.h"
#include "sip/message.h"
#include "support/snapshot_fixture.h"

#define COPIES_MAX 16
#define ROOM       1024u /* in front and behind: more than is ever inserted */
/* DPDK receives 128 octets into an mbuf; behind them Ethernet, IPv4 and UDP make room, and in front
 * those of the packet that is sent must find some. */
#define MBUF_HEADROOM (128u + 42u - NET_HEADERS_MAX)
#define BUFFER_SIZE   (2 * ROOM + 1024u)
#define EDITS_MAX     3

/* A border: calls come in by one interface and leave by another, so each gets two Record-Route. */
static const char snapshot_text[] =
	"interface access address 192.0.2.1/24\n"
	"interface core address 198.51.100.1/24\n"
	"pool switches\n"
	"target switches sw1 198.51.100.11:5060\n"
	"service inbound listen 192.0.2.1:5060 pool switches record-route\n";

struct one_edit {
	uint32_t offset, removed;
	struct span text;
};

struct edit_copy {
	const struct corpus_message *message;
	char *sent; /* what the engine made of it; the texts point into it */
	uint32_t edit_count[EDIT_KINDS];
	struct one_edit edits[EDIT_KINDS][EDITS_MAX];
	alignas(CACHE_LINE_SIZE) char buffer[BUFFER_SIZE]; /* the message at ROOM, restored */
};

static struct edit_copy *invites, *answers;
static size_t copy_count;
static struct sip_edit_list list;
static char target[BUFFER_SIZE];

static struct edit_copy *copy_of(enum edit_kind kind, size_t copy)
{
	return kind == EDIT_VIA_POP ? &answers[copy] : &invites[copy];
}

static void edit_add(struct edit_copy *copy, enum edit_kind kind, uint32_t offset, uint32_t removed,
		     struct span text)
{
	copy->edits[kind][copy->edit_count[kind]++] = (struct one_edit){ offset, removed, text };
}

/* ---- texts out of what the engine sends */

/* Gives an INVITE to an engine and copies what it sends to the target; 0: it sent nothing. */
static uint32_t engine_forward(struct proxy *proxy, const struct balance_snapshot *snapshot,
			       const struct corpus_message *message, char *sent)
{
	static char room[BUFFER_SIZE];
	static struct outbox outbox;
	struct proxy_datagram datagram = { .data = room + ROOM,
					   .len = (uint32_t)message->len,
					   .headroom = ROOM,
					   .tailroom = ROOM };

	if (!endpoint_parse(SPAN("192.0.2.10:5060"), 5060, &datagram.source) ||
	    !endpoint_parse(SPAN("192.0.2.1:5060"), 5060, &datagram.local))
		return 0;
	memcpy(datagram.data, message->bytes, message->len);
	outbox_reset(&outbox);
	(void)proxy_receive(proxy, snapshot, &datagram, TICK_SECONDS(1000), &outbox);
	for (uint32_t i = 0; i < outbox.count; i++) {
		const struct outbox_entry *entry = &outbox.entries[i];
		if (memcmp(entry->data, "INVITE", 6) != 0)
			continue;
		memcpy(sent, entry->data, entry->len);
		return entry->len;
	}
	return 0;
}

/* All rows of one name that stand first in `sent`, from `at` on. */
static struct span rows_at(const char *at, const char *name)
{
	size_t len = 0;

	while (memcmp(at + len, name, strlen(name)) == 0)
		len += (size_t)((const char *)memchr(at + len, '\n', BUFFER_SIZE) + 1 - (at + len));
	return span_of(at, len);
}

/* The edits of an INVITE, out of the difference between what came and what went. */
static bool request_edits_find(struct edit_copy *copy, uint32_t sent_len)
{
	static struct sip_message came, went;

	if (sip_message_parse(&came, copy->message->bytes, (uint32_t)copy->message->len) !=
		    VERDICT_REASON_NONE ||
	    sip_message_parse(&went, copy->sent, sent_len) != VERDICT_REASON_NONE)
		return false;
	const struct sip_header *via = sip_message_find(&went, SIP_HEADER_VIA);
	const struct sip_header *below = via ? sip_message_find_next(&went, via) : NULL;
	const struct sip_header *hops = sip_message_find(&came, SIP_HEADER_MAX_FORWARDS);
	const struct sip_header *hops_left = sip_message_find(&went, SIP_HEADER_MAX_FORWARDS);
	struct sip_via received;
	if (!below || !hops || !hops_left ||
	    !sip_via_decode(sip_header_value(&went, below), &received))
		return false;
	const char *top = copy->sent + went.start_line_end;
	struct span own_via = span_of(top, (size_t)(via->end - via->offset));
	struct span routes = rows_at(top + own_via.len, "Record-Route:");
	uint32_t params = (uint32_t)(came.via.params.data - came.bytes);
	uint32_t at = came.start_line_end;

	edit_add(copy, EDIT_VIA_PUSH, at, 0, own_via);
	edit_add(copy, EDIT_RECORD_ROUTE, at, 0, routes);
	edit_add(copy, EDIT_BOTH, at, 0, span_of(top, own_via.len + routes.len));
	edit_add(copy, EDIT_FORWARD, at, 0, span_of(top, below->offset - went.start_line_end));
	edit_add(copy, EDIT_FORWARD, hops->value, hops->value_len,
		 sip_header_value(&went, hops_left));
	edit_add(copy, EDIT_FORWARD, params, (uint32_t)came.via.params.len, received.params);
	return routes.len != 0;
}

static bool answer_edits_find(struct edit_copy *copy)
{
	static struct sip_message msg;

	if (sip_message_parse(&msg, copy->message->bytes, (uint32_t)copy->message->len) !=
	    VERDICT_REASON_NONE)
		return false;
	const struct sip_header *via = sip_message_find(&msg, SIP_HEADER_VIA);
	edit_add(copy, EDIT_VIA_POP, via->offset, (uint32_t)(via->end - via->offset), SPAN_EMPTY);
	return true;
}

/* ---- one edit */

static uint32_t headroom_of(enum edit_place place)
{
	return place == EDIT_IN_MBUF ? MBUF_HEADROOM : ROOM;
}

/* Returns the length, and where the result stands. */
static uint32_t edit_do(const struct edit_copy *copy, enum edit_kind kind, enum edit_place place,
			char *bytes, char **out)
{
	uint32_t len = (uint32_t)copy->message->len, out_len = 0;

	sip_edit_init(&list);
	for (uint32_t i = 0; i < copy->edit_count[kind]; i++) {
		const struct one_edit *edit = &copy->edits[kind][i];
		sip_edit_replace(&list, edit->offset, edit->removed, edit->text);
	}
	if (place == EDIT_TO_COPY) {
		*out = target;
		return sip_edit_copy(&list, bytes, len, target, sizeof(target));
	}
	return sip_edit_apply(&list, bytes, len, headroom_of(place), ROOM, out, &out_len) ? out_len
											  : 0;
}

/* What an edit in place has changed: up to its last octet when the headroom sufficed, else all. */
static uint32_t changed_len(const struct edit_copy *copy, enum edit_kind kind,
			    enum edit_place place)
{
	uint32_t last = 0;

	if (place == EDIT_TO_COPY)
		return 0;
	if (place == EDIT_IN_MBUF && edit_text_len(kind) > MBUF_HEADROOM)
		return (uint32_t)copy->message->len;
	for (uint32_t i = 0; i < copy->edit_count[kind]; i++)
		last = MAX(last, copy->edits[kind][i].offset + copy->edits[kind][i].removed);
	return last;
}

static bool is_as_sent(struct edit_copy *copy, enum edit_kind kind, enum edit_place place,
		       struct span wanted)
{
	char *out;
	uint32_t len = edit_do(copy, kind, place, copy->buffer + ROOM, &out);
	bool same = span_equal(span_of(out, len), wanted);

	memcpy(copy->buffer + ROOM, copy->message->bytes,
	       changed_len(copy, kind, place)); /* as edit_run puts it back */
	return same && memcmp(copy->buffer + ROOM, copy->message->bytes, copy->message->len) == 0;
}

/* The whole edit of a request must be the engine's, and a pop leaves out one row. */
static bool edits_check(struct edit_copy *copy, enum edit_kind kind, struct span wanted)
{
	for (int place = 0; place < EDIT_PLACES; place++) {
		if (is_as_sent(copy, kind, (enum edit_place)place, wanted))
			continue;
		fprintf(stderr, "edit-bench: edit %d at %d does not give what it should\n", kind,
			place);
		return false;
	}
	return true;
}

static bool answer_check(struct edit_copy *copy)
{
	const struct one_edit *pop = &copy->edits[EDIT_VIA_POP][0];
	char wanted[BUFFER_SIZE];
	size_t behind = copy->message->len - pop->offset - pop->removed;

	memcpy(wanted, copy->message->bytes, pop->offset);
	memcpy(wanted + pop->offset, copy->message->bytes + pop->offset + pop->removed, behind);
	return edits_check(copy, EDIT_VIA_POP, span_of(wanted, pop->offset + behind));
}

/* ---- setting up */

static struct edit_copy *copies_make(const char *kind)
{
	size_t count;
	const struct corpus_set *sets = corpus_kinds(&count);
	struct edit_copy *copies =
		aligned_alloc(CACHE_LINE_SIZE, COPIES_MAX * sizeof(struct edit_copy));

	while (sets && strcmp(sets->name, kind) != 0)
		sets++;
	if (!sets || !copies || sets->count > COPIES_MAX) {
		free(copies);
		return NULL;
	}
	memset(copies, 0, COPIES_MAX * sizeof(struct edit_copy));
	copy_count = sets->count;
	for (size_t i = 0; i < copy_count; i++) {
		copies[i].message = &sets->messages[i];
		memcpy(copies[i].buffer + ROOM, sets->messages[i].bytes, sets->messages[i].len);
	}
	return copies;
}

static bool requests_prepare(struct proxy *proxy, const struct balance_snapshot *snapshot)
{
	for (size_t i = 0; i < copy_count; i++) {
		struct edit_copy *copy = &invites[i];
		copy->sent = malloc(BUFFER_SIZE);
		uint32_t len =
			copy->sent ? engine_forward(proxy, snapshot, copy->message, copy->sent) : 0;
		if (len == 0 || !request_edits_find(copy, len)) {
			fputs("edit-bench: the engine does not forward the INVITE\n", stderr);
			return false;
		}
		if (!edits_check(copy, EDIT_FORWARD, span_of(copy->sent, len)))
			return false;
	}
	return true;
}

bool edit_open(void)
{
	const struct proxy_config config = {
		.txns_max = 4 * COPIES_MAX,
		.tombstones_max = COPIES_MAX,
		.retain_max = 1 << 20,
		.seed = 1,
	};
	char error[256] = "no memory";
	struct snapshot_fixture *fixture =
		snapshot_fixture_create(snapshot_text, error, sizeof(error));
	struct proxy *proxy = proxy_create(&config, TICK_SECONDS(1000));

	invites = copies_make("invite");
	answers = copies_make("ok");
	bool good = fixture && proxy && invites && answers;
	if (!good)
		fprintf(stderr, "edit-bench: %s\n", error);
	good = good && requests_prepare(proxy, snapshot_fixture_snapshot(fixture));
	for (size_t i = 0; good && i < copy_count; i++)
		good = answer_edits_find(&answers[i]) && answer_check(&answers[i]);
	proxy_destroy(proxy);
	if (fixture)
		snapshot_fixture_destroy(fixture);
	return good;
}

size_t edit_copies(void)
{
	return copy_count;
}

size_t edit_message_len(enum edit_kind kind)
{
	return copy_of(kind, 0)->message->len;
}

size_t edit_text_len(enum edit_kind kind)
{
	const struct edit_copy *copy = copy_of(kind, 0);
	size_t len = 0;

	for (uint32_t i = 0; i < copy->edit_count[kind]; i++)
		len += copy->edits[kind][i].text.len + copy->edits[kind][i].removed;
	return len;
}

uint32_t edit_put_back(enum edit_kind kind, enum edit_place place, size_t copy)
{
	struct edit_copy *at = copy_of(kind, copy);
	uint32_t len = changed_len(at, kind, place);

	memcpy(at->buffer + ROOM, at->message->bytes, len);
	return len;
}

uint32_t edit_run(enum edit_kind kind, enum edit_place place, size_t copy)
{
	struct edit_copy *at = copy_of(kind, copy);
	char *out;
	uint32_t len = edit_do(at, kind, place, at->buffer + ROOM, &out);

	edit_put_back(kind, place, copy);
	return len;
}
