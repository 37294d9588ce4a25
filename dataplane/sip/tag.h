/* SPDX-License-Identifier: BSD-3-Clause */
/* The tag of From and To.  Inside sip/ only. */
#ifndef SIP_TAG_H
#define SIP_TAG_H

#include "base/span.h"

/*
 * Finds the tag of a From or To value; *tag is empty when it has none (RFC 2543).  False when the
 * value is not one name-addr or addr-spec with parameters, so that the tag would be a guess.
 */
[[nodiscard]] bool sip_tag_find(struct span value, struct span *tag);

#endif
