/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One Via value (RFC 3261 §20.42, RFC 3581), decoded into spans over the datagram.
 * Says nothing of where a response goes: that is proxy/ work.
 */
#ifndef SIP_VIA_H
#define SIP_VIA_H

#include "base/span.h"

struct sip_via {
	struct span value;     /* the whole value, blanks trimmed */
	struct span transport; /* "UDP", case as received */
	struct span sent_by;   /* host[:port] as received, blanks around ":" included */
	struct span host;      /* IPv6 reference without its brackets */
	struct span params;    /* from the first ';' to the end of the value, or empty */
	struct span branch;    /* empty: absent */
	struct span received;  /* brackets, if any, removed; empty: absent */
	struct span rport;     /* value; empty with has_rport: asked for, or absent */
	struct span maddr;     /* brackets, if any, removed; empty: absent */
	struct span hint;      /* value of Tandem's own parameter SIP_VIA_HINT; empty: absent */
	uint16_t port;         /* 0: none given */
	bool host_is_ipv6;
	bool has_rport;
	bool has_cookie;       /* branch starts with z9hG4bK, compared without case (§8.1.1.7) */
};

/* Name of the Via parameter that carries Tandem's routing hint. */
#define SIP_VIA_HINT "tandem"

/* Decodes one value (no comma outside quotes).  False when it does not parse as a Via:
 * protocol-name "/" version "/" transport LWS sent-by params; the protocol must be SIP/2.0, and
 * no parameter may be empty, nor one of those above be there twice. */
[[nodiscard]] bool sip_via_decode(struct span value, struct sip_via *via);

/* The identifier after the magic cookie; empty when there is no cookie or nothing follows. */
static inline struct span sip_via_branch_id(const struct sip_via *via)
{
	return via->has_cookie ? span_from(via->branch, 7) : SPAN_EMPTY;
}

#endif
