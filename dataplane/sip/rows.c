/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The header table; see rows.h.  A row as nearly everyone writes it (a long name that is known,
 * a colon, one space, no fold, no blank at the end) takes a short path without a loop; all others
 * take the general one.  Both put the same into the table.
 */
#include "sip/rows.h"

#include "sip/chars.h"
#include "sip/header_name.h"

struct row_walk {
	struct sip_message *msg;
	const uint16_t *stop; /* marks end here; what follows is the head's end, as a mark */
	uint32_t rows;
	uint8_t last[SIP_HEADER_ID_COUNT]; /* row of an id so far; valid when msg->first[id] */
};

static ALWAYS_INLINE bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static_assert(sizeof(struct sip_header) == 12 && offsetof(struct sip_header, end) == 6 &&
	      offsetof(struct sip_header, id) == 8 && offsetof(struct sip_header, flags) == 11);

/* Appends a row: in two stores, as field by field they are eight. */
static ALWAYS_INLINE void row_put(struct row_walk *walk, uint64_t where, uint32_t id,
				  uint32_t name_len, uint32_t flags)
{
	struct sip_message *msg = walk->msg;
	uint32_t row = walk->rows++;
	uint32_t what = id | name_len << 8 | flags << 24;

	memcpy(&msg->headers[row], &where, sizeof(where));
	memcpy((char *)&msg->headers[row] + sizeof(where), &what, sizeof(what));
	if (msg->first[id] == 0)
		msg->first[id] = (uint8_t)(row + 1);
	else if (id != SIP_HEADER_OTHER)
		msg->headers[walk->last[id]].next = (uint8_t)row;
	walk->last[id] = (uint8_t)row;
}

static ALWAYS_INLINE uint64_t row_where(uint32_t start, uint32_t value, uint32_t value_end,
					uint32_t end)
{
	return (uint64_t)start | (uint64_t)value << 16 | (uint64_t)(value_end - value) << 32 |
	       (uint64_t)end << 48;
}

/* Continuation lines from *at on (§7.3.1); returns the mark after them. */
static NO_INLINE const uint16_t *fold_skip(const char *bytes, const uint16_t *at,
					   const uint16_t *stop)
{
	while (at < stop && is_blank(bytes[*at])) {
		at++;
		/* Its first colon; a line that starts with a colon is no part of it. */
		if (at < stop && bytes[*at] == ':' && bytes[*at - 1] != '\n')
			at++;
	}
	return at;
}

/* The general path: takes the row at `mark`, returns the mark after it. */
static NO_INLINE const uint16_t *row_take(struct row_walk *walk, const uint16_t *mark,
					  enum verdict_reason *reason)
{
	const char *bytes = walk->msg->bytes;
	uint32_t start = *mark++;
	uint32_t colon = *mark;

	if (mark == walk->stop || bytes[colon] != ':') {
		*reason = REASON_HEADER_SYNTAX;
		return fold_skip(bytes, mark, walk->stop);
	}
	const uint16_t *after = fold_skip(bytes, ++mark, walk->stop);

	uint32_t name_len = colon - start;
	while (name_len && is_blank(bytes[start + name_len - 1]))
		name_len--;
	struct span name = span_of(bytes + start, name_len);
	enum sip_header_id id = sip_header_find(name);
	/* A name that is none of the known ones must be a token: what is not could be read as
	 * another header field by someone else. */
	const char *name_end = name.data + name.len;
	if (id == SIP_HEADER_OTHER &&
	    (name.len == 0 || sip_scan(name.data, name_end, bytes + walk->msg->len,
				       SIP_CHAR_TOKEN) != name_end)) {
		*reason = REASON_HEADER_SYNTAX;
		return after;
	}
	if (walk->rows == SIP_HEADERS_MAX) {
		*reason = REASON_TOO_MANY_HEADERS;
		return walk->stop;
	}
	uint32_t value = colon + 1;
	uint32_t value_end = *after;
	while (value_end > value && sip_char_is(bytes[value_end - 1], SIP_CHAR_LWS))
		value_end--;
	while (value < value_end && sip_char_is(bytes[value], SIP_CHAR_LWS))
		value++;
	row_put(walk, row_where(start, value, value_end, *after), id, MIN(name_len, 255u),
		after == mark ? 0 : SIP_HEADER_FOLDED);
	return after;
}

enum verdict_reason sip_rows_parse(struct sip_message *msg, struct sip_index *index,
				   bool *start_line_folded)
{
	const char *bytes = msg->bytes;
	const uint16_t *mark = index->marks + 1;
	const uint16_t *stop = index->marks + index->count;
	enum verdict_reason reason = VERDICT_REASON_NONE;
	struct row_walk walk;
	/* Names that start before it can be loaded whole. */
	uint32_t names_end = msg->len > SIP_HEADER_NAME_MAX ? msg->len - SIP_HEADER_NAME_MAX : 0;

	walk.msg = msg;
	walk.stop = stop;
	walk.rows = 0;
	index->marks[index->count] = (uint16_t)index->head_end;

	if (mark < stop && bytes[*mark] == ':' && bytes[*mark - 1] != '\n')
		mark++;
	const uint16_t *after = fold_skip(bytes, mark, stop);
	*start_line_folded = after != mark;
	msg->start_line_end = *after;

	for (mark = after; mark < stop;) {
		if (LIKELY(mark + 1 < stop)) {
			uint32_t start = mark[0], colon = mark[1], end = mark[2];
			const char *value = bytes + colon;
			const char *tail = bytes + end;
			uint32_t id = SIP_HEADER_OTHER;

			/* The last row is followed by no name; its end may be the datagram's. */
			if (LIKELY(start < names_end && *value == ':' && value[1] == ' ' &&
				   (uint8_t)value[2] > ' ' && tail[-2] == '\r' &&
				   (uint8_t)tail[-3] > ' ' &&
				   (mark + 2 == stop || (uint8_t)*tail > ' ')))
				id = sip_header_match(bytes + start, colon - start);
			if (LIKELY(id != SIP_HEADER_OTHER && walk.rows < SIP_HEADERS_MAX)) {
				row_put(&walk, row_where(start, colon + 2, end - 2, end), id,
					colon - start, 0);
				mark += 2;
				continue;
			}
		}
		mark = row_take(&walk, mark, &reason);
	}
	msg->header_count = (uint16_t)walk.rows;
	return reason;
}
