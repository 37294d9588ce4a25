/* SPDX-License-Identifier: BSD-3-Clause */
/* The value of Retry-After (RFC 3261 §20.33, §25.1). */
#ifndef SIP_RETRY_AFTER_H
#define SIP_RETRY_AFTER_H

#include "base/span.h"

/*
 * delta-seconds [ comment ] *( SEMI retry-param ); comment and parameters are read over, the
 * "duration" among them.  More seconds than fit are UINT32_MAX - 1.  False: it is something else,
 * and *seconds is unchanged.
 */
[[nodiscard]] bool sip_retry_after_parse(struct span value, uint32_t *seconds);

#endif
