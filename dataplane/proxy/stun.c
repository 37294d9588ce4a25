/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * STUN Binding Requests on the SIP port (RFC 5626 §5.4 and §8, RFC 5389): the keep-alive of phones
 * behind NAT, answered with the address that they were seen at, from the port that they asked.
 * Nothing is asked of anybody, so that no other STUN message is awaited.
 *
 * Credentials are neither asked for nor checked (RFC 5626 §8).  The answer is 12 octets longer than
 * the shortest request, 24 over IPv6: nothing worth a forged source.
 */
#include "proxy/engine.h"

#define STUN_HEADER          20u
#define STUN_MESSAGE_MAX     1280u /* RFC 5389 §7.1: SHOULD fit any path */
#define STUN_COOKIE          0x2112a442u
#define STUN_BINDING_REQUEST 0x0001u
#define STUN_BINDING_SUCCESS 0x0101u
#define STUN_BINDING_ERROR   0x0111u
#define STUN_FINGERPRINT_XOR 0x5354554eu /* RFC 5389 §15.5 */
#define STUN_FINGERPRINT_LEN 8u          /* with its header */
#define STUN_UNKNOWN_MAX     16u         /* listed in an error */

enum stun_attribute {
	STUN_MAPPED_ADDRESS = 0x0001,
	STUN_USERNAME = 0x0006,
	STUN_MESSAGE_INTEGRITY = 0x0008,
	STUN_ERROR_CODE = 0x0009,
	STUN_UNKNOWN_ATTRIBUTES = 0x000a,
	STUN_REALM = 0x0014,
	STUN_NONCE = 0x0015,
	STUN_XOR_MAPPED_ADDRESS = 0x0020,
	STUN_COMPREHENSION_OPTIONAL = 0x8000, /* from here on */
	STUN_FINGERPRINT = 0x8028,
};

struct stun_request {
	const unsigned char *bytes;
	uint32_t len;
	bool has_fingerprint;
	uint32_t unknown_count;
	uint16_t unknown[STUN_UNKNOWN_MAX];
};

static uint32_t get16(const unsigned char *at)
{
	return (uint32_t)at[0] << 8 | at[1];
}

static uint32_t get32(const unsigned char *at)
{
	return get16(at) << 16 | get16(at + 2);
}

static unsigned char *put16(unsigned char *at, uint32_t value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
	return at + 2;
}

static unsigned char *put32(unsigned char *at, uint32_t value)
{
	return put16(put16(at, value >> 16), value & 0xffff);
}

/* ITU V.42, four bits at a time. */
static uint32_t crc32(const unsigned char *bytes, uint32_t len)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
		0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	uint32_t crc = UINT32_MAX;

	for (uint32_t i = 0; i < len; i++) {
		crc ^= bytes[i];
		crc = table[crc & 15] ^ crc >> 4;
		crc = table[crc & 15] ^ crc >> 4;
	}
	return ~crc;
}

static bool is_known(uint32_t type)
{
	switch (type) {
	case STUN_MAPPED_ADDRESS:
	case STUN_USERNAME:
	case STUN_MESSAGE_INTEGRITY:
	case STUN_ERROR_CODE:
	case STUN_UNKNOWN_ATTRIBUTES:
	case STUN_REALM:
	case STUN_NONCE:
	case STUN_XOR_MAPPED_ADDRESS:
		return true;
	default:
		return type >= STUN_COMPREHENSION_OPTIONAL;
	}
}

/* The last attribute, over all that is before it (RFC 5389 §15.5). */
static bool fingerprint_holds(const struct stun_request *request, uint32_t at, uint32_t len)
{
	return len == 4 && at + STUN_FINGERPRINT_LEN == request->len &&
	       (crc32(request->bytes, at) ^ STUN_FINGERPRINT_XOR) == get32(request->bytes + at + 4);
}

/* False: malformed. */
static bool read_attributes(struct stun_request *request)
{
	bool is_sealed = false;

	for (uint32_t at = STUN_HEADER; at < request->len;) {
		if (request->len - at < 4)
			return false;
		uint32_t type = get16(request->bytes + at), len = get16(request->bytes + at + 2);
		uint32_t padded = (len + 3) & ~3u;
		if (request->len - at - 4 < padded)
			return false;
		if (type == STUN_FINGERPRINT) {
			request->has_fingerprint = true;
			return fingerprint_holds(request, at, len);
		}
		/* What follows the integrity is not to be looked at (RFC 5389 §15.4). */
		if (!is_sealed && !is_known(type) && request->unknown_count < STUN_UNKNOWN_MAX)
			request->unknown[request->unknown_count++] = (uint16_t)type;
		is_sealed |= type == STUN_MESSAGE_INTEGRITY;
		at += 4 + padded;
	}
	return true;
}

static unsigned char *put_mapped_address(unsigned char *at, const struct stun_request *request,
					 const struct endpoint *source)
{
	size_t size = ip_address_size(&source->address);

	at = put16(at, STUN_XOR_MAPPED_ADDRESS);
	at = put16(at, (uint32_t)(4 + size));
	at = put16(at, source->address.family == IP_V4 ? 1 : 2);
	at = put16(at, source->port ^ STUN_COOKIE >> 16);
	/* Cookie and transaction id stand one behind the other in the header. */
	for (size_t i = 0; i < size; i++)
		*at++ = source->address.bytes[i] ^ request->bytes[4 + i];
	return at;
}

/* 420, without a phrase that nobody reads, and what was not understood. */
static unsigned char *put_error(unsigned char *at, const struct stun_request *request)
{
	at = put32(at, (uint32_t)STUN_ERROR_CODE << 16 | 4);
	at = put32(at, 4 << 8 | 20);
	at = put16(at, STUN_UNKNOWN_ATTRIBUTES);
	at = put16(at, 2 * request->unknown_count);
	for (uint32_t i = 0; i < request->unknown_count; i++)
		at = put16(at, request->unknown[i]);
	return request->unknown_count % 2 ? put16(at, 0) : at;
}

static bool is_listening(const struct balance_snapshot *snapshot, const struct endpoint *local)
{
	for (uint32_t i = 0; i < snapshot->listen_count; i++)
		if (endpoint_equal(&snapshot->listens[i].endpoint, local))
			return true;
	return false;
}

static void answer(struct call *call, const struct stun_request *request)
{
	const struct proxy_datagram *datagram = call->datagram;
	struct text_writer w = call_scratch(call);
	unsigned char *start = (unsigned char *)w.at, *at = start + STUN_HEADER;

	put16(start, request->unknown_count ? STUN_BINDING_ERROR : STUN_BINDING_SUCCESS);
	memcpy(start + 4, request->bytes + 4, STUN_HEADER - 4);
	at = request->unknown_count ? put_error(at, request) :
				      put_mapped_address(at, request, &datagram->source);
	/* The length counts the fingerprint that is about to follow. */
	put16(start + 2, (uint32_t)(at - start) - STUN_HEADER +
				 (request->has_fingerprint ? STUN_FINGERPRINT_LEN : 0));
	if (request->has_fingerprint) {
		uint32_t crc = crc32(start, (uint32_t)(at - start)) ^ STUN_FINGERPRINT_XOR;
		at = put32(put32(at, (uint32_t)STUN_FINGERPRINT << 16 | 4), crc);
	}
	w.at = (char *)at;
	call_send(call, call_scratch_done(call, &w), false, (uint8_t)datagram->interface,
		  &datagram->local, &datagram->source);
}

struct verdict stun_receive(struct call *call)
{
	const struct proxy_datagram *datagram = call->datagram;
	struct stun_request request = { .bytes = (const unsigned char *)datagram->data,
					.len = datagram->len };

	if (request.len < STUN_HEADER || request.len > STUN_MESSAGE_MAX ||
	    get16(request.bytes + 2) != request.len - STUN_HEADER || request.len % 4 != 0 ||
	    get32(request.bytes + 4) != STUN_COOKIE)
		return verdict_of(VERDICT_DROP, REASON_STUN_MALFORMED);
	if (get16(request.bytes) != STUN_BINDING_REQUEST ||
	    !is_listening(call->snapshot, &datagram->local))
		return verdict_of(VERDICT_DROP, REASON_STUN);
	if (!read_attributes(&request))
		return verdict_of(VERDICT_DROP, REASON_STUN_MALFORMED);
	if (!compose_answer_is_usable(call->snapshot, &datagram->source))
		return verdict_of(VERDICT_DROP, REASON_RESPONSE_ADDRESS);
	answer(call, &request);
	return verdict_of(VERDICT_REPLY,
			  request.unknown_count ? REASON_STUN_ATTRIBUTE : REASON_STUN_BINDING);
}
