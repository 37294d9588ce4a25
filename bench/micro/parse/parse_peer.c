/* SPDX-License-Identifier: BSD-3-Clause */
/* All parsers, and what several of them need; see parse_peer.h. */
#include "parse_peer.h"

#include <ctype.h>
#include <string.h>

const struct parse_peer *const parse_peers[] = {
	&parse_tandem_scalar,
	&parse_tandem_avx2,
	&parse_tandem_avx512,
	&parse_osip,
	&parse_sofia,
	&parse_re,
	NULL,
};

bool parse_may_be_own_via(const char *value, size_t len)
{
	static const char own[] = PARSE_OWN_HOST;
	const char *end = value + len;
	const char *at = memmem(value, len, own, sizeof(own) - 1);

	if (!at)
		return false;
	/* Not the start of a longer address. */
	at += sizeof(own) - 1;
	return at == end || (!isalnum((unsigned char)*at) && *at != '.' && *at != '-');
}
