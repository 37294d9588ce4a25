/* SPDX-License-Identifier: BSD-3-Clause */
/* What the parser needs of a Via beyond sip_via_decode.  Inside sip/ only. */
#ifndef SIP_VIA_PARSE_H
#define SIP_VIA_PARSE_H

#include "sip/via.h"

/*
 * Decodes one value whose blanks are trimmed, whatever its protocol version: a request of another
 * version is answered 505 to where its Via says (RFC 3261 §21.5.6).  False when malformed.
 */
[[nodiscard]] bool sip_via_parse(struct span value, struct sip_via *via, bool *is_sip_2);

#endif
