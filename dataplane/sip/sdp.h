/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Session descriptions (RFC 4566), as far as Tandem ever has to write one: the answer that refuses
 * every stream of an offer (RFC 3264 §6).
 */
#ifndef SIP_SDP_H
#define SIP_SDP_H

#include "base/text.h"

/* Writes the answer to `offer` that has port 0 in each media line. */
void sdp_put_rejection(struct text_writer *w, struct span offer);

#endif
