/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser: rows out of the structural index, then what every proxy decision needs; see
 * message.h.  An error does not end it: a 400 is built out of the rows and the Via found.
 */
#include "sip/message.h"

#include "sip/chars.h"
#include "sip/header_name.h"
#include "sip/index.h"
#include "sip/start_line.h"
#include "sip/tag.h"
#include "sip/values.h"
#include "sip/via_parse.h"

/* Keeps the first reason: checks run in the order in which their answers matter. */
static ALWAYS_INLINE void reason_note(enum verdict_reason *first, enum verdict_reason reason)
{
	if (UNLIKELY(reason != VERDICT_REASON_NONE) && *first == VERDICT_REASON_NONE)
		*first = reason;
}

static ALWAYS_INLINE bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static struct sip_slice slice_of(const struct sip_message *msg, struct span s)
{
	return (struct sip_slice){ (uint16_t)(s.data - msg->bytes), (uint16_t)s.len };
}

/* The name's id.  OTHER must be a token (RFC 3261 §7.3.1): a row that is none could be read as
 * another header field by someone else. */
static ALWAYS_INLINE bool name_find(const char *name, uint32_t len, uint32_t readable,
				    enum sip_header_id *id)
{
	if (LIKELY(readable >= SIP_HEADER_NAME_MAX))
		*id = sip_header_lookup(name, len);
	else
		*id = sip_header_find(span_of(name, len));
	return LIKELY(*id != SIP_HEADER_OTHER) ||
	       (len && sip_skip(name, name + len, SIP_CHAR_TOKEN) == name + len);
}

/* Walks the marks of the index: one row a line that does not continue the one before. */
struct row_walk {
	const char *bytes;
	uint32_t len;
	const uint16_t *mark, *marks_end;
	uint32_t head_end;
	uint8_t last[SIP_HEADER_ID_COUNT]; /* index of the last row of an id; valid if first[id] */
};

/* The mark at `walk` is a colon of the line that began before it. */
static ALWAYS_INLINE bool at_colon(const struct row_walk *walk)
{
	return walk->mark < walk->marks_end && walk->bytes[*walk->mark] == ':' &&
	       walk->bytes[*walk->mark - 1] != '\n';
}

/* Past the continuation lines at `walk` (RFC 3261 §7.3.1); returns the end of the row. */
static ALWAYS_INLINE uint32_t row_finish(struct row_walk *walk, uint8_t *flags)
{
	while (walk->mark < walk->marks_end && UNLIKELY(is_blank(walk->bytes[*walk->mark]))) {
		*flags = SIP_HEADER_FOLDED;
		walk->mark++;
		if (at_colon(walk))
			walk->mark++;
	}
	return walk->mark < walk->marks_end ? *walk->mark : walk->head_end;
}

static ALWAYS_INLINE enum verdict_reason row_take(struct sip_message *msg, struct row_walk *walk)
{
	const char *bytes = walk->bytes;
	uint32_t start = *walk->mark++;
	uint32_t colon = start;
	uint8_t flags = 0;
	enum sip_header_id id;

	bool has_colon = LIKELY(at_colon(walk));
	if (has_colon)
		colon = *walk->mark++;
	uint32_t end = row_finish(walk, &flags);
	if (UNLIKELY(!has_colon))
		return REASON_HEADER_SYNTAX;
	uint32_t name_end = colon;
	while (UNLIKELY(name_end > start && is_blank(bytes[name_end - 1])))
		name_end--;
	uint32_t name_len = name_end - start;
	if (UNLIKELY(!name_find(bytes + start, name_len, walk->len - start, &id)))
		return REASON_HEADER_SYNTAX;
	if (UNLIKELY(msg->header_count == SIP_HEADERS_MAX))
		return REASON_TOO_MANY_HEADERS;

	uint32_t value = colon + 1;
	uint32_t value_end = end;
	while (value_end > value && sip_char_is(bytes[value_end - 1], SIP_CHAR_LWS))
		value_end--;
	while (value < value_end && sip_char_is(bytes[value], SIP_CHAR_LWS))
		value++;

	uint8_t row = (uint8_t)msg->header_count++;
	msg->headers[row] = (struct sip_header){
		.offset = (uint16_t)start,
		.value = (uint16_t)value,
		.value_len = (uint16_t)(value_end - value),
		.end = (uint16_t)end,
		.id = (uint8_t)id,
		.name_len = (uint8_t)MIN(name_len, 255u),
		.next = 0,
		.flags = flags,
	};
	if (msg->first[id] == 0)
		msg->first[id] = (uint8_t)(row + 1);
	else if (id != SIP_HEADER_OTHER)
		msg->headers[walk->last[id]].next = row;
	walk->last[id] = row;
	return VERDICT_REASON_NONE;
}

static enum verdict_reason rows_take(struct sip_message *msg, struct row_walk *walk)
{
	enum verdict_reason first = VERDICT_REASON_NONE;

	while (walk->mark < walk->marks_end) {
		reason_note(&first, row_take(msg, walk));
		if (UNLIKELY(first == REASON_TOO_MANY_HEADERS))
			break;
	}
	return first;
}

static enum verdict_reason start_line_take(struct sip_message *msg, struct row_walk *walk)
{
	uint8_t folded = 0;

	walk->mark++;
	if (at_colon(walk))
		walk->mark++;
	uint32_t end = row_finish(walk, &folded);
	msg->start_line_end = (uint16_t)end;
	end--;
	if (end && msg->bytes[end - 1] == '\r')
		end--;
	enum verdict_reason reason = sip_start_line_parse(msg, end);
	return folded ? REASON_START_LINE : reason;
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
					    : (sip_chars[(uint8_t)*p] == 0 && *p != '<' && *p != '>'))
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

	if (!row)
		return REASON_VIA_MISSING;
	for (; row; row = sip_message_find_next(msg, row)) {
		uint32_t end = (uint32_t)row->value + row->value_len;
		for (uint32_t at = row->value;; at++) {
			uint32_t stop = sip_value_end(msg->bytes, at, end);
			struct span value = span_trim(span_of(msg->bytes + at, stop - at));
			/* §7.3.1 knows no empty element of a list. */
			if (value.len == 0)
				reason_note(&reason, REASON_VIA_SYNTAX);
			if (msg->via_values++ == 0)
				msg->has_via = sip_via_parse(value, &msg->via, &is_sip_2);
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

static enum verdict_reason tag_take(struct sip_message *msg, enum sip_header_id id,
				    enum verdict_reason missing, enum verdict_reason syntax,
				    struct sip_slice *slice)
{
	enum verdict_reason reason = VERDICT_REASON_NONE;
	const struct sip_header *header = single_find(msg, id, missing, &reason);
	struct span tag;

	if (!header)
		return reason;
	if (!sip_tag_find(sip_header_value(msg, header), &tag))
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
	bool clean = value.len != 0;
	for (size_t i = 0; i < value.len; i++)
		clean &= (uint8_t)value.data[i] > ' ' && value.data[i] != 0x7f;
	if (!clean)
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

/* Everything but the rows and the bytes. */
static void message_init(struct sip_message *msg, const char *bytes, uint32_t len)
{
	memset(msg, 0, offsetof(struct sip_message, via));
	memset(&msg->via, 0, sizeof(msg->via));
	memset(&msg->uri, 0, sizeof(msg->uri));
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

enum verdict_reason sip_message_parse(struct sip_message *msg, const char *bytes, uint32_t len)
{
	struct sip_index index;
	enum verdict_reason reason = VERDICT_REASON_NONE;

	while (len && (*bytes == '\r' || *bytes == '\n'))
		bytes++, len--;
	message_init(msg, bytes, len);
	if (len == 0 || len > SIP_DATAGRAM_MAX)
		return REASON_START_LINE;
	sip_index_ops->build(&index, bytes, len);
	body_find(msg, &index);
	if (index.count == 0)
		return REASON_NO_END_OF_HEADERS;

	struct row_walk walk;
	walk.bytes = bytes;
	walk.len = len;
	walk.mark = index.marks;
	walk.marks_end = index.marks + index.count;
	walk.head_end = index.head_end;
	reason_note(&reason, start_line_take(msg, &walk));
	enum verdict_reason rows = rows_take(msg, &walk);
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

bool sip_message_is_answerable(const struct sip_message *msg)
{
	/* No response is sent to an ACK (RFC 3261 §17.1.1.2), nor to what may be one. */
	return msg->is_request && msg->method_token.len && msg->method != SIP_METHOD_ACK &&
	       msg->has_via && msg->first[SIP_HEADER_FROM] && msg->first[SIP_HEADER_TO] &&
	       msg->first[SIP_HEADER_CALL_ID] && msg->first[SIP_HEADER_CSEQ];
}
