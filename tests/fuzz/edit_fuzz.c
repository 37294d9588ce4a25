/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Edits of messages.  An input is a list of edits and a message.  Applied in place and while
 * copying they must give what a naive rebuild gives, or be refused exactly where they collide or
 * where the room does not suffice.  On a message that parses, the edits that a proxy makes (a row
 * pushed, a row removed, a value replaced) must change what they are meant to change, and nothing
 * else.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "sip/edit.h"
#include "sip/message.h"

#define INPUT_MAX 8192
#define EDITS     (SIP_EDITS_MAX + 2)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: not %s\n", __FILE__, __LINE__, #condition);        \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

struct naive_edit {
	uint32_t offset, removed, inserted;
	const char *text;
};

struct input {
	const uint8_t *at, *end;
	uint32_t headroom, tailroom, count;
	struct naive_edit edits[EDITS];
	const char *message;
	uint32_t len;
};

static struct sip_edit_list list;

static uint8_t take(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static uint32_t take16(struct input *in)
{
	uint32_t high = take(in);

	return high << 8 | take(in);
}

static void input_read(struct input *in)
{
	in->headroom = take(in) * 4;
	in->tailroom = take(in) * 4;
	in->count = take(in) % (EDITS + 1);
	for (uint32_t i = 0; i < in->count; i++) {
		struct naive_edit *e = &in->edits[i];
		e->offset = take16(in);
		e->removed = take(in);
		e->inserted = take(in);
		e->inserted = MIN(e->inserted, (uint32_t)(in->end - in->at));
		e->text = (const char *)in->at;
		in->at += e->inserted;
	}
	in->message = (const char *)in->at;
	in->len = (uint32_t)(in->end - in->at);
	/* Offsets that mean something for any length; now and then one past the end. */
	for (uint32_t i = 0; i < in->count; i++) {
		if (in->edits[i].offset % 64 == 63)
			continue;
		in->edits[i].offset %= in->len + 1;
		in->edits[i].removed = MIN(in->edits[i].removed, in->len - in->edits[i].offset);
	}
}

/* ---- the naive rebuild */

/* An edit without effect is none. */
static bool is_nothing(const struct naive_edit *e)
{
	return e->removed == 0 && e->inserted == 0;
}

static bool collide(const struct naive_edit *a, const struct naive_edit *b)
{
	uint32_t a_end = a->offset + a->removed, b_end = b->offset + b->removed;

	/* A shared octet, or an insertion between two octets that the other removes. */
	if (a->removed && b->removed)
		return MAX(a->offset, b->offset) < MIN(a_end, b_end);
	if (a->removed)
		return a->offset < b->offset && b->offset < a_end;
	return b->removed && b->offset < a->offset && a->offset < b_end;
}

/* In the order of adding: what the list must have taken.  True: it must have overflowed. */
static bool naive_overflows(const struct input *in)
{
	uint32_t taken = 0, text = 0;

	for (uint32_t i = 0; i < in->count; i++) {
		if (is_nothing(&in->edits[i]))
			continue;
		for (uint32_t j = 0; j < i; j++)
			if (!is_nothing(&in->edits[j]) && collide(&in->edits[i], &in->edits[j]))
				return true;
		taken++;
		text += in->edits[i].inserted;
		if (taken > SIP_EDITS_MAX || text > SIP_EDIT_TEXT_MAX)
			return true;
	}
	return false;
}

static bool naive_is_inside(const struct input *in)
{
	for (uint32_t i = 0; i < in->count; i++)
		if (!is_nothing(&in->edits[i]) &&
		    in->edits[i].offset + in->edits[i].removed > in->len)
			return false;
	return true;
}

static char *naive_rebuild(const struct input *in, uint32_t *out_len)
{
	char *out = malloc(in->len + EDITS * 256 + 1);
	bool done[EDITS] = { false };
	uint32_t n = 0, from = 0;

	for (uint32_t round = 0; round < in->count; round++) {
		uint32_t next = EDITS;
		for (uint32_t i = 0; i < in->count; i++)
			if (!done[i] &&
			    (next == EDITS || in->edits[i].offset < in->edits[next].offset))
				next = i;
		const struct naive_edit *e = &in->edits[next];
		done[next] = true;
		if (is_nothing(e))
			continue;
		while (from < e->offset)
			out[n++] = in->message[from++];
		memcpy(out + n, e->text, e->inserted);
		n += e->inserted;
		from = MAX(from, e->offset + e->removed);
	}
	while (from < in->len)
		out[n++] = in->message[from++];
	*out_len = n;
	return out;
}

/* ---- comparison */

static void apply_check(const struct input *in, const char *expected, uint32_t expected_len)
{
	uint32_t size = in->headroom + in->len + in->tailroom, out_len = 0;
	char *block = malloc(size ? size : 1), *before = malloc(size ? size : 1), *out = NULL;

	memset(block, 0x5a, size);
	memcpy(block + in->headroom, in->message, in->len);
	memcpy(before, block, size);
	bool fits = expected && (expected_len <= in->len ||
				 expected_len - in->len <= in->headroom + in->tailroom);
	REQUIRE(sip_edit_apply(&list, block + in->headroom, in->len, in->headroom, in->tailroom,
			       &out, &out_len) == fits);
	if (fits) {
		REQUIRE(out >= block && out + out_len <= block + size);
		REQUIRE(out_len == expected_len && memcmp(out, expected, out_len) == 0);
	} else {
		REQUIRE(memcmp(block, before, size) == 0);
	}
	free(block);
	free(before);
}

static void copy_check(const struct input *in, const char *expected, uint32_t expected_len)
{
	char *out = malloc(expected_len + 1);
	uint32_t got = sip_edit_copy(&list, in->message, in->len, out, expected_len);

	REQUIRE(got == (expected ? expected_len : 0));
	if (got)
		REQUIRE(memcmp(out, expected, got) == 0);
	if (expected_len)
		REQUIRE(sip_edit_copy(&list, in->message, in->len, out, expected_len - 1) == 0);
	free(out);
}

static void edits_check(const struct input *in)
{
	uint32_t expected_len = in->len;
	char *expected = NULL;

	sip_edit_init(&list);
	for (uint32_t i = 0; i < in->count; i++) {
		const struct naive_edit *e = &in->edits[i];
		struct text_writer w = sip_edit_open(&list);
		if (i % 2 || w.overflow) {
			sip_edit_replace(&list, e->offset, e->removed, span_of(e->text, e->inserted));
			continue;
		}
		text_put(&w, span_of(e->text, e->inserted));
		sip_edit_commit(&list, &w, e->offset, e->removed);
	}
	REQUIRE(list.overflow == naive_overflows(in));
	if (!list.overflow && naive_is_inside(in)) {
		expected = naive_rebuild(in, &expected_len);
		REQUIRE(sip_edit_length(&list, in->len) == expected_len);
	}
	apply_check(in, expected, expected_len);
	copy_check(in, expected, expected_len);
	free(expected);
}

/* ---- what a proxy does to a message */

static struct sip_message before, after;
static char edited[INPUT_MAX + SIP_EDIT_TEXT_MAX];

static enum verdict_reason edited_parse(void)
{
	uint32_t len = sip_edit_copy(&list, before.bytes, before.len, edited, sizeof(edited));

	REQUIRE(len == sip_edit_length(&list, before.len));
	return sip_message_parse(&after, edited, len);
}

static struct span body_of(const struct sip_message *msg)
{
	return span_of(msg->bytes + msg->body, msg->len - msg->body);
}

static void same_check(void)
{
	REQUIRE(after.is_request == before.is_request && after.status == before.status);
	REQUIRE(span_equal(sip_slice_span(&after, after.call_id),
			   sip_slice_span(&before, before.call_id)));
	REQUIRE(span_equal(sip_slice_span(&after, after.to_tag),
			   sip_slice_span(&before, before.to_tag)));
	REQUIRE(after.cseq == before.cseq && after.method == before.method);
	REQUIRE(span_equal(body_of(&after), body_of(&before)));
}

static void row_push_check(void)
{
	if (before.header_count == SIP_HEADERS_MAX)
		return;
	sip_edit_init(&list);
	sip_edit_insert(&list, before.start_line_end,
			SPAN("Via: SIP/2.0/UDP host.example.net;branch=z9hG4bK-pushed\r\n"));
	REQUIRE(edited_parse() == VERDICT_REASON_NONE);
	same_check();
	REQUIRE(after.header_count == before.header_count + 1);
	REQUIRE(after.via_values == before.via_values + 1);
	REQUIRE(span_equal(after.via.branch, SPAN("z9hG4bK-pushed")));
}

/* A row that the message can do without. */
static void row_remove_check(uint8_t which)
{
	const struct sip_header *row = &before.headers[which % before.header_count];

	sip_edit_init(&list);
	sip_edit_remove(&list, row->offset, (uint32_t)(row->end - row->offset));
	enum verdict_reason reason = edited_parse();
	REQUIRE(after.header_count == before.header_count - 1);
	switch (row->id) {
	case SIP_HEADER_VIA:
	case SIP_HEADER_FROM:
	case SIP_HEADER_TO:
	case SIP_HEADER_CALL_ID:
	case SIP_HEADER_CSEQ:
		break; /* may be missed now */
	default:
		REQUIRE(reason == VERDICT_REASON_NONE);
		same_check();
	}
}

static void value_replace_check(void)
{
	const struct sip_header *row = sip_message_find(&before, SIP_HEADER_MAX_FORWARDS);

	if (!row || !before.is_request)
		return;
	sip_edit_init(&list);
	sip_edit_replace(&list, row->value, row->value_len, SPAN("17"));
	REQUIRE(edited_parse() == VERDICT_REASON_NONE);
	same_check();
	REQUIRE(after.max_forwards == 17 && after.header_count == before.header_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .at = data, .end = data + size };

	if (size > INPUT_MAX)
		return 0;
	input_read(&in);
	edits_check(&in);
	if (sip_message_parse(&before, in.message, in.len) != VERDICT_REASON_NONE)
		return 0;
	row_push_check();
	row_remove_check(size ? data[0] : 0);
	value_replace_check();
	return 0;
}
