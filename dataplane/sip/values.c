/* SPDX-License-Identifier: BSD-3-Clause */
/* The cursor over the values of a list header; see message.h. */
#include "sip/isa.h"

/* Takes the value that starts at `from` in the cursor's row. */
static void value_take(const struct sip_message *msg, struct sip_value_cursor *at, uint32_t from)
{
	uint32_t row_end = (uint32_t)at->row->value + at->row->value_len;
	uint32_t end = sip_parse_ops->value_end(msg->bytes, from, row_end, msg->len);

	at->value = span_trim(span_of(msg->bytes + from, end - from));
	at->offset = (uint16_t)(at->value.data - msg->bytes);
	at->last_in_row = end >= row_end;
	at->scan = (uint16_t)(at->last_in_row ? row_end : end + 1);
}

bool sip_value_first(const struct sip_message *msg, enum sip_header_id id,
		     struct sip_value_cursor *at)
{
	at->row = sip_message_find(msg, id);
	if (!at->row)
		return false;
	at->first_in_row = true;
	value_take(msg, at, at->row->value);
	return true;
}

bool sip_value_next(const struct sip_message *msg, struct sip_value_cursor *at)
{
	if (!at->last_in_row) {
		at->first_in_row = false;
		value_take(msg, at, at->scan);
		return true;
	}
	const struct sip_header *row = sip_message_find_next(msg, at->row);
	if (!row)
		return false;
	at->row = row;
	at->first_in_row = true;
	value_take(msg, at, row->value);
	return true;
}
