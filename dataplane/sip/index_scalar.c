/* SPDX-License-Identifier: BSD-3-Clause */
/* The structural index, a byte at a time: the oracle that the others are tested against. */
#include "sip/index.h"

bool sip_index_find_controls(const char *bytes, uint32_t end)
{
	for (uint32_t i = 0; i < end; i++) {
		uint8_t c = (uint8_t)bytes[i];
		if (c == '\r' ? i + 1 == end || bytes[i + 1] != '\n'
			      : (c < ' ' && c != '\t' && c != '\n') || c == 0x7f)
			return true;
	}
	return false;
}

/* Adds a mark, or tells that there is no room. */
static bool mark_add(struct sip_index *index, uint32_t at)
{
	if (index->count == SIP_INDEX_MARKS_MAX) {
		index->too_many = true;
		index->head_end = at;
		return false;
	}
	index->marks[index->count++] = (uint16_t)at;
	return true;
}

static void build(struct sip_index *index, const char *bytes, uint32_t len)
{
	uint32_t at = 0;

	index->count = 0;
	index->complete = false;
	index->too_many = false;
	for (;;) {
		const char *lf = at < len ? memchr(bytes + at, '\n', len - at) : NULL;
		if (!lf)
			break;
		uint32_t next = (uint32_t)(lf - bytes) + 1;
		uint32_t length = next - at;
		if (length == 1 || (length == 2 && bytes[at] == '\r')) {
			index->complete = true;
			break;
		}
		const char *colon = memchr(bytes + at + 1, ':', length - 1);
		if (!mark_add(index, at) || (colon && !mark_add(index, (uint32_t)(colon - bytes))))
			break;
		at = next;
	}
	if (!index->too_many)
		index->head_end = at;
	index->has_controls = sip_index_find_controls(bytes, index->head_end);
}

static uint32_t find_call_id_line(const char *bytes, uint32_t len, uint32_t from)
{
	while (from < len) {
		const char *lf = memchr(bytes + from, '\n', len - from);
		if (!lf)
			break;
		from = (uint32_t)(lf - bytes) + 1;
		if (from == len)
			break;
		char c = (char)(bytes[from] | 0x20);
		if (c == 'c' || c == 'i' || bytes[from] == '\n' || bytes[from] == '\r')
			return from;
	}
	return len;
}

const struct sip_index_ops sip_index_scalar = {
	.name = "scalar",
	.build = build,
	.find_call_id_line = find_call_id_line,
};
