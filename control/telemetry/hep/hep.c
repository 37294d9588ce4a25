/* SPDX-License-Identifier: BSD-3-Clause */
/* HEPv3 packets; see hep.h. */
#include "telemetry/hep/hep.h"

/* Generic chunk types: those of vendor 0. */
enum hep_chunk {
	HEP_IP_FAMILY = 0x0001,
	HEP_IP_PROTOCOL = 0x0002,
	HEP_IPV4_SOURCE = 0x0003,
	HEP_IPV4_DESTINATION = 0x0004,
	HEP_IPV6_SOURCE = 0x0005,
	HEP_IPV6_DESTINATION = 0x0006,
	HEP_SOURCE_PORT = 0x0007,
	HEP_DESTINATION_PORT = 0x0008,
	HEP_SECONDS = 0x0009,
	HEP_MICROSECONDS = 0x000a,
	HEP_PROTOCOL = 0x000b,
	HEP_CAPTURE_ID = 0x000c,
	HEP_PASSWORD = 0x000e,
	HEP_PAYLOAD = 0x000f,
	HEP_CORRELATION = 0x0011,
	HEP_NODE = 0x0013,
};

/* Values of HEP_IP_FAMILY are the socket constants of the system that HEP grew up on. */
#define HEP_FAMILY_IPV4  2
#define HEP_FAMILY_IPV6  10
#define HEP_PROTOCOL_UDP 17
#define HEP_PROTOCOL_SIP 1
#define HEP_CHUNK_HEAD   6u
#define HEP_HEAD         6u

struct hep_writer {
	uint8_t *at, *end;
	bool overflow;
};

static void put(struct hep_writer *w, const void *bytes, size_t len)
{
	if (w->overflow || (size_t)(w->end - w->at) < len) {
		w->overflow = true;
		return;
	}
	if (len)
		memcpy(w->at, bytes, len);
	w->at += len;
}

static void put_u16(struct hep_writer *w, uint16_t value)
{
	const uint8_t bytes[] = { (uint8_t)(value >> 8), (uint8_t)value };

	put(w, bytes, sizeof(bytes));
}

static void put_chunk(struct hep_writer *w, enum hep_chunk type, const void *value, size_t len)
{
	if (len > UINT16_MAX - HEP_CHUNK_HEAD) {
		w->overflow = true;
		return;
	}
	put_u16(w, 0); /* vendor: none */
	put_u16(w, (uint16_t)type);
	put_u16(w, (uint16_t)(len + HEP_CHUNK_HEAD));
	put(w, value, len);
}

static void put_chunk_u8(struct hep_writer *w, enum hep_chunk type, uint8_t value)
{
	put_chunk(w, type, &value, 1);
}

static void put_chunk_u16(struct hep_writer *w, enum hep_chunk type, uint16_t value)
{
	const uint8_t bytes[] = { (uint8_t)(value >> 8), (uint8_t)value };

	put_chunk(w, type, bytes, sizeof(bytes));
}

static void put_chunk_u32(struct hep_writer *w, enum hep_chunk type, uint32_t value)
{
	const uint8_t bytes[] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16),
				  (uint8_t)(value >> 8), (uint8_t)value };

	put_chunk(w, type, bytes, sizeof(bytes));
}

static void put_chunk_text(struct hep_writer *w, enum hep_chunk type, struct span text, size_t max)
{
	if (text.len)
		put_chunk(w, type, text.data, MIN(text.len, max));
}

static void put_addresses(struct hep_writer *w, const struct hep_message *message)
{
	const struct ip_address *source = &message->source.address;
	const struct ip_address *destination = &message->destination.address;
	const bool is_v6 = source->family == IP_V6;

	put_chunk_u8(w, HEP_IP_FAMILY, is_v6 ? HEP_FAMILY_IPV6 : HEP_FAMILY_IPV4);
	put_chunk_u8(w, HEP_IP_PROTOCOL, HEP_PROTOCOL_UDP);
	put_chunk(w, is_v6 ? HEP_IPV6_SOURCE : HEP_IPV4_SOURCE, source->bytes,
		  ip_address_size(source));
	put_chunk(w, is_v6 ? HEP_IPV6_DESTINATION : HEP_IPV4_DESTINATION, destination->bytes,
		  ip_address_size(destination));
	put_chunk_u16(w, HEP_SOURCE_PORT, message->source.port);
	put_chunk_u16(w, HEP_DESTINATION_PORT, message->destination.port);
}

size_t hep_encode(const struct hep_message *message, uint8_t *out, size_t size)
{
	struct hep_writer w = { .at = out, .end = out + MIN(size, (size_t)HEP_PACKET_MAX) };
	size_t len;

	if (message->source.address.family != message->destination.address.family ||
	    message->source.address.family == IP_NONE)
		return 0;
	put(&w, "HEP3", 4);
	put_u16(&w, 0); /* the length, when it is known */
	put_addresses(&w, message);
	put_chunk_u32(&w, HEP_SECONDS, (uint32_t)(message->time_us / 1000000));
	put_chunk_u32(&w, HEP_MICROSECONDS, (uint32_t)(message->time_us % 1000000));
	put_chunk_u8(&w, HEP_PROTOCOL, HEP_PROTOCOL_SIP);
	put_chunk_u32(&w, HEP_CAPTURE_ID, message->capture_id);
	put_chunk_text(&w, HEP_PASSWORD, message->password, HEP_PASSWORD_MAX);
	put_chunk_text(&w, HEP_CORRELATION, message->correlation, HEP_CORRELATION_MAX);
	put_chunk_text(&w, HEP_NODE, message->node, HEP_NODE_MAX);
	put_chunk(&w, HEP_PAYLOAD, message->payload.data, message->payload.len);
	if (w.overflow)
		return 0;
	len = (size_t)(w.at - out);
	out[4] = (uint8_t)(len >> 8);
	out[5] = (uint8_t)len;
	return len;
}
