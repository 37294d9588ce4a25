/* SPDX-License-Identifier: BSD-3-Clause */
/* The start line (RFC 3261 §7.1, §7.2).  Inside sip/ only. */
#ifndef SIP_START_LINE_H
#define SIP_START_LINE_H

#include "sip/isa.h"

/*
 * Parses the line bytes[0..end) (line end removed) into msg: is_request, method and token,
 * Request-URI, or status and reason phrase.  What was found before an error is kept, so that the
 * method of a malformed request is known.
 */
[[nodiscard]] enum verdict_reason sip_start_line_parse(struct sip_message *msg, uint32_t end);

#endif
