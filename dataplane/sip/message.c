/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser: rows out of the structural index, then what every proxy decision needs; see
 * message.h.  An error does not end it: a 400 is built out of the rows and the Via found.
 */
#include "sip/message.h"

#include "sip/chars.h"
#include "sip/index.h"
#include "sip/parse.h"
#include "sip/rows.h"
#include "sip/start_line.h"

/* Keeps the first reason: checks run in the order in which their answers matter. */
static ALWAYS_INLINE void reason_note(enum verdict_reason *first, enum verdict_reason reason)
{
	if (UNLIKELY(reason != VERDICT_REASON_NONE) && *first == VERDICT_REASON_NONE)
		*first = reason;
}

static struct sip_slice slice_of(const struct sip_message *msg, struct span s)
{
	return (struct sip_slice){ (uint16_t)(s.data - msg->bytes), (uint16_t)s.len };
}

static enum verdict_reason start_line_take(struct sip_message *msg)
{
	uint32_t end = msg->start_line_end - 1u;

	if (end && msg->bytes[end - 1] == '\r')
		end--;
	return sip_start_line_parse(msg, end);
}

/*
 * A control character may stand in the head only escaped in a quoted string (RFC 3261 §25.1
 * quoted-pair; RFC 4475 §3.1.1.2 has a NUL there).
 */
static bool controls_are_escaped(const struct sip_message *msg)
{
	if (sip_index_find_controls(msg->bytes, msg->start_line_end))
		return false;
	for (uint32_t row = 0; row < msg->header_count; row++) {
		const struct sip_header *header = &msg->headers[row];
		const char *p = msg->bytes + header->offset;
		const char *end = msg->bytes + header->end;
		bool quoted = false;
		for (; p < end; p++) {
			if (quoted && *p == '\\' && p + 1 < end && p[1] != '\r' && p[1] != '\n')
				p++;
			else if (*p == '"')
				quoted = !quoted;
			else if (*p == '\r' ? p[1] != '\n'
					    : !sip_char_is(*p, SIP_CHAR_WORD | SIP_CHAR_LWS))
				return false;
		}
	}
	return true;
}

/* The one row of a header field that must stand exactly once; NULL and the reason if not. */
static const struct sip_header *single_find(const struct sip_message *msg, enum sip_header_id id,
					    enum verdict_reason missing,
					    enum verdict_reason *reason)
{
	const struct sip_header *header = sip_message_find(msg, id);

	if (UNLIKELY(!header))
		reason_note(reason, missing);
	else if (UNLIKELY(header->next))
		reason_note(reason, REASON_DUPLICATE_HEADER);
	return header;
}

/* The top Via, and how many values there are. */
static enum verdict_reason via_take(struct sip_message *msg)
{
	const struct sip_header *row = sip_message_find(msg, SIP_HEADER_VIA);
	enum verdict_reason reason = VERDICT_REASON_NONE;
	bool is_sip_2 = false;

	if (UNLIKELY(!row)) {
		sip_clear(&msg->via, sizeof(msg->via));
		return REASON_VIA_MISSING;
	}
	for (; row; row = sip_message_find_next(msg, row)) {
		uint32_t end = (uint32_t)row->value + row->value_len;
		for (uint32_t at = row->value;; at++) {
			uint32_t stop = sip_value_end(msg->bytes, at, end, msg->len);
			struct span value = span_trim(span_of(msg->bytes + at, stop - at));
			/* §7.3.1 knows no empty element of a list. */
			if (value.len == 0)
				reason_note(&reason, REASON_VIA_SYNTAX);
			if (msg->via_values++ == 0) {
				if (!sip_via_parse(value, msg->bytes + msg->len, &msg->via,
						   &is_sip_2))
					reason_note(&reason, REASON_VIA_SYNTAX);
				/* Who sent it is known: that is enough for an answer. */
				msg->has_via = msg->via.sent_by.len != 0;
			}
			at = stop;
			if (stop == end)
				break;
		}
	}
	if (!msg->has_via || !is_sip_2)
		return REASON_VIA_SYNTAX;
	if (msg->via.has_cookie && msg->via.branch.len == 7)
		reason_note(&reason, REASON_BRANCH_EMPTY);
	return reason;
}

static ALWAYS_INLINE enum verdict_reason tag_take(struct sip_message *msg, enum sip_header_id id,
						  enum verdict_reason missing,
						  enum verdict_reason syntax,
						  struct sip_slice *slice)
{
	enum verdict_reason reason = VERDICT_REASON_NONE;
	const struct sip_header *header = single_find(msg, id, missing, &reason);
	struct span tag;

	if (!header)
		return reason;
	if (!sip_tag_parse(sip_header_value(msg, header), msg->bytes + msg->len, &tag))
		reason_note(&reason, syntax);
	else if (tag.len)
		*slice = slice_of(msg, tag);
	return reason;
}

static enum verdict_reason call_id_take(struct sip_message *msg)
{
	enum verdict_reason reason = VERDICT_REASON_NONE;
	const struct sip_header *header =
		single_find(msg, SIP_HEADER_CALL_ID, REASON_CALL_ID_MISSING, &reason);

	if (!header)
		return reason;
	/* Opaque, compared octet by octet (§20.8): any character but blanks and controls. */
	struct span value = sip_header_value(msg, header);
	msg->call_id = slice_of(msg, value);
	const char *end = value.data + value.len;
	if (value.len == 0 ||
	    sip_scan(value.data, end, msg->bytes + msg->len, SIP_CHAR_WORD) != end)
		reason_note(&reason, REASON_CALL_ID_SYNTAX);
	return reason;
}

static enum verdict_reason cseq_decode(struct sip_message *msg, struct span value)
{
	const char *end = value.data + value.len;
	const char *p = value.data;
	uint64_t number = 0;

	for (; p < end && sip_char_is(*p, SIP_CHAR_DIGIT); p++) {
		number = number * 10 + (uint64_t)(*p - '0');
		if (number > UINT32_MAX)
			return REASON_CSEQ_SYNTAX;
	}
	const char *token = sip_skip_lws(p, end);
	if (p == value.data || token == p || sip_skip(token, end, SIP_CHAR_TOKEN) != end)
		return REASON_CSEQ_SYNTAX;
	msg->cseq = (uint32_t)number;
	msg->cseq_number = slice_of(msg, span_of(value.data, (size_t)(p - value.data)));
	struct span method = span_of(token, (size_t)(end - token));
	if (method.len == 0)
		return REASON_CSEQ_SYNTAX;
	if (msg->method_token.len == 0) {
		msg->method_token = slice_of(msg, method);
		msg->method = (uint8_t)sip_method_find(method);
	} else if (!span_equal(method, sip_slice_span(msg, msg->method_token))) {
		return REASON_CSEQ_METHOD;
	}
	return VERDICT_REASON_NONE;
}

static enum verdict_reason cseq_take(struct sip_message *msg)
{
	enum verdict_reason reason = VERDICT_REASON_NONE;
	const struct sip_header *header =
		single_find(msg, SIP_HEADER_CSEQ, REASON_CSEQ_MISSING, &reason);

	if (header)
		reason_note(&reason, cseq_decode(msg, sip_header_value(msg, header)));
	return reason;
}

/* Digits only, saturated at `max`.  False when there is another character, or none at all. */
static bool number_parse(struct span s, uint32_t max, uint32_t *out)
{
	uint32_t number = 0;

	for (size_t i = 0; i < s.len; i++) {
		uint32_t digit = (uint32_t)(uint8_t)s.data[i] - '0';
		if (digit > 9)
			return false;
		number = MIN(number * 10 + digit, max);
	}
	*out = number;
	return s.len != 0;
}

/* Above 255 counts as 255 (RFC 4475 §3.1.2.4 lets it pass).  Means nothing in a response. */
static enum verdict_reason max_forwards_take(struct sip_message *msg)
{
	const struct sip_header *header = sip_message_find(msg, SIP_HEADER_MAX_FORWARDS);
	enum verdict_reason reason = VERDICT_REASON_NONE;
	uint32_t number;

	if (!header || !msg->is_request)
		return reason;
	if (header->next)
		reason_note(&reason, REASON_DUPLICATE_HEADER);
	if (!number_parse(sip_header_value(msg, header), 255, &number))
		reason_note(&reason, REASON_MAX_FORWARDS_SYNTAX);
	else
		msg->max_forwards = (int16_t)number;
	return reason;
}

/* §18.3: what the datagram holds past Content-Length is not part of the message. */
static enum verdict_reason content_length_take(struct sip_message *msg)
{
	const struct sip_header *header = sip_message_find(msg, SIP_HEADER_CONTENT_LENGTH);
	uint32_t number;

	if (!header)
		return VERDICT_REASON_NONE;
	msg->has_content_length = true;
	if (header->next)
		return REASON_DUPLICATE_HEADER;
	if (!number_parse(sip_header_value(msg, header), SIP_DATAGRAM_MAX + 1, &number))
		return REASON_CONTENT_LENGTH_SYNTAX;
	if (number > msg->len - msg->body)
		return REASON_BODY_SHORT;
	msg->len = msg->body + number;
	return VERDICT_REASON_NONE;
}

static_assert(offsetof(struct sip_message, via) % 8 == 0);

/* Everything but the rows, and Via and URI, whose decoders begin with zeroing them. */
static ALWAYS_INLINE void message_init(struct sip_message *msg, const char *bytes, uint32_t len)
{
	sip_clear(msg, offsetof(struct sip_message, via));
	msg->bytes = bytes;
	msg->len = len;
	msg->body = len;
	msg->max_forwards = -1;
}

static void body_find(struct sip_message *msg, const struct sip_index *index)
{
	msg->headers_end = (uint16_t)index->head_end;
	if (!index->complete)
		return;
	msg->body = index->head_end + (msg->bytes[index->head_end] == '\r' ? 2 : 1);
}

/* Not even a start line: what the decoders would have zeroed. */
static enum verdict_reason nothing_found(struct sip_message *msg, enum verdict_reason reason)
{
	sip_clear(&msg->via, sizeof(msg->via));
	sip_clear(&msg->uri, sizeof(msg->uri));
	return reason;
}

enum verdict_reason sip_message_parse_isa(struct sip_message *msg, const char *bytes, uint32_t len)
{
	struct sip_index index;
	enum verdict_reason reason = VERDICT_REASON_NONE;

	while (len && (*bytes == '\r' || *bytes == '\n'))
		bytes++, len--;
	message_init(msg, bytes, len);
	if (len == 0 || len > SIP_DATAGRAM_MAX)
		return nothing_found(msg, REASON_START_LINE);
	sip_index_ops->build(&index, bytes, len);
	body_find(msg, &index);
	if (index.count == 0)
		return nothing_found(msg, REASON_NO_END_OF_HEADERS);

	bool start_line_folded;
	enum verdict_reason rows = sip_rows_parse(msg, &index, &start_line_folded);
	reason_note(&reason, start_line_take(msg));
	if (UNLIKELY(start_line_folded))
		reason_note(&reason, REASON_START_LINE);
	if (UNLIKELY(index.has_controls) && !controls_are_escaped(msg))
		reason_note(&reason, REASON_CONTROL_CHARACTER);
	reason_note(&reason, rows);
	if (UNLIKELY(!index.complete))
		reason_note(&reason, index.too_many ? REASON_TOO_MANY_HEADERS
						    : REASON_NO_END_OF_HEADERS);
	reason_note(&reason, via_take(msg));
	reason_note(&reason, tag_take(msg, SIP_HEADER_FROM, REASON_FROM_MISSING,
				      REASON_FROM_SYNTAX, &msg->from_tag));
	reason_note(&reason, tag_take(msg, SIP_HEADER_TO, REASON_TO_MISSING, REASON_TO_SYNTAX,
				      &msg->to_tag));
	reason_note(&reason, call_id_take(msg));
	reason_note(&reason, cseq_take(msg));
	reason_note(&reason, max_forwards_take(msg));
	reason_note(&reason, content_length_take(msg));
	return reason;
}

const struct sip_parse_ops sip_parse_ops_isa = {
	.message = sip_message_parse_isa,
	.via = sip_via_parse,
	.uri = sip_uri_parse,
	.name_addr = sip_name_addr_parse,
	.value_end = sip_value_end,
};
