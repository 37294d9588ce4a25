/* SPDX-License-Identifier: BSD-3-Clause */
/* What check.c and check_parts.c share: one check at work. */
#ifndef GENERATOR_CHECK_PARTS_H
#define GENERATOR_CHECK_PARTS_H

#include "generator/check.h"

struct checking {
	struct traffic *t;
	struct call *call;
	const struct sip_message *msg;  /* received */
	const struct sip_message *want; /* as the other side sent it; for what a proxy makes itself,
	                                   the request it belongs to */
	struct received *received;
	bool by_proxy;                  /* the proxy made it */
	bool faulty;
};

/* Via values of a request and of a response; fills received->via and branch. */
void check_request_vias(struct checking *c);
void check_response_vias(struct checking *c);
void check_routes(struct checking *c);
void check_identity(struct checking *c);  /* tags, From, To, Call-ID, CSeq */
void check_untouched(struct checking *c); /* start line, other rows, body */

#define AT_FAULT(c, kind, expected, ...)                                                           \
	((c)->faulty = true, fault_report((c)->t, (kind), (c)->call, (expected), __VA_ARGS__))

#endif
