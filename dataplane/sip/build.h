/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages that Tandem makes itself out of one that it received: responses (RFC 3261 §8.2.6), the
 * ACK to a non-2xx (§17.1.1.3), CANCEL (§9.1).  Mandatory header fields only.
 */
#ifndef SIP_BUILD_H
#define SIP_BUILD_H

#include "base/text.h"
#include "sip/message.h"

/* "Trying" for 100; the RFC's own phrase for every registered code, else that of its class. */
struct span sip_reason_phrase(uint16_t status);

struct sip_response_options {
	uint16_t status;
	struct span reason_phrase; /* empty: the code's own */
	struct span to_tag;        /* added to To when the request's To has no tag; never in a 100 */
	struct span received;      /* empty: not added.  IPv6 without brackets (RFC 5118 §4.5) */
	uint16_t rport;            /* 0: not filled in */
	struct span extra;         /* complete header rows with CRLF, e.g. "Unsupported: x\r\n" */
};

/*
 * Writes the response to `request`: status line, all Via rows (the top value with any received
 * and rport of the sender's replaced by ours, RFC 3581 §4), From, To, Call-ID, CSeq, Timestamp
 * for a 100 (§8.2.6.1), Content-Length: 0.  The writer's overflow tells when it did not fit.
 */
void sip_build_response(struct text_writer *w, const struct sip_message *request,
			const struct sip_response_options *options);

/*
 * ACK to a non-2xx: `invite` is the INVITE as it was sent (parsed), `response` the response as it
 * came.  Request-URI, top Via alone, Max-Forwards 70, Route rows, From, Call-ID, CSeq number of
 * the INVITE; To of the response (RFC 3261 §17.1.1.3).
 */
void sip_build_ack(struct text_writer *w, const struct sip_message *invite,
		   const struct sip_message *response);

/* CANCEL of `invite` as it was sent (RFC 3261 §9.1); Reason rows of `cancel` are copied when
 * `cancel` is not NULL (RFC 3326 §2); else `reason` is the value of one, empty: none. */
void sip_build_cancel(struct text_writer *w, const struct sip_message *invite,
		      const struct sip_message *cancel, struct span reason);

#endif
