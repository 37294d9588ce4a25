/* SPDX-License-Identifier: BSD-3-Clause */
/* Header names and their ids; see header_name.h. */
#include "sip/header_name.h"

static const struct span names[SIP_HEADER_ID_COUNT] = {
#define X(id, name, compact) [SIP_HEADER_##id] = { name, sizeof(name) - 1 },
	SIP_HEADER_NAMES(X)
#undef X
};

static const char compacts[SIP_HEADER_ID_COUNT] = {
#define X(id, name, compact) [SIP_HEADER_##id] = compact,
	SIP_HEADER_NAMES(X)
#undef X
};

#define BIAS(len)  ((len) * 0x01000193u)
#define LONG(len)  { ~0u, BIAS(len) }

alignas(64) const struct sip_header_tables sip_header_tables = {
	/* A space is 0x20. */
	.vectors = {
		[SIP_HEADER_VIA] = { "via", "   " },
		[SIP_HEADER_FROM] = { "from", "    " },
		[SIP_HEADER_TO] = { "to", "  " },
		[SIP_HEADER_CALL_ID] = { "call-id", "    \0  " },
		[SIP_HEADER_CSEQ] = { "cseq", "    " },
		[SIP_HEADER_MAX_FORWARDS] = { "max-forwards", "   \0        " },
		[SIP_HEADER_ROUTE] = { "route", "     " },
		[SIP_HEADER_RECORD_ROUTE] = { "record-route", "      \0     " },
		[SIP_HEADER_CONTACT] = { "contact", "       " },
		[SIP_HEADER_CONTENT_LENGTH] = { "content-length", "       \0      " },
		[SIP_HEADER_CONTENT_TYPE] = { "content-type", "       \0    " },
		[SIP_HEADER_CONTENT_ENCODING] = { "content-encoding", "       \0        " },
		[SIP_HEADER_PROXY_REQUIRE] = { "proxy-require", "     \0       " },
		[SIP_HEADER_REQUIRE] = { "require", "       " },
		[SIP_HEADER_SUPPORTED] = { "supported", "         " },
		[SIP_HEADER_UNSUPPORTED] = { "unsupported", "           " },
		[SIP_HEADER_PATH] = { "path", "    " },
		[SIP_HEADER_TIMESTAMP] = { "timestamp", "         " },
		[SIP_HEADER_MAX_BREADTH] = { "max-breadth", "   \0       " },
		[SIP_HEADER_RETRY_AFTER] = { "retry-after", "     \0     " },
		[SIP_HEADER_REASON] = { "reason", "      " },
		[SIP_HEADER_EVENT] = { "event", "     " },
		[SIP_HEADER_SUBJECT] = { "subject", "       " },
		[SIP_HEADER_USER_AGENT] = { "user-agent", "    \0     " },
		[SIP_HEADER_SERVER] = { "server", "      " },
		[SIP_HEADER_EXPIRES] = { "expires", "       " },
		[SIP_HEADER_SESSION_EXPIRES] = { "session-expires", "       \0       " },
		[SIP_HEADER_MIN_SE] = { "min-se", "   \0  " },
		[SIP_HEADER_RACK] = { "rack", "    " },
		[SIP_HEADER_RSEQ] = { "rseq", "    " },
		[SIP_HEADER_REPLACES] = { "replaces", "        " },
		[SIP_HEADER_JOIN] = { "join", "    " },
		[SIP_HEADER_TARGET_DIALOG] = { "target-dialog", "      \0      " },
		[SIP_HEADER_REFER_TO] = { "refer-to", "     \0  " },
		[SIP_HEADER_REFERRED_BY] = { "referred-by", "        \0  " },
		[SIP_HEADER_RESOURCE_PRIORITY] = { "resource-priorit", "        \0       " },
		[SIP_HEADER_AUTHORIZATION] = { "authorization", "             " },
		[SIP_HEADER_PROXY_AUTHORIZATION] = { "proxy-authorizat", "     \0          " },
		[SIP_HEADER_WWW_AUTHENTICATE] = { "www-authenticate", "   \0            " },
		[SIP_HEADER_PROXY_AUTHENTICATE] = { "proxy-authentica", "     \0          " },
		[SIP_HEADER_ALLOW] = { "allow", "     " },
		[SIP_HEADER_ACCEPT] = { "accept", "      " },
	},
	.lanes = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	.by_len = { { 0, 0 }, { 0xff, BIAS(1) }, { 0xffff, BIAS(2) }, { 0xffffff, BIAS(3) },
		    LONG(4), LONG(5), LONG(6), LONG(7), LONG(8), LONG(9), LONG(10), LONG(11),
		    LONG(12), LONG(13), LONG(14), LONG(15), LONG(16), LONG(17), LONG(18),
		    LONG(19), LONG(20), LONG(21), LONG(22), LONG(23), LONG(24), LONG(25),
		    LONG(26), LONG(27), LONG(28), LONG(29), LONG(30), LONG(31) },
	.slots = {
		[2] = SIP_HEADER_SLOT(SIP_HEADER_TARGET_DIALOG, sizeof("Target-Dialog") - 1),
		[3] = SIP_HEADER_SLOT(SIP_HEADER_TO, sizeof("To") - 1),
		[4] = SIP_HEADER_SLOT(SIP_HEADER_CONTENT_LENGTH, sizeof("Content-Length") - 1),
		[12] = SIP_HEADER_SLOT(SIP_HEADER_VIA, sizeof("Via") - 1),
		[14] = SIP_HEADER_SLOT(SIP_HEADER_USER_AGENT, sizeof("User-Agent") - 1),
		[16] = SIP_HEADER_SLOT(SIP_HEADER_RACK, sizeof("RAck") - 1),
		[18] = SIP_HEADER_SLOT(SIP_HEADER_PATH, sizeof("Path") - 1),
		[20] = SIP_HEADER_SLOT(SIP_HEADER_REASON, sizeof("Reason") - 1),
		[21] = SIP_HEADER_SLOT(SIP_HEADER_SESSION_EXPIRES, sizeof("Session-Expires") - 1),
		[28] = SIP_HEADER_SLOT(SIP_HEADER_RETRY_AFTER, sizeof("Retry-After") - 1),
		[29] = SIP_HEADER_SLOT(SIP_HEADER_ALLOW, sizeof("Allow") - 1),
		[30] = SIP_HEADER_SLOT(SIP_HEADER_CALL_ID, sizeof("Call-ID") - 1),
		[32] = SIP_HEADER_SLOT(SIP_HEADER_VIA, sizeof("Via") - 1),
		[33] = SIP_HEADER_SLOT(SIP_HEADER_UNSUPPORTED, sizeof("Unsupported") - 1),
		[36] = SIP_HEADER_SLOT(SIP_HEADER_RESOURCE_PRIORITY, sizeof("Resource-Priority") - 1),
		[37] = SIP_HEADER_SLOT(SIP_HEADER_CONTACT, sizeof("Contact") - 1),
		[40] = SIP_HEADER_SLOT(SIP_HEADER_CSEQ, sizeof("CSeq") - 1),
		[44] = SIP_HEADER_SLOT(SIP_HEADER_WWW_AUTHENTICATE, sizeof("WWW-Authenticate") - 1),
		[45] = SIP_HEADER_SLOT(SIP_HEADER_REFERRED_BY, sizeof("Referred-By") - 1),
		[47] = SIP_HEADER_SLOT(SIP_HEADER_REFERRED_BY, sizeof("Referred-By") - 1),
		[50] = SIP_HEADER_SLOT(SIP_HEADER_CONTENT_TYPE, sizeof("Content-Type") - 1),
		[51] = SIP_HEADER_SLOT(SIP_HEADER_EVENT, sizeof("Event") - 1),
		[52] = SIP_HEADER_SLOT(SIP_HEADER_CONTENT_TYPE, sizeof("Content-Type") - 1),
		[53] = SIP_HEADER_SLOT(SIP_HEADER_ACCEPT, sizeof("Accept") - 1),
		[55] = SIP_HEADER_SLOT(SIP_HEADER_TIMESTAMP, sizeof("Timestamp") - 1),
		[61] = SIP_HEADER_SLOT(SIP_HEADER_CONTENT_ENCODING, sizeof("Content-Encoding") - 1),
		[62] = SIP_HEADER_SLOT(SIP_HEADER_FROM, sizeof("From") - 1),
		[66] = SIP_HEADER_SLOT(SIP_HEADER_FROM, sizeof("From") - 1),
		[67] = SIP_HEADER_SLOT(SIP_HEADER_PROXY_AUTHORIZATION, sizeof("Proxy-Authorization") - 1),
		[68] = SIP_HEADER_SLOT(SIP_HEADER_SESSION_EXPIRES, sizeof("Session-Expires") - 1),
		[70] = SIP_HEADER_SLOT(SIP_HEADER_AUTHORIZATION, sizeof("Authorization") - 1),
		[73] = SIP_HEADER_SLOT(SIP_HEADER_SERVER, sizeof("Server") - 1),
		[75] = SIP_HEADER_SLOT(SIP_HEADER_REPLACES, sizeof("Replaces") - 1),
		[76] = SIP_HEADER_SLOT(SIP_HEADER_PROXY_REQUIRE, sizeof("Proxy-Require") - 1),
		[80] = SIP_HEADER_SLOT(SIP_HEADER_CALL_ID, sizeof("Call-ID") - 1),
		[85] = SIP_HEADER_SLOT(SIP_HEADER_RECORD_ROUTE, sizeof("Record-Route") - 1),
		[86] = SIP_HEADER_SLOT(SIP_HEADER_CONTENT_ENCODING, sizeof("Content-Encoding") - 1),
		[88] = SIP_HEADER_SLOT(SIP_HEADER_JOIN, sizeof("Join") - 1),
		[89] = SIP_HEADER_SLOT(SIP_HEADER_SUPPORTED, sizeof("Supported") - 1),
		[90] = SIP_HEADER_SLOT(SIP_HEADER_PROXY_AUTHENTICATE, sizeof("Proxy-Authenticate") - 1),
		[92] = SIP_HEADER_SLOT(SIP_HEADER_TO, sizeof("To") - 1),
		[93] = SIP_HEADER_SLOT(SIP_HEADER_ROUTE, sizeof("Route") - 1),
		[94] = SIP_HEADER_SLOT(SIP_HEADER_CONTENT_LENGTH, sizeof("Content-Length") - 1),
		[96] = SIP_HEADER_SLOT(SIP_HEADER_SUBJECT, sizeof("Subject") - 1),
		[97] = SIP_HEADER_SLOT(SIP_HEADER_SUPPORTED, sizeof("Supported") - 1),
		[98] = SIP_HEADER_SLOT(SIP_HEADER_CONTACT, sizeof("Contact") - 1),
		[102] = SIP_HEADER_SLOT(SIP_HEADER_MAX_FORWARDS, sizeof("Max-Forwards") - 1),
		[107] = SIP_HEADER_SLOT(SIP_HEADER_EVENT, sizeof("Event") - 1),
		[110] = SIP_HEADER_SLOT(SIP_HEADER_RSEQ, sizeof("RSeq") - 1),
		[114] = SIP_HEADER_SLOT(SIP_HEADER_REFER_TO, sizeof("Refer-To") - 1),
		[116] = SIP_HEADER_SLOT(SIP_HEADER_MIN_SE, sizeof("Min-SE") - 1),
		[118] = SIP_HEADER_SLOT(SIP_HEADER_REQUIRE, sizeof("Require") - 1),
		[120] = SIP_HEADER_SLOT(SIP_HEADER_EXPIRES, sizeof("Expires") - 1),
		[121] = SIP_HEADER_SLOT(SIP_HEADER_REFER_TO, sizeof("Refer-To") - 1),
		[125] = SIP_HEADER_SLOT(SIP_HEADER_MAX_BREADTH, sizeof("Max-Breadth") - 1),
		[126] = SIP_HEADER_SLOT(SIP_HEADER_SUBJECT, sizeof("Subject") - 1),
	},
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
	uint32_t id = sip_header_tables.slots[sip_header_hash(bytes, (uint32_t)name.len)] & 0xff;
	if (name.len == 1) /* a NUL is no name, though names without a compact form have it */
		return *bytes && char_lower(*bytes) == compacts[id] ?
			       (enum sip_header_id)id : SIP_HEADER_OTHER;
	return span_equal_nocase(name, names[id]) ? (enum sip_header_id)id : SIP_HEADER_OTHER;
}
