/* SPDX-License-Identifier: BSD-3-Clause */
/* See sdp.h. */
#include "sip/sdp.h"

/* The next line without its end. */
static struct span line_take(struct span *text)
{
	size_t len = span_find(*text, '\n');
	struct span line = span_of(text->data, len);

	*text = span_from(*text, len < text->len ? len + 1 : len);
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* "m=audio 49170/2 RTP/AVP 0 8": all but the port stays (RFC 3264 §6). */
static void put_media(struct text_writer *w, struct span line)
{
	size_t port = span_find(line, ' ');
	struct span rest = span_from(line, port < line.len ? port + 1 : port);

	text_put(w, span_of(line.data, port));
	text_put(w, SPAN(" 0"));
	text_put(w, span_from(rest, span_find(rest, ' ')));
	text_put(w, SPAN("\r\n"));
}

void sdp_put_rejection(struct text_writer *w, struct span offer)
{
	struct span time = SPAN("t=0 0");

	for (struct span rest = offer; rest.len;) {
		struct span line = line_take(&rest);
		if (span_starts_with(line, SPAN("t="))) {
			time = line; /* RFC 3264 §6: the same as in the offer */
			break;
		}
	}
	/* No address: nothing will be received. */
	text_put(w, SPAN("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\n"));
	text_put(w, time);
	text_put(w, SPAN("\r\n"));
	for (struct span rest = offer; rest.len;) {
		struct span line = line_take(&rest);
		if (span_starts_with(line, SPAN("m=")))
			put_media(w, line);
	}
}
