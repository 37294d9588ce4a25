/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The full check of a message received: parsed by dataplane/sip, and compared with the message
 * that the other side sent, rendered anew.  What a proxy may change is checked by its rules, all
 * else must be untouched (RFC 3261 §16.6, §16.7):
 *
 *	Via           pushed once with a branch of its own, or popped; the sender's below untouched
 *	              but for received and rport (§18.2.1, RFC 3581)
 *	Record-Route  as configured, loose; in responses as the target echoed it; no Route left
 *	Max-Forwards  one less
 *	tags, Call-ID, CSeq, start line, every other row, body
 *
 * What proxies make themselves (100, 200 to CANCEL, CANCEL, ACK to a non-2xx, rejections) is
 * checked for what identifies transaction and dialog.
 */
#ifndef GENERATOR_CHECK_H
#define GENERATOR_CHECK_H

#include "generator/engine.h"

enum check_result {
	CHECK_DROP,    /* not to be looked at further; reported where it is a fault */
	CHECK_FAULTY,  /* reported, and good enough to go on with */
	CHECK_GOOD,
};

/* Checks t->incoming, a message for `call`, whose number stands at `digits` in it. */
[[nodiscard]] enum check_result check_message(struct traffic *t, struct call *call,
					      struct received *received);

/* What can be checked of a message without parsing it: who sent it, and to whom it came.
 * False: reported. */
[[nodiscard]] bool check_addresses(struct traffic *t, struct call *call);

/* The branch that a proxy gave a request of `kind`: the transaction's own, and nobody else's.
 * False: reported. */
bool check_branch(struct traffic *t, struct call *call, const struct received *received);

/* Record-Route values of a response against those that the target echoed. */
bool check_record_route(struct traffic *t, struct call *call, const struct received *received);

#endif
