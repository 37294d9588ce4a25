/* SPDX-License-Identifier: BSD-3-Clause */
/* See match.h. */
#include "dpdk/match.h"
#include "net/endpoint.h"
#include "sip/message.h"

#define ETHERNET_LEN     14u
#define VLAN_TAGS_MAX    2
#define TYPE_IPV4        0x0800
#define TYPE_IPV6        0x86dd
#define TYPE_VLAN        0x8100
#define TYPE_QINQ        0x88a8
#define PROTOCOL_UDP     17
#define PROTOCOL_FRAGMENT 44
#define UDP_LEN          8u

/* ---- messages */

static struct span skip_line_ends(struct span message)
{
	while (message.len && (*message.data == '\r' || *message.data == '\n'))
		message = span_from(message, 1);
	return message;
}

static struct span token_at(struct span text)
{
	size_t len = 0;

	while (len < text.len && (unsigned char)text.data[len] > ' ')
		len++;
	return span_of(text.data, len);
}

/* The value of a CSeq row is a number and the method. */
static struct span cseq_method(struct span line)
{
	struct span rest = span_from(line, 4);

	while (rest.len && (*rest.data == ' ' || *rest.data == '\t'))
		rest = span_from(rest, 1);
	if (!rest.len || *rest.data != ':')
		return SPAN_EMPTY;
	rest = span_trim(span_from(rest, 1));
	rest = span_from(rest, token_at(rest).len);
	return token_at(span_trim(rest));
}

struct span match_method(struct span message)
{
	struct span rest = skip_line_ends(message);

	if (!span_starts_with(rest, SPAN("SIP/2.0 ")))
		return token_at(rest);
	for (size_t end; (end = span_find(rest, '\n')) < rest.len;) {
		rest = span_from(rest, end + 1);
		/* The end of the head. */
		if (!rest.len || *rest.data == '\r' || *rest.data == '\n')
			break;
		if (span_starts_with_nocase(rest, SPAN("CSeq")))
			return cseq_method(span_of(rest.data, span_find(rest, '\n')));
	}
	return SPAN_EMPTY;
}

struct span match_call_id(struct span message)
{
	struct span call_id;

	if (message.len == 0 || message.len > SIP_DATAGRAM_MAX ||
	    !sip_message_peek_call_id(message.data, (uint32_t)message.len, &call_id))
		return SPAN_EMPTY;
	return call_id;
}

/* ---- frames */

static uint16_t u16_at(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void take_udp(const uint8_t *at, uint32_t len, struct match_frame *out)
{
	if (len < UDP_LEN)
		return;
	out->source_port = u16_at(at);
	out->destination_port = u16_at(at + 2);
	out->payload = span_of(at + UDP_LEN, len - UDP_LEN);
}

static bool take_ipv4(const uint8_t *at, uint32_t len, struct match_frame *out)
{
	const uint32_t head = len ? (at[0] & 0x0fu) * 4u : 0;

	if (len < 20 || head < 20 || head > len)
		return false;
	out->family = IP_V4;
	out->source = at + 12;
	out->destination = at + 16;
	/* What link padding adds is no payload. */
	len = MIN(len, MAX((uint32_t)u16_at(at + 2), head));
	if (at[9] == PROTOCOL_UDP && (u16_at(at + 6) & 0x1fff) == 0)
		take_udp(at + head, len - head, out);
	return true;
}

static bool take_ipv6(const uint8_t *at, uint32_t len, struct match_frame *out)
{
	uint32_t head = 40;

	if (len < head)
		return false;
	out->family = IP_V6;
	out->source = at + 8;
	out->destination = at + 24;
	len = MIN(len, head + u16_at(at + 4));
	uint8_t next = at[6];
	if (next == PROTOCOL_FRAGMENT && len >= head + 8) {
		next = u16_at(at + head + 2) >> 3 ? 0 : at[head];
		head += 8;
	}
	if (next == PROTOCOL_UDP)
		take_udp(at + head, len - head, out);
	return true;
}

bool match_frame_of(const uint8_t *frame, uint32_t len, struct match_frame *out)
{
	uint32_t at = ETHERNET_LEN;

	*out = (struct match_frame){ .family = IP_NONE };
	for (int tags = 0; len >= at; tags++, at += 4) {
		uint16_t type = u16_at(frame + at - 2);
		if (type == TYPE_IPV4)
			return take_ipv4(frame + at, len - at, out);
		if (type == TYPE_IPV6)
			return take_ipv6(frame + at, len - at, out);
		if ((type != TYPE_VLAN && type != TYPE_QINQ) || tags == VLAN_TAGS_MAX)
			return false;
	}
	return false;
}
