/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SIP, SIPS and other URIs, and the name-addr form that headers carry them in (RFC 3261 §19.1,
 * §20.10), decoded into spans.
 */
#ifndef SIP_URI_H
#define SIP_URI_H

#include "base/span.h"

enum sip_uri_scheme { SIP_URI_SIP, SIP_URI_SIPS, SIP_URI_TEL, SIP_URI_OTHER };

struct sip_uri {
	uint8_t scheme;       /* enum sip_uri_scheme */
	bool host_is_ipv6;
	bool has_lr;
	uint16_t port;        /* 0: none given */
	struct span all;      /* the whole URI */
	struct span user;     /* without password and '@'; empty: none */
	struct span host;     /* IPv6 reference without brackets; tel: the number */
	struct span host_port;/* host[:port] as written, brackets included: what a rewrite replaces */
	struct span params;   /* from the first ';' after host:port up to '?' or the end */
	struct span headers;  /* from '?' on, or empty */
	struct span transport;/* values of well-known parameters; empty: absent */
	struct span maddr;
	struct span method;
};

/* False when the URI is malformed, has two '@' or port 0.  A scheme that is not understood is
 * OTHER, not malformed, as long as it is scheme ":" something without blanks and control
 * characters. */
[[nodiscard]] bool sip_uri_decode(struct span text, struct sip_uri *uri);

/* name-addr or addr-spec with header parameters: From, To, Contact, Route, Record-Route, Path. */
struct sip_name_addr {
	struct span display; /* quotes included when quoted; empty: none */
	struct span uri;     /* without < > */
	struct span params;  /* header parameters from their first ';', or empty */
	bool has_brackets;
};

/*
 * RFC 3261 §20.10: without < > every parameter belongs to the header.  False when the value is not
 * one address: an open quote or '<', a second value, a URI without ':' or with blanks, a display
 * name without quotes that is more than tokens (octets of UTF-8 pass).  The URI is not decoded.
 */
[[nodiscard]] bool sip_name_addr_decode(struct span value, struct sip_name_addr *out);

/*
 * Finds a parameter in ";a=b;c;d=\"e;f\"" (leading ';' included).  Names compare without case.
 * True when it is there; *value is empty for a parameter without value.  Quotes stay on quoted
 * values.
 */
[[nodiscard]] bool sip_param_find(struct span params, struct span name, struct span *value);

#endif
