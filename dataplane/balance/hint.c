/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The hint in our Via; see cookie.h.
 *
 *	octet 0   version (4 bits), flags (4 bits)
 *	octet 1   ingress (4 bits), own address on it (3 bits), answer port 5060 (1 bit)
 *	octet 2   attempt
 *	1 to 3    shard, varying          1 to 3    instance, varying
 *	4         epoch                   4         second of sending
 *	1 to 5    slot, varying           1 to 5    generation, varying   (not when stateless)
 *	4 or 16   the address to answer to
 *	0 or 2    its port                0 or 2    own port
 *	8         MAC
 *
 * About 30 octets, 40 characters, over IPv4.
 */
#include "balance/cookie.h"
#include "balance/cookie_wire.h"
#include "balance/interface.h"

#define HINT_VERSION     1
#define HINT_STATELESS   0x8
#define HINT_V6          0x4
#define HINT_LOCAL_PORT  0x2 /* the own port is not 5060 and follows */
#define HINT_NO_LOCAL    0x1 /* the own address was none of the interface's */
#define HINT_ANSWER_5060 0x1
#define HINT_SIP_PORT    5060
#define HINT_BYTES_MAX   (3 + 3 + 3 + 4 + 4 + 5 + 5 + 16 + 2 + 2 + COOKIE_MAC_BYTES)
#define HINT_BYTES_MIN   (3 + 1 + 1 + 4 + 4 + 4 + COOKIE_MAC_BYTES)

static_assert(BALANCE_INTERFACES_MAX <= 16, "the interface travels as four bits");
static_assert(BALANCE_ADDRESSES_MAX <= 8, "the own address travels as three bits");
static_assert((HINT_BYTES_MAX * 4 + 2) / 3 <= VIA_HINT_TEXT_MAX);
static_assert(HINT_BYTES_MAX <= COOKIE_BYTES_MAX);

static uint64_t hint_mac(const struct balance_snapshot *snapshot, struct span bytes,
			 struct span branch)
{
	return cookie_mac_end(
		cookie_mac_start(&snapshot->hint_key, SPAN("hint"), bytes, SPAN_EMPTY), branch);
}

/* Which of the interface's addresses the request came to; false: none of them. */
static bool local_find(const struct balance_snapshot *snapshot, const struct via_hint *hint,
		       unsigned int *number)
{
	if (hint->ingress >= snapshot->interface_count)
		return false;
	const struct balance_interface *interface = &snapshot->interfaces[hint->ingress];
	for (unsigned int i = 0; i < interface->address_count; i++) {
		if (ip_address_equal(&interface->addresses[i].address, &hint->local.address)) {
			*number = i;
			return true;
		}
	}
	return false;
}

void via_hint_encode(const struct balance_snapshot *snapshot, const struct via_hint *hint,
		     struct span branch, struct text_writer *w)
{
	bool v6 = hint->answer.address.family == IP_V6;
	bool own_port = hint->local.port != HINT_SIP_PORT;
	bool answer_5060 = hint->answer.port == HINT_SIP_PORT;
	unsigned int number = 0;
	struct cookie_bytes out;

	if (hint->ingress >= BALANCE_INTERFACES_MAX ||
	    (!v6 && hint->answer.address.family != IP_V4)) {
		w->overflow = true;
		return;
	}
	bool local = local_find(snapshot, hint, &number);
	out.len = 0;
	cookie_put(&out,
		   (HINT_VERSION << 4) | (hint->stateless ? HINT_STATELESS : 0u) |
			   (v6 ? HINT_V6 : 0u) | (own_port ? HINT_LOCAL_PORT : 0u) |
			   (local ? 0u : HINT_NO_LOCAL),
		   1);
	cookie_put(&out,
		   (uint32_t)hint->ingress << 4 | number << 1 |
			   (answer_5060 ? HINT_ANSWER_5060 : 0u),
		   1);
	cookie_put(&out, hint->attempt, 1);
	cookie_put_varying(&out, hint->shard);
	cookie_put_varying(&out, hint->instance);
	cookie_put(&out, hint->epoch, 4);
	cookie_put(&out, hint->sent_second, 4);
	if (!hint->stateless) {
		cookie_put_varying(&out, hint->slot);
		cookie_put_varying(&out, hint->generation);
	}
	cookie_put_address(&out, &hint->answer.address);
	if (!answer_5060)
		cookie_put(&out, hint->answer.port, 2);
	if (own_port)
		cookie_put(&out, hint->local.port, 2);
	cookie_put(&out, hint_mac(snapshot, span_of(out.bytes, out.len), branch), COOKIE_MAC_BYTES);
	text_put_base64url(w, span_of(out.bytes, out.len));
}

/* The own address that the hint numbers, as the snapshot of today has it. */
static void local_set(const struct balance_snapshot *snapshot, struct via_hint *hint, bool numbered,
		      unsigned int number, uint16_t port)
{
	struct endpoint first;

	if (numbered && hint->ingress < snapshot->interface_count) {
		const struct balance_interface *at = &snapshot->interfaces[hint->ingress];
		if (number < at->address_count &&
		    at->addresses[number].address.family == hint->answer.address.family)
			hint->local.address = at->addresses[number].address;
	}
	if (hint->local.address.family == IP_NONE &&
	    balance_own_endpoint(snapshot, hint->ingress, hint->answer.address.family, &first))
		hint->local.address = first.address;
	hint->local.port = port;
}

bool via_hint_decode(const struct balance_snapshot *snapshot, struct span text, struct span branch,
		     struct via_hint *hint)
{
	uint8_t bytes[HINT_BYTES_MAX];
	int len = text_parse_base64url(text, bytes, sizeof(bytes));

	if (len < HINT_BYTES_MIN || bytes[0] >> 4 != HINT_VERSION)
		return false;
	struct cookie_reader mac = { .at = bytes + len - COOKIE_MAC_BYTES, .end = bytes + len };
	struct cookie_reader in = { .at = bytes, .end = mac.at };
	if (hint_mac(snapshot, span_of(bytes, (size_t)(in.end - in.at)), branch) !=
	    cookie_get(&mac, COOKIE_MAC_BYTES))
		return false;

	struct via_hint out = { 0 };
	unsigned int flags = (unsigned int)cookie_get(&in, 1) & 15;
	unsigned int places = (unsigned int)cookie_get(&in, 1);
	out.attempt = (uint8_t)cookie_get(&in, 1);
	out.ingress = (uint8_t)(places >> 4);
	out.shard = (uint16_t)cookie_get_varying(&in, UINT16_MAX);
	out.instance = (uint16_t)cookie_get_varying(&in, UINT16_MAX);
	out.epoch = (uint32_t)cookie_get(&in, 4);
	out.sent_second = (uint32_t)cookie_get(&in, 4);
	out.stateless = flags & HINT_STATELESS;
	if (!out.stateless) {
		out.slot = cookie_get_varying(&in, UINT32_MAX);
		out.generation = cookie_get_varying(&in, UINT32_MAX);
	}
	cookie_get_address(&in, flags & HINT_V6 ? IP_V6 : IP_V4, &out.answer.address);
	out.answer.port = places & HINT_ANSWER_5060 ? HINT_SIP_PORT : (uint16_t)cookie_get(&in, 2);
	uint16_t port = flags & HINT_LOCAL_PORT ? (uint16_t)cookie_get(&in, 2) : HINT_SIP_PORT;
	if (in.bad || in.at != in.end)
		return false;
	local_set(snapshot, &out, !(flags & HINT_NO_LOCAL), (places >> 1) & 7, port);
	*hint = out;
	return true;
}
