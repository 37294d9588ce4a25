/* SPDX-License-Identifier: BSD-3-Clause */
/* Header names and their ids; see header_name.h. */
#include "sip/header_name.h"

static const struct span names[SIP_HEADER_ID_COUNT] = {
#define X(id, name, compact) [SIP_HEADER_##id] = { name, sizeof(name) - 1 },
	SIP_HEADER_NAMES(X)
#undef X
};

const uint8_t sip_header_name_lengths[SIP_HEADER_ID_COUNT] = {
#define X(id, name, compact) [SIP_HEADER_##id] = sizeof(name) - 1,
	SIP_HEADER_NAMES(X)
#undef X
};

const char sip_header_compacts[SIP_HEADER_ID_COUNT] = {
#define X(id, name, compact) [SIP_HEADER_##id] = compact,
	SIP_HEADER_NAMES(X)
#undef X
};

const char sip_header_names_lower[SIP_HEADER_ID_COUNT][SIP_HEADER_NAME_MAX] = {
	[SIP_HEADER_VIA] = "via",
	[SIP_HEADER_FROM] = "from",
	[SIP_HEADER_TO] = "to",
	[SIP_HEADER_CALL_ID] = "call-id",
	[SIP_HEADER_CSEQ] = "cseq",
	[SIP_HEADER_MAX_FORWARDS] = "max-forwards",
	[SIP_HEADER_ROUTE] = "route",
	[SIP_HEADER_RECORD_ROUTE] = "record-route",
	[SIP_HEADER_CONTACT] = "contact",
	[SIP_HEADER_CONTENT_LENGTH] = "content-length",
	[SIP_HEADER_CONTENT_TYPE] = "content-type",
	[SIP_HEADER_CONTENT_ENCODING] = "content-encoding",
	[SIP_HEADER_PROXY_REQUIRE] = "proxy-require",
	[SIP_HEADER_REQUIRE] = "require",
	[SIP_HEADER_SUPPORTED] = "supported",
	[SIP_HEADER_UNSUPPORTED] = "unsupported",
	[SIP_HEADER_PATH] = "path",
	[SIP_HEADER_TIMESTAMP] = "timestamp",
	[SIP_HEADER_MAX_BREADTH] = "max-breadth",
	[SIP_HEADER_RETRY_AFTER] = "retry-after",
	[SIP_HEADER_REASON] = "reason",
	[SIP_HEADER_EVENT] = "event",
	[SIP_HEADER_SUBJECT] = "subject",
	[SIP_HEADER_USER_AGENT] = "user-agent",
	[SIP_HEADER_SERVER] = "server",
	[SIP_HEADER_EXPIRES] = "expires",
	[SIP_HEADER_SESSION_EXPIRES] = "session-expires",
	[SIP_HEADER_MIN_SE] = "min-se",
	[SIP_HEADER_RACK] = "rack",
	[SIP_HEADER_RSEQ] = "rseq",
	[SIP_HEADER_REPLACES] = "replaces",
	[SIP_HEADER_JOIN] = "join",
	[SIP_HEADER_TARGET_DIALOG] = "target-dialog",
	[SIP_HEADER_REFER_TO] = "refer-to",
	[SIP_HEADER_REFERRED_BY] = "referred-by",
	[SIP_HEADER_RESOURCE_PRIORITY] = "resource-priority",
	[SIP_HEADER_AUTHORIZATION] = "authorization",
	[SIP_HEADER_PROXY_AUTHORIZATION] = "proxy-authorization",
	[SIP_HEADER_WWW_AUTHENTICATE] = "www-authenticate",
	[SIP_HEADER_PROXY_AUTHENTICATE] = "proxy-authenticate",
	[SIP_HEADER_ALLOW] = "allow",
	[SIP_HEADER_ACCEPT] = "accept",
};

const uint8_t sip_header_slots[1 << SIP_HEADER_SLOT_BITS] = {
	[2] = SIP_HEADER_TARGET_DIALOG, [3] = SIP_HEADER_TO, [4] = SIP_HEADER_CONTENT_LENGTH,
	[12] = SIP_HEADER_VIA, [14] = SIP_HEADER_USER_AGENT, [16] = SIP_HEADER_RACK,
	[18] = SIP_HEADER_PATH, [20] = SIP_HEADER_REASON, [21] = SIP_HEADER_SESSION_EXPIRES,
	[28] = SIP_HEADER_RETRY_AFTER, [29] = SIP_HEADER_ALLOW, [30] = SIP_HEADER_CALL_ID,
	[32] = SIP_HEADER_VIA, [33] = SIP_HEADER_UNSUPPORTED,
	[36] = SIP_HEADER_RESOURCE_PRIORITY, [37] = SIP_HEADER_CONTACT, [40] = SIP_HEADER_CSEQ,
	[44] = SIP_HEADER_WWW_AUTHENTICATE, [45] = SIP_HEADER_REFERRED_BY,
	[47] = SIP_HEADER_REFERRED_BY, [50] = SIP_HEADER_CONTENT_TYPE, [51] = SIP_HEADER_EVENT,
	[52] = SIP_HEADER_CONTENT_TYPE, [53] = SIP_HEADER_ACCEPT, [55] = SIP_HEADER_TIMESTAMP,
	[61] = SIP_HEADER_CONTENT_ENCODING, [62] = SIP_HEADER_FROM, [66] = SIP_HEADER_FROM,
	[67] = SIP_HEADER_PROXY_AUTHORIZATION, [68] = SIP_HEADER_SESSION_EXPIRES,
	[70] = SIP_HEADER_AUTHORIZATION, [73] = SIP_HEADER_SERVER, [75] = SIP_HEADER_REPLACES,
	[76] = SIP_HEADER_PROXY_REQUIRE, [80] = SIP_HEADER_CALL_ID,
	[85] = SIP_HEADER_RECORD_ROUTE, [86] = SIP_HEADER_CONTENT_ENCODING,
	[88] = SIP_HEADER_JOIN, [89] = SIP_HEADER_SUPPORTED,
	[90] = SIP_HEADER_PROXY_AUTHENTICATE, [92] = SIP_HEADER_TO, [93] = SIP_HEADER_ROUTE,
	[94] = SIP_HEADER_CONTENT_LENGTH, [96] = SIP_HEADER_SUBJECT, [97] = SIP_HEADER_SUPPORTED,
	[98] = SIP_HEADER_CONTACT, [102] = SIP_HEADER_MAX_FORWARDS, [107] = SIP_HEADER_EVENT,
	[110] = SIP_HEADER_RSEQ, [114] = SIP_HEADER_REFER_TO, [116] = SIP_HEADER_MIN_SE,
	[118] = SIP_HEADER_REQUIRE, [120] = SIP_HEADER_EXPIRES, [121] = SIP_HEADER_REFER_TO,
	[125] = SIP_HEADER_MAX_BREADTH, [126] = SIP_HEADER_SUBJECT,
};

struct span sip_header_name(enum sip_header_id id)
{
	return names[id];
}

enum sip_header_id sip_header_find(struct span name)
{
	char bytes[SIP_HEADER_NAME_MAX] = { 0 };

	if (name.len == 0 || name.len >= sizeof(bytes))
		return SIP_HEADER_OTHER;
	memcpy(bytes, name.data, name.len);
	enum sip_header_id id = sip_header_lookup(bytes, (uint32_t)name.len);
	if (name.len > 1 && !span_equal_nocase(name, names[id]))
		return SIP_HEADER_OTHER;
	return id;
}
