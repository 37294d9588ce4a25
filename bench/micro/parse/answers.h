/* SPDX-License-Identifier: BSD-3-Clause */
/* What a parser found, as text, field by field, so that answers can be compared and printed. */
#ifndef BENCH_ANSWERS_H
#define BENCH_ANSWERS_H

#include "parse_peer.h"

/* X(name): in the order in which they are written. */
#define ANSWERS(X)                                                                                 \
	X(parses)                                                                                  \
	X(kind)                                                                                    \
	X(method)                                                                                  \
	X(status)                                                                                  \
	X(reason_phrase)                                                                           \
	X(uri_scheme)                                                                              \
	X(uri_user)                                                                                \
	X(uri_host)                                                                                \
	X(uri_port)                                                                                \
	X(uri_maddr)                                                                               \
	X(via_transport)                                                                           \
	X(via_host)                                                                                \
	X(via_port)                                                                                \
	X(via_branch)                                                                              \
	X(via_received)                                                                            \
	X(via_maddr)                                                                               \
	X(via_rport)                                                                               \
	X(via_count)                                                                               \
	X(route)                                                                                   \
	X(route_lr)                                                                                \
	X(from_tag)                                                                                \
	X(to_tag)                                                                                  \
	X(call_id)                                                                                 \
	X(cseq)                                                                                    \
	X(cseq_method)                                                                             \
	X(max_forwards)                                                                            \
	X(contact)                                                                                 \
	X(content_length)                                                                          \
	X(check)

enum answer_field {
#define X(name) ANSWER_##name,
	ANSWERS(X)
#undef X
		ANSWER_COUNT,
};

extern const char *const answer_names[ANSWER_COUNT];

struct answers {
	bool parses;
	char *text[ANSWER_COUNT]; /* printable, no tab, never empty; "-": absent */
};

/*
 * Parses with `peer`, takes its answers and lets it release.  Equal meanings are equal texts: an
 * IPv6 host without its brackets, scheme and transport in one case, no parts of a URI whose
 * scheme is not understood, "%XX" for what cannot be printed; text of more than 40 octets as its start, its length and a sum of all of it.
 * `parses` alone when it refuses.
 */
struct answers answers_take(const struct parse_peer *peer, const char *bytes, size_t len);
void answers_free(struct answers *answers);

#endif
