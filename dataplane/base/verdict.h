/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What became of a packet.  Every packet received ends in exactly one verdict: a kind, and a
 * reason out of one list that yields the enum, the metric's name, the help text and the clause
 * that asks for it.  The verdicts, but for hand-offs (whose packets get their verdict at the
 * shard's owner), add up to the packets received.
 *
 * Knows no protocol beyond the names in the list.
 */
#ifndef BASE_VERDICT_H
#define BASE_VERDICT_H

#include "base/compiler.h"

enum verdict_kind {
	VERDICT_FORWARD, /* sent on, edited */
	VERDICT_REPLY,   /* answered by Tandem itself */
	VERDICT_ABSORB,  /* did its work here; nothing new goes out because of it */
	VERDICT_HANDOFF, /* given to the worker that owns the shard */
	VERDICT_PUNT,    /* given to the kernel */
	VERDICT_DROP,
	VERDICT_KINDS,
};

/*
 * X(NAME, status, "help", "clause")
 *
 * status: the SIP status code of the reply when the kind is reply, 0 where no SIP reply exists.
 * A malformed request is answered where that can be done and dropped where not (an ACK, a
 * response, no Via to answer to): the reason is the same, the kind differs.
 */
#define VERDICT_REASONS(X)                                                                         \
	/* forward */                                                                              \
	X(INITIAL_REQUEST, 0, "new request balanced to a target", "RFC 3261 §16.6")                \
	X(DIALOG_REQUEST, 0, "in-dialog request sent along its route", "RFC 3261 §16.12")          \
	X(ACK, 0, "ACK to a 2xx sent end to end", "RFC 3261 §13.2.2.4")                            \
	X(STRAY_ACK, 0, "ACK without a transaction sent after its INVITE", "RFC 3261 §16.11")      \
	X(STRAY_CANCEL, 0, "CANCEL without a transaction sent after its INVITE",                   \
	  "RFC 3261 §16.10")                                                                       \
	X(PROVISIONAL, 0, "1xx sent upstream", "RFC 3261 §16.7 item 5")                            \
	X(FINAL, 0, "final response sent upstream", "RFC 3261 §16.7 item 5")                       \
	X(FINAL_2XX_AGAIN, 0, "further 2xx to an INVITE sent upstream", "RFC 6026 §7.2")           \
	X(STATELESS_RESPONSE, 0, "response to a request sent without state, sent upstream",        \
	  "RFC 3261 §16.11")                                                                       \
	X(STRAY_FORWARDED, 0,                                                                      \
	  "response to a request of another instance, or from before a restart, sent upstream",    \
	  "RFC 3261 §18.1.2")                                                                      \
	X(FAILOVER, 0, "request moved to the next target", "RFC 3263 §4.3")                        \
	X(BEST_RESPONSE, 0, "the last branch ended, the best response sent upstream",              \
	  "RFC 3261 §16.7 item 6")                                                                 \
	/* reply */                                                                                \
	X(OPTIONS_ALIVE, 200, "OPTIONS to Tandem itself, a usable target exists",                  \
	  "RFC 3261 §11.2")                                                                        \
	X(OPTIONS_NO_TARGET, 503, "OPTIONS to Tandem itself, no usable target",                    \
	  "RFC 3261 §11.2")                                                                        \
	X(CANCEL, 200, "CANCEL matched its INVITE", "RFC 3261 §16.10")                             \
	X(MAX_FORWARDS_ZERO, 483, "Max-Forwards reached 0", "RFC 3261 §16.3 item 3")               \
	X(LOOP, 482, "the request came back unchanged", "RFC 5393 §4.2.2")                         \
	X(NEXT_HOP_SELF, 482, "the next hop is an address of Tandem", "RFC 3261 §16.3 item 4")     \
	X(MAX_BREADTH, 440, "Max-Breadth allows no branch at all", "RFC 5393 §5.3.3")             \
	X(BAD_EXTENSION, 420, "Proxy-Require names an unsupported option",                         \
	  "RFC 3261 §16.3 item 5")                                                                 \
	X(URI_SCHEME, 416, "Request-URI scheme not understood", "RFC 3261 §16.3 item 2")           \
	X(SIP_VERSION, 505, "SIP-Version is not 2.0", "RFC 3261 §21.5.6")                          \
	X(NO_SERVICE, 403, "no service listens for this request", "RFC 3261 §21.4.4")              \
	X(DOMAIN_NOT_SERVED, 403, "Request-URI host is not among the service's domains",           \
	  "RFC 3261 §16.5")                                                                        \
	X(ROUTE_FORGED, 403, "a Route names Tandem with a signature that does not verify",         \
	  "RFC 3261 §16.4")                                                                        \
	X(RELAY_DENIED, 403, "next hop is neither a target nor among the peers",                   \
	  "RFC 3261 §26.1")                                                                        \
	X(NO_DIALOG, 481, "in-dialog request that no dialog explains", "RFC 3261 §12.2.2")         \
	X(CSEQ_OUT_OF_ORDER, 500, "in-dialog request with a CSeq below the last",               \
	  "RFC 3261 §12.2.2")                                                                      \
	X(NO_TARGET, 480, "the pool has no usable target", "RFC 3261 §16.5")                       \
	X(TARGETS_FULL, 503, "every target that could take the request is at max_calls or max_rate", \
	  "RFC 3261 §21.5.4")                                                                      \
	X(CLOSING, 503, "Tandem is being stopped and takes no new calls",                     \
	  "RFC 3261 §21.5.4")                                                                      \
	X(ALL_TARGETS_FAILED, 500, "every target tried answered 503", "RFC 3261 §16.7 item 6")     \
	X(NAME_UNKNOWN, 503, "the next hop's name is unknown", "RFC 3263 §4")                      \
	X(NAMES_FULL, 503, "too many requests wait for the name of their next hop",                \
	  "RFC 3261 §21.5.4")                                                                      \
	X(NAME_CANCELLED, 487, "INVITE cancelled while it waited for the name of its next hop",    \
	  "RFC 3261 §9.2")                                                                         \
	X(NO_ROUTE, 503, "no interface leads to the next hop", "RFC 3261 §16.9")                   \
	X(TXN_POOL_FULL, 503, "no transaction slot left", "RFC 3261 §21.5.4")                      \
	X(RETAIN_FULL, 503, "no memory left for a retained copy", "RFC 3261 §21.5.4")              \
	X(TOO_LARGE, 513, "no room to edit the message", "RFC 3261 §21.5.7")                       \
	X(STUN_BINDING, 0, "STUN Binding Request answered", "RFC 5626 §5.4")                       \
	X(STUN_ATTRIBUTE, 0, "STUN Binding Request with an attribute that must be understood",     \
	  "RFC 5389 §7.3.1")                                                                       \
	X(ECHO, 0, "ICMP echo answered", "RFC 792, RFC 4443 §4.2")                                 \
	X(ARP_WHO_HAS, 0, "ARP request answered", "RFC 826")                                       \
	X(NEIGHBOUR_SOLICITED, 0, "neighbour solicitation answered", "RFC 4861 §7.2.4")            \
	X(MULTICAST_QUERY, 0, "multicast listener query answered", "RFC 3810 §5.2")                \
	/* malformed: reply where it can be answered, else drop */                                 \
	X(START_LINE, 400, "start line malformed", "RFC 3261 §7.1, §7.2")                          \
	X(HEADER_SYNTAX, 400, "a header line has no colon or no name", "RFC 3261 §7.3.1")          \
	X(TOO_MANY_HEADERS, 400, "more header fields than Tandem indexes", "RFC 3261 §7.3")        \
	X(NO_END_OF_HEADERS, 400, "the headers do not end", "RFC 3261 §7")                         \
	X(CONTROL_CHARACTER, 400, "a NUL or control character in the head",                        \
	  "RFC 3261 §25.1")                                                                        \
	X(VIA_MISSING, 400, "no Via", "RFC 3261 §8.1.1")                                           \
	X(VIA_SYNTAX, 400, "top Via malformed", "RFC 3261 §20.42")                                 \
	X(BRANCH_EMPTY, 400, "branch is the bare magic cookie", "RFC 3261 §8.1.1.7")               \
	X(FROM_MISSING, 400, "no From", "RFC 3261 §8.1.1")                                         \
	X(FROM_SYNTAX, 400, "From malformed", "RFC 3261 §20.20")                                   \
	X(TO_MISSING, 400, "no To", "RFC 3261 §8.1.1")                                             \
	X(TO_SYNTAX, 400, "To malformed", "RFC 3261 §20.39")                                       \
	X(CALL_ID_MISSING, 400, "no Call-ID", "RFC 3261 §8.1.1")                                   \
	X(CALL_ID_SYNTAX, 400, "Call-ID malformed", "RFC 3261 §20.8")                              \
	X(CSEQ_MISSING, 400, "no CSeq", "RFC 3261 §8.1.1")                                         \
	X(CSEQ_SYNTAX, 400, "CSeq malformed or out of range", "RFC 3261 §20.16")                   \
	X(CSEQ_METHOD, 400, "CSeq method is not the request's", "RFC 3261 §8.1.1.5")               \
	X(DUPLICATE_HEADER, 400, "a single-value header appears twice", "RFC 3261 §7.3.1")         \
	X(MAX_FORWARDS_SYNTAX, 400, "Max-Forwards malformed", "RFC 3261 §20.22")                   \
	X(CONTENT_LENGTH_SYNTAX, 400, "Content-Length malformed", "RFC 3261 §20.14")               \
	X(BODY_SHORT, 400, "the datagram ends before Content-Length says", "RFC 3261 §18.3")       \
	X(REQUEST_URI_SYNTAX, 400, "Request-URI malformed", "RFC 3261 §19.1.1")                    \
	X(ROUTE_SYNTAX, 400, "Route malformed", "RFC 3261 §20.34")                                 \
	X(STATUS_CODE, 0, "response status code above 699", "RFC 3261 §7.2")                       \
	X(CALL_ID_DISAGREES, 400, "the steering peek and the parser disagree on the Call-ID",      \
	  "RFC 3261 §8.1.1.4")                                                                     \
	/* absorb */                                                                               \
	X(RETRANSMISSION, 0, "request retransmission, last response resent if there is one",       \
	  "RFC 3261 §17.2")                                                                        \
	X(ACK_NON_2XX, 0, "ACK to a non-2xx final response", "RFC 3261 §17.2.1")                   \
	X(ACK_STATELESS, 0, "ACK to a stateless rejection of Tandem's", "RFC 3261 §8.2.7")         \
	X(TRYING, 0, "100 Trying, never forwarded", "RFC 3261 §16.7 item 5")                       \
	X(NON_INVITE_PROVISIONAL, 0, "1xx to a non-INVITE", "RFC 4320 §4.1")                       \
	X(NON_INVITE_TIMEOUT, 0, "408 to a non-INVITE", "RFC 4320 §4.2")                           \
	X(FINAL_AGAIN, 0, "final response seen before, ACK resent for an INVITE",                  \
	  "RFC 3261 §17.1.1.2")                                                                    \
	X(FINAL_WAITS, 0, "final response kept while other branches are open",                     \
	  "RFC 3261 §16.7 item 6")                                                                 \
	X(EXTRA_2XX_DROPPED, 0, "2xx of another party, kept from the caller", "")                  \
	X(EXTRA_2XX_ENDED, 0, "2xx of another party, acknowledged and ended with BYE", "")         \
	X(OWN_RESPONSE, 0, "response to a request of Tandem's own", "RFC 3261 §17.1.2")            \
	X(LATE_PROVISIONAL, 0, "1xx after the final response", "RFC 3261 §17.1.1.2")               \
	X(CANCEL_RESPONSE, 0, "response to a CANCEL of Tandem's", "RFC 3261 §9.1")                 \
	X(KEEPALIVE, 0, "CRLF keep-alive", "RFC 5626 §4.4.1")                                      \
	X(ICMP_ERROR, 0, "ICMP error that quotes a live branch", "RFC 3261 §18.4")                 \
	X(RESPONSE_RETRIED, 0, "response that ICMP brought back goes to the Via's sent-by",        \
	  "RFC 3261 §18.2.2")                                                                      \
	X(NAME_WAITED, 0, "waits until the name of its next hop is known", "RFC 3263 §4")           \
	X(FRAGMENT_HELD, 0, "fragment kept for reassembly", "RFC 791, RFC 8200 §4.5")              \
	X(NEIGHBOUR_LEARNED, 0, "ARP or neighbour advertisement taken note of",                    \
	  "RFC 826, RFC 4861 §7.2.5")                                                              \
	X(PATH_MTU, 0, "packet too big, the path's MTU taken note of", "RFC 8201 §4")              \
	/* hand off, punt */                                                                       \
	X(OTHER_SHARD, 0, "the Call-ID's shard belongs to another worker", "")                     \
	X(NOT_OURS, 0, "not for a protocol that Tandem speaks", "")                                \
	/* drop */                                                                                 \
	X(STRAY_RESPONSE, 0, "response without a transaction", "RFC 6026 §7.3")                    \
	X(RESPONSE_FORGED, 0, "response whose Via of ours does not verify", "RFC 3261 §18.1.2")    \
	X(RESPONSE_NOT_OURS, 0, "response whose top Via is not Tandem's", "RFC 3261 §18.1.2")      \
	X(RESPONSE_NO_VIA, 0, "response with no Via below Tandem's", "RFC 3261 §16.7 item 3")      \
	X(RESPONSE_ADDRESS, 0, "response would go to an unusable address",                         \
	  "RFC 3261 §18.2.2")                                                                      \
	X(ACK_UNROUTABLE, 0, "ACK that cannot be routed", "RFC 3261 §17.1.1.2")                    \
	X(NOT_SIP, 0, "UDP datagram that is not SIP", "")                                          \
	X(STRAY_LATE, 0,                                                                           \
	  "response to a request of another instance, or from before a restart, too late",         \
	  "RFC 6026 §7.3")                                                                         \
	X(STUN, 0, "STUN that is no Binding Request, or not to a listening port",                  \
	  "RFC 5389 §7.3")                                                                         \
	X(STUN_MALFORMED, 0, "STUN message malformed", "RFC 5389 §7.3")                            \
	X(LINK_HEADER, 0, "frame too short or of an unknown type", "")                             \
	X(VLAN_FOREIGN, 0, "VLAN tag that no interface carries", "IEEE 802.1Q")                    \
	X(MAC_FOREIGN, 0, "frame addressed to another station", "")                                \
	X(IP_HEADER, 0, "IP header malformed", "RFC 791, RFC 8200")                                \
	X(IP_CHECKSUM, 0, "IP header checksum wrong", "RFC 791")                                   \
	X(IP_ADDRESS_FOREIGN, 0, "IP destination is not Tandem's", "RFC 1812 §5.2.4")              \
	X(IP_SOURCE_BOGUS, 0, "source address no host may have", "RFC 1812 §5.3.7")                \
	X(UDP_HEADER, 0, "UDP length malformed", "RFC 768")                                        \
	X(UDP_CHECKSUM, 0, "UDP checksum wrong", "RFC 768, RFC 8200 §8.1")                         \
	X(UDP_PORT, 0, "UDP port where no service listens", "RFC 1122 §4.1.3.1")                   \
	X(FRAGMENT_INVALID, 0, "fragments overlap, overrun or are malformed", "RFC 5722")          \
	X(FRAGMENT_FULL, 0, "reassembly at its limit", "RFC 815")                                  \
	X(ICMP_IGNORED, 0, "ICMP of no meaning to Tandem", "RFC 3261 §18.4")                       \
	X(ICMP_UNMATCHED, 0, "ICMP error that quotes nothing of Tandem's", "RFC 5927 §4")          \
	X(HANDOFF_FULL, 0, "hand-off ring full", "")                                               \
	X(SHUTTING_DOWN, 0, "received while stopping", "")

enum verdict_reason {
	VERDICT_REASON_NONE,
#define X(name, status, help, clause) REASON_##name,
	VERDICT_REASONS(X)
#undef X
	VERDICT_REASON_COUNT,
};

struct verdict {
	uint8_t kind;   /* enum verdict_kind */
	uint8_t reason; /* enum verdict_reason */
};
static_assert(VERDICT_REASON_COUNT < 256, "a reason fits a byte");

static inline struct verdict verdict_of(enum verdict_kind kind, enum verdict_reason reason)
{
	return (struct verdict){ .kind = (uint8_t)kind, .reason = (uint8_t)reason };
}

struct verdict_reason_info {
	const char *name;   /* upper case, words joined by _ : INITIAL_REQUEST */
	const char *help;
	const char *clause; /* "" where no document asks for it */
	uint16_t status;    /* SIP status code of the reply, 0: none */
};

/* Indexed by enum verdict_reason; static. */
extern const struct verdict_reason_info verdict_reasons[VERDICT_REASON_COUNT];
/* "forward", "reply", ... */
const char *verdict_kind_name(enum verdict_kind kind);

/* Counts of one worker.  worker: rw, control: ro (relaxed). */
struct verdict_counters {
	uint64_t count[VERDICT_KINDS][VERDICT_REASON_COUNT];
};

static inline void verdict_count(struct verdict_counters *counters, struct verdict verdict)
{
	uint64_t *word = &counters->count[verdict.kind][verdict.reason];
	__atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

#endif
