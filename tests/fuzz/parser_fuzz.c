/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser on any bytes: no read outside them (the sanitizers see that), the same answer under
 * every structural index, a table that describes the bytes, and a peek that agrees.
 */
#include <stdint.h>
#include <stdlib.h>

#include "sip/index.h"
#include "sip/message.h"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool slice_inside(const struct sip_message *msg, struct sip_slice slice)
{
	return (uint32_t)slice.offset + slice.len <= msg->len;
}

static bool span_inside(const struct sip_message *msg, struct span s)
{
	return s.len == 0 || (s.data >= msg->bytes && s.data + s.len <= msg->bytes + msg->len);
}

static bool slice_equal(struct sip_slice a, struct sip_slice b)
{
	return a.offset == b.offset && a.len == b.len;
}

/* Rows lie one behind another between start line and empty line, chained by id. */
static void table_check(const struct sip_message *msg, bool sound)
{
	uint32_t at = msg->start_line_end;
	unsigned int chained = 0, named = 0;

	CHECK(msg->header_count <= SIP_HEADERS_MAX);
	for (unsigned int i = 0; i < msg->header_count; i++) {
		const struct sip_header *h = &msg->headers[i];
		CHECK(sound ? h->offset == at : h->offset >= at);
		CHECK(h->offset < h->value && h->value + h->value_len <= h->end);
		CHECK(h->end <= msg->headers_end && msg->bytes[h->end - 1] == '\n');
		CHECK(h->id < SIP_HEADER_ID_COUNT && (h->next == 0 || h->next > i));
		CHECK(h->next < msg->header_count);
		struct span name = span_of(msg->bytes + h->offset, h->name_len);
		if (h->name_len < 255)
			CHECK(sip_header_find(name) == (enum sip_header_id)h->id);
		named += h->id != SIP_HEADER_OTHER;
		at = h->end;
	}
	CHECK(!sound || at == msg->headers_end);
	for (unsigned int id = 1; id < SIP_HEADER_ID_COUNT; id++) {
		const struct sip_header *h = sip_message_find(msg, (enum sip_header_id)id);
		for (; h; h = sip_message_find_next(msg, h), chained++)
			CHECK(h->id == id);
	}
	CHECK(chained == named);
}

/* Every value of every list, and the decoders on it. */
static void values_check(const struct sip_message *msg)
{
	for (unsigned int id = 1; id < SIP_HEADER_ID_COUNT; id++) {
		struct sip_value_cursor at;
		unsigned int count = 0;
		for (bool more = sip_value_first(msg, (enum sip_header_id)id, &at); more;
		     more = sip_value_next(msg, &at), count++) {
			struct sip_via via;
			struct sip_name_addr address;
			struct sip_uri uri;
			struct span value;
			CHECK(count < SIP_DATAGRAM_MAX);
			CHECK(at.offset >= at.row->value &&
			      at.offset + at.value.len <= (size_t)at.row->value + at.row->value_len);
			CHECK(at.value.len == 0 || at.value.data == msg->bytes + at.offset);
			if (sip_via_decode(at.value, &via))
				CHECK(via.host.len && via.transport.len && span_inside(msg, via.params));
			if (!sip_name_addr_decode(at.value, &address))
				continue;
			CHECK(address.uri.len && span_inside(msg, address.params));
			(void)sip_param_find(address.params, SPAN("q"), &value);
			if (sip_uri_decode(address.uri, &uri) && uri.scheme <= SIP_URI_SIPS)
				CHECK(uri.host.len && span_inside(msg, uri.host_port));
		}
		CHECK((count != 0) == (msg->first[id] != 0));
		if (id == SIP_HEADER_VIA)
			CHECK(count == msg->via_values);
	}
}

static void sound_check(const struct sip_message *msg)
{
	CHECK(msg->via_values && msg->has_via && msg->via.host.len);
	CHECK(msg->call_id.len && msg->cseq_number.len && msg->method_token.len);
	CHECK(msg->is_request ? msg->request_uri.len && msg->uri.all.len
			      : msg->status >= 100 && msg->status <= 699);
	CHECK(slice_inside(msg, msg->call_id) && slice_inside(msg, msg->cseq_number));
	CHECK(slice_inside(msg, msg->from_tag) && slice_inside(msg, msg->to_tag));
	CHECK(slice_inside(msg, msg->method_token) && slice_inside(msg, msg->request_uri));
	CHECK(slice_inside(msg, msg->reason_phrase) && span_inside(msg, msg->via.value));
	CHECK(span_inside(msg, msg->via.branch) && span_inside(msg, msg->via.sent_by));
	CHECK(msg->body > msg->headers_end && msg->body <= msg->len);
	CHECK(!msg->is_request || sip_message_is_answerable(msg) == (msg->method != SIP_METHOD_ACK));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sip_message first, msg;
	const char *bytes = (const char *)data;
	enum verdict_reason expected = VERDICT_REASON_NONE;

	if (size > SIP_DATAGRAM_MAX + 1)
		return 0;
	for (int kind = 0; kind < SIP_INDEX_KINDS; kind++) {
		struct span call_id = SPAN_EMPTY;
		if (!sip_index_use((enum sip_index_kind)kind))
			continue;
		enum verdict_reason reason = sip_message_parse(&msg, bytes, (uint32_t)size);
		bool peeked = sip_message_peek_call_id(bytes, (uint32_t)size, &call_id);
		CHECK(!peeked || (call_id.data >= bytes && call_id.data + call_id.len <= bytes + size));
		if (reason == VERDICT_REASON_NONE)
			CHECK(peeked && span_equal(call_id, sip_slice_span(&msg, msg.call_id)) &&
			      call_id.data == msg.bytes + msg.call_id.offset);
		if (kind == SIP_INDEX_SCALAR) {
			first = msg;
			expected = reason;
			table_check(&msg, reason == VERDICT_REASON_NONE);
			values_check(&msg);
			if (reason == VERDICT_REASON_NONE)
				sound_check(&msg);
		}
		CHECK(reason == expected && msg.header_count == first.header_count);
		CHECK(msg.len == first.len && msg.body == first.body && msg.bytes == first.bytes);
		CHECK(msg.headers_end == first.headers_end && msg.status == first.status);
		CHECK(memcmp(msg.headers, first.headers,
			     msg.header_count * sizeof(msg.headers[0])) == 0);
		CHECK(memcmp(msg.first, first.first, sizeof(msg.first)) == 0);
		CHECK(slice_equal(msg.from_tag, first.from_tag) &&
		      slice_equal(msg.to_tag, first.to_tag) && msg.cseq == first.cseq);
		CHECK(sip_message_is_answerable(&msg) == sip_message_is_answerable(&first));
	}
	return 0;
}
