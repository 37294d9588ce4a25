/* SPDX-License-Identifier: BSD-3-Clause */
/* The timers that a transaction may run, by name, for who counts and shows them. */
#ifndef PROXY_TIMER_KINDS_H
#define PROXY_TIMER_KINDS_H

/* X(name, text, what it is, clause) */
#define PROXY_TIMERS(X)                                                                            \
	X(A, "A", "INVITE sent again", "RFC 3261 §17.1.1.2")                                      \
	X(B, "B", "INVITE without an answer", "RFC 3261 §17.1.1.2")                               \
	X(C, "C", "INVITE that rings", "RFC 3261 §16.6 item 11")                                  \
	X(D, "D", "refused INVITE: refusals acknowledged again", "RFC 3261 §17.1.1.2")            \
	X(E, "E", "non-INVITE or CANCEL sent again", "RFC 3261 §17.1.2.2")                        \
	X(F, "F", "non-INVITE or CANCEL without an answer", "RFC 3261 §17.1.2.2")                 \
	X(G, "G", "refusal of an INVITE sent again", "RFC 3261 §17.2.1")                          \
	X(H, "H", "refusal of an INVITE without an ACK", "RFC 3261 §17.2.1")                      \
	X(I, "I", "further ACKs absorbed", "RFC 3261 §17.2.1")                                    \
	X(J, "J", "answered non-INVITE: retransmissions answered", "RFC 3261 §17.2.2")            \
	X(K, "K", "non-INVITE: further responses absorbed", "RFC 3261 §17.1.2.2")                 \
	X(L, "L", "INVITE answered 2xx: retransmissions absorbed", "RFC 6026 §7.1")               \
	X(M, "M", "INVITE answered 2xx: further 2xx passed on", "RFC 6026 §7.2")                  \
	X(TRYING, "100", "non-INVITE due for its 100", "RFC 4320 §4.1")                           \
	X(CANCELLED, "cancel", "cancelled INVITE without a final response", "RFC 3261 §9.1")      \
	X(NEXT_TARGET, "next", "silent target due for company", "RFC 3261 §16.6 item 4")           \
	X(PROBE, "probe", "probe without an answer", "RFC 3261 §11")

enum proxy_timer {
#define X(name, text, what, clause) PROXY_TIMER_##name,
	PROXY_TIMERS(X)
#undef X
	PROXY_TIMER_KINDS,
	PROXY_TIMER_NONE = PROXY_TIMER_KINDS,
};

struct proxy_timer_info {
	const char *name, *what, *clause;
};
extern const struct proxy_timer_info proxy_timers[PROXY_TIMER_KINDS];

#endif
