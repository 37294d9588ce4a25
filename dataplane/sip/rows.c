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

/* Chains row number `row` to the one of its id before. */
static ALWAYS_INLINE void row_chain(struct row_walk *walk, uint32_t row, uint32_t id)
{
	struct sip_message *msg = walk->msg;

	if (msg->first[id] == 0)
		msg->first[id] = (uint8_t)(row + 1);
	else
		msg->headers[walk->last[id]].next = (uint8_t)row;
	walk->last[id] = (uint8_t)row;
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
	walk->msg->headers[walk->rows] = (struct sip_header){
		.offset = (uint16_t)start,
		.value = (uint16_t)value,
		.value_len = (uint16_t)(value_end - value),
		.end = *after,
		.id = (uint8_t)id,
		.name_len = (uint8_t)MIN(name_len, 255u),
		.flags = after == mark ? 0 : SIP_HEADER_FOLDED,
	};
	row_chain(walk, walk->rows++, id);
	return after;
}

/* Where the short path ends: it reads a vector at a name, needs a mark behind the row that it
 * may look at, and each of its rows takes two marks, so that the table cannot overflow. */
static const uint16_t *short_path_end(const struct sip_message *msg, const struct sip_index *index,
				      const uint16_t *first)
{
	uint32_t names_end = msg->len > SIP_HEADER_VECTOR ? msg->len - SIP_HEADER_VECTOR : 0;
	uint32_t kept_back = index->complete ? 1 : 3;
	uint32_t count = index->count > kept_back ? index->count - kept_back : 0;
	const uint16_t *end = index->marks + count;

	end = MIN(end, first + 2 * SIP_HEADERS_MAX - 1);
	while (end > first && end[-1] > names_end)
		end--;
	return end;
}

static_assert(sizeof(struct sip_header) == 12 && offsetof(struct sip_header, offset) == 0 &&
	      offsetof(struct sip_header, value) == 2 &&
	      offsetof(struct sip_header, value_len) == 4 &&
	      offsetof(struct sip_header, end) == 6 && offsetof(struct sip_header, id) == 8 &&
	      offsetof(struct sip_header, name_len) == 9);

/* Writes a header whose value begins two bytes after its colon and ends two before its end, from
 * its three marks: they and the table's offsets are four numbers of 16 bits alike. */
static ALWAYS_INLINE void header_put(struct sip_header *header, const uint16_t *mark, uint32_t id,
				     uint32_t name_len)
{
	const __m128i placed = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 4, 5, -1, -1, -1, -1, -1, -1, -1, -1);
	const __m128i colons = _mm_setr_epi8(-1, -1, -1, -1, 2, 3, -1, -1, -1, -1, -1, -1, -1, -1,
					     -1, -1);
	const __m128i moved = _mm_setr_epi16(0, 2, -4, 0, 0, 0, 0, 0);
	__m128i marks = _mm_loadl_epi64((const __m128i *)(const void *)mark);
	__m128i where = _mm_sub_epi16(_mm_shuffle_epi8(marks, placed),
				      _mm_shuffle_epi8(marks, colons));
	uint32_t what = id | name_len << 8;

	_mm_storel_epi64((__m128i *)(void *)header, _mm_add_epi16(where, moved));
	memcpy((char *)header + 8, &what, sizeof(what));
}

/* The row at `mark` when it is as nearly everyone writes it; false, and nothing done, when not. */
static ALWAYS_INLINE bool row_take_short(struct row_walk *walk, const char *bytes, uint32_t row,
					 const uint16_t *mark)
{
	uint32_t start = mark[0], colon = mark[1];
	const char *value = bytes + colon;
	const char *tail = bytes + mark[2];
	uint16_t separator;
	uint32_t id;

	memcpy(&separator, value, sizeof(separator));
	/* What a line may begin with that is taken for a blank here, goes the long way. */
	if (UNLIKELY(separator != (':' | ' ' << 8) || (uint8_t)value[2] <= ' ' ||
		     tail[-2] != '\r' || (uint8_t)tail[-3] <= ' ' ||
		     ((*tail ^ '\t') & ~('\t' ^ ' ')) == 0))
		return false;
	if (UNLIKELY(!sip_header_match(bytes + start, colon - start, &id)))
		return false;
	header_put(&walk->msg->headers[row], mark, id, colon - start);
	row_chain(walk, row, id);
	return true;
}

enum verdict_reason sip_rows_parse(struct sip_message *msg, struct sip_index *index,
				   bool *start_line_folded)
{
	const char *bytes = msg->bytes;
	const uint16_t *mark = index->marks + 1;
	const uint16_t *stop = index->marks + index->count;
	enum verdict_reason reason = VERDICT_REASON_NONE;
	struct row_walk walk;

	walk.msg = msg;
	walk.stop = stop;
	walk.rows = 0;
	index->marks[index->count] = (uint16_t)index->head_end;

	if (mark < stop && bytes[*mark] == ':' && bytes[*mark - 1] != '\n')
		mark++;
	const uint16_t *after = fold_skip(bytes, mark, stop);
	*start_line_folded = after != mark;
	msg->start_line_end = *after;

	const uint16_t *short_end = short_path_end(msg, index, after);
	for (mark = after; mark < stop;) {
		uint32_t row = walk.rows;
		while (mark < short_end && row_take_short(&walk, bytes, row, mark)) {
			mark += 2;
			row++;
		}
		walk.rows = row;
		if (mark < stop)
			mark = row_take(&walk, mark, &reason);
	}
	msg->header_count = (uint16_t)walk.rows;
	return reason;
}
