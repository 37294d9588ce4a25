/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The route token; see cookie.h.
 *
 *	octet 0   version (4 bits), flags (4 bits)
 *	octet 1   key id
 *	octet 2   ingress (4 bits), egress (4 bits)
 *	1 or 2    service
 *	6 or 18   the creator's address and port, when flagged
 *	8         MAC
 *
 * 12 octets, 16 characters, without a source.
 */
#include "balance/cookie.h"
#include "balance/cookie_wire.h"

#define ROUTE_TOKEN_VERSION   1
#define ROUTE_TOKEN_INNER     0x8
#define ROUTE_TOKEN_SOURCE_V4 0x4
#define ROUTE_TOKEN_SOURCE_V6 0x2
#define ROUTE_TOKEN_WIDE      0x1 /* two octets of service */
#define ROUTE_TOKEN_BYTES_MAX (3 + 2 + 18 + COOKIE_MAC_BYTES)

static_assert(BALANCE_INTERFACES_MAX <= 16, "interfaces travel as four bits");
static_assert((ROUTE_TOKEN_BYTES_MAX * 4 + 2) / 3 <= ROUTE_TOKEN_TEXT_MAX);
static_assert(ROUTE_TOKEN_BYTES_MAX <= COOKIE_BYTES_MAX);

/* Tags are tokens and compare without case (RFC 3261 §7.3.1), Call-IDs with it (§20.8). */
static struct hash_stream token_mac_start(const struct hash_key *key, struct span bytes,
					  struct span call_id)
{
	return cookie_mac_start(key, SPAN("route"), bytes, call_id);
}

void route_token_encode(const struct balance_snapshot *snapshot, const struct route_token *token,
			struct span call_id, struct span creator_tag, struct text_writer *w)
{
	const struct balance_route_key *key = &snapshot->route_keys[0];
	bool v4 = token->has_source && token->source.address.family == IP_V4;
	bool v6 = token->has_source && token->source.address.family == IP_V6;
	bool wide = token->service > UINT8_MAX;
	struct cookie_bytes out;

	if (snapshot->route_key_count == 0 || token->ingress >= BALANCE_INTERFACES_MAX ||
	    token->egress >= BALANCE_INTERFACES_MAX) {
		w->overflow = true;
		return;
	}
	out.len = 0;
	cookie_put(&out,
		   (ROUTE_TOKEN_VERSION << 4) | (token->inner ? ROUTE_TOKEN_INNER : 0u) |
			   (v4 ? ROUTE_TOKEN_SOURCE_V4 : 0u) | (v6 ? ROUTE_TOKEN_SOURCE_V6 : 0u) |
			   (wide ? ROUTE_TOKEN_WIDE : 0u),
		   1);
	cookie_put(&out, key->id, 1);
	cookie_put(&out, (uint64_t)(token->ingress << 4 | token->egress), 1);
	cookie_put(&out, token->service, wide ? 2 : 1);
	if (v4 || v6) {
		cookie_put_address(&out, &token->source.address);
		cookie_put(&out, token->source.port, 2);
	}
	struct hash_stream mac = token_mac_start(&key->key, span_of(out.bytes, out.len), call_id);
	cookie_put(&out, cookie_mac_end(mac, creator_tag), COOKIE_MAC_BYTES);
	text_put_base64url(w, span_of(out.bytes, out.len));
}

/* Whose tag the MAC was made with, under any of the keys with the token's key id. */
static enum route_token_side token_side(const struct balance_snapshot *snapshot, uint8_t key_id,
					struct span bytes, uint64_t mac, struct span call_id,
					struct span from_tag, struct span to_tag)
{
	uint32_t count = MIN(snapshot->route_key_count, (uint32_t)BALANCE_ROUTE_KEYS_MAX);

	for (uint32_t i = 0; i < count; i++) {
		const struct balance_route_key *key = &snapshot->route_keys[i];
		if (key->id != key_id)
			continue;
		struct hash_stream start = token_mac_start(&key->key, bytes, call_id);
		if (cookie_mac_end(start, from_tag) == mac)
			return ROUTE_TOKEN_FROM_CREATOR;
		if (cookie_mac_end(start, to_tag) == mac)
			return ROUTE_TOKEN_TO_CREATOR;
	}
	return ROUTE_TOKEN_FORGED;
}

enum route_token_side route_token_decode(const struct balance_snapshot *snapshot, struct span text,
					 struct span call_id, struct span from_tag,
					 struct span to_tag, struct route_token *token)
{
	uint8_t bytes[ROUTE_TOKEN_BYTES_MAX];
	int len = text_parse_base64url(text, bytes, sizeof(bytes));

	if (len <= 3 + COOKIE_MAC_BYTES || bytes[0] >> 4 != ROUTE_TOKEN_VERSION)
		return ROUTE_TOKEN_FORGED;
	struct cookie_reader mac = { .at = bytes + len - COOKIE_MAC_BYTES, .end = bytes + len };
	struct cookie_reader in = { .at = bytes, .end = mac.at };
	enum route_token_side side =
		token_side(snapshot, bytes[1], span_of(bytes, (size_t)(in.end - in.at)),
			   cookie_get(&mac, COOKIE_MAC_BYTES), call_id, from_tag, to_tag);
	if (side == ROUTE_TOKEN_FORGED)
		return side;

	struct route_token out = { 0 };
	unsigned int flags = (unsigned int)cookie_get(&in, 1) & 15;
	(void)cookie_get(&in, 1);
	unsigned int interfaces = (unsigned int)cookie_get(&in, 1);
	out.ingress = (uint8_t)(interfaces >> 4);
	out.egress = (uint8_t)(interfaces & 15);
	out.inner = flags & ROUTE_TOKEN_INNER;
	out.service = (uint16_t)cookie_get(&in, flags & ROUTE_TOKEN_WIDE ? 2 : 1);
	if (flags & (ROUTE_TOKEN_SOURCE_V4 | ROUTE_TOKEN_SOURCE_V6)) {
		out.has_source = true;
		cookie_get_address(&in, flags & ROUTE_TOKEN_SOURCE_V4 ? IP_V4 : IP_V6,
				   &out.source.address);
		out.source.port = (uint16_t)cookie_get(&in, 2);
	}
	if (in.bad || in.at != in.end)
		return ROUTE_TOKEN_FORGED;
	*token = out;
	return side;
}
