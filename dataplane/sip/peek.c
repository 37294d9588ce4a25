/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The Call-ID alone, for steering: looks only at lines that may be a Call-ID row or the end of
 * the head.  Judges nothing; see sip_message_peek_call_id in message.h.
 */
#include "sip/chars.h"
#include "sip/index.h"
#include "sip/message.h"

/* Length of "Call-ID" or "i" at [p, end) with the colon after it, or 0. */
static uint32_t name_length(const char *p, const char *end)
{
	const char *at = p;

	if (end - p >= 7 && span_equal_nocase(span_of(p, 7), SPAN("Call-ID")))
		at += 7;
	else if (p < end && (*p | 0x20) == 'i')
		at += 1;
	else
		return 0;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	return at < end && *at == ':' ? (uint32_t)(at + 1 - p) : 0;
}

/* The value that starts at p: to the end of its row, continuation lines included, trimmed. */
static struct span value_of(const char *p, const char *end)
{
	const char *stop = p;

	while (stop < end) {
		const char *lf = memchr(stop, '\n', (size_t)(end - stop));
		stop = lf ? lf + 1 : end;
		if (stop == end || (*stop != ' ' && *stop != '\t'))
			break;
	}
	return span_trim(span_of(p, (size_t)(stop - p)));
}

bool sip_message_peek_call_id(const char *bytes, uint32_t len, struct span *call_id)
{
	const char *end;
	uint32_t at = 0;

	while (len && (*bytes == '\r' || *bytes == '\n'))
		bytes++, len--;
	end = bytes + len;
	for (;;) {
		at = sip_index_ops->find_call_id_line(bytes, len, at);
		if (at >= len || bytes[at] == '\n' ||
		    (bytes[at] == '\r' && at + 1 < len && bytes[at + 1] == '\n'))
			return false;
		uint32_t name = name_length(bytes + at, end);
		if (name) {
			*call_id = value_of(bytes + at + name, end);
			return true;
		}
	}
}
