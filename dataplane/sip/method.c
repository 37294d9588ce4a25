/* SPDX-License-Identifier: BSD-3-Clause */
/* Methods: token and enum.  They compare with case (RFC 3261 §7.1). */
#include "sip/message.h"

static const struct span tokens[SIP_METHOD_COUNT] = {
	[SIP_METHOD_OTHER] = { "", 0 },
#define X(id, token) [SIP_METHOD_##id] = { token, sizeof(token) - 1 },
	SIP_METHODS(X)
#undef X
};

struct span sip_method_token(enum sip_method method)
{
	return tokens[method];
}

enum sip_method sip_method_find(struct span token)
{
	/* In the order of SIP_METHODS, that is of frequency. */
	for (unsigned int i = 1; i < SIP_METHOD_COUNT; i++) {
		if (span_equal(token, tokens[i]))
			return (enum sip_method)i;
	}
	return SIP_METHOD_OTHER;
}
