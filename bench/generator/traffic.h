/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The call engine of the SIP generator: callers and targets, both ends of every call, as pure
 * code.  Datagrams and a TSC reading go in, packets to send come out.  No DPDK, no socket, no
 * clock, no allocation after creation.  One thread owns it.
 *
 * Open loop: the k-th call of a trial is due at begin + k/rate (or after Poisson gaps), whatever
 * became of those before it, and every delay counts from when its message was due, not from when
 * it was sent: a proxy or a generator that stalls shows in the delays.
 *
 * Everything received is checked (check.h), by a masked compare where a message of its shape was
 * checked in full before (shape.h), and 1 in 64 in full anyway.
 */
#ifndef GENERATOR_TRAFFIC_H
#define GENERATOR_TRAFFIC_H

#include "base/histogram.h"
#include "net/endpoint.h"

struct traffic;

enum traffic_side { TRAFFIC_CALLERS, TRAFFIC_TARGETS, TRAFFIC_SIDES };

/* No message sent is longer: a frame of 1,500 octets takes it with IPv6 and UDP headers. */
#define TRAFFIC_OCTETS_MAX   1452u
#define TRAFFIC_CALLERS_MAX  256u
#define TRAFFIC_TARGETS_MAX  256u
/* Memory that a call takes at most, its timer and its places in queues included. */
#define TRAFFIC_CALL_OCTETS  1152u
#define TRAFFIC_CALLS_MAX    (1u << 24)

/* ---- flows */

/* X(ID, "name", what it is).  The names are those of --mix and of JSON. */
#define TRAFFIC_FLOWS(X)                                                                           \
	X(CALL, "call", "INVITE with SDP, 100, 180, 200, ACK, hold, BYE, 200")                     \
	X(REGISTER, "register", "REGISTER, 200")                                                   \
	X(OPTIONS, "options", "OPTIONS, 200")                                                      \
	X(CANCEL, "cancel", "INVITE, 100, 180, CANCEL, 200, 487, ACK")                             \
	X(CHALLENGE, "challenge", "INVITE, 407, ACK, INVITE with Proxy-Authorization, as call")

enum traffic_flow {
#define X(id, name, text) TRAFFIC_FLOW_##id,
	TRAFFIC_FLOWS(X)
#undef X
	TRAFFIC_FLOW_COUNT,
};

/* Of the sum of all weights, so many calls go by each flow, evenly interleaved. */
struct traffic_mix {
	uint16_t weights[TRAFFIC_FLOW_COUNT];
};
#define TRAFFIC_WEIGHTS_MAX 1000u /* sum */

const char *traffic_flow_name(enum traffic_flow flow);
/* "call=8,register=1,options=1"; a name alone has weight 1.  False: not that; *error (when not
 * NULL) then says what is wrong and what is accepted, and is static text. */
[[nodiscard]] bool traffic_mix_parse(struct span text, struct traffic_mix *mix, const char **error);

/* ---- what can go wrong */

/* X(ID, "name", what it means): why a call failed.  Names are keys of JSON. */
#define TRAFFIC_FAILURES(X)                                                                        \
	X(TIMEOUT_INVITE, "timeout_invite", "no final response to INVITE within 64*T1 of the last sign of life") \
	X(TIMEOUT_NON_INVITE, "timeout_non_invite", "no final response to another request (Timer F)") \
	X(REJECTED, "rejected", "a final response that the flow does not have (statuses tell which)") \
	X(NO_ACK, "no_ack", "a final response to INVITE without ACK for 64*T1")                    \
	X(FAULT, "fault", "ended as it should, but a message of it was at fault")                  \
	X(OUT_OF_CALLS, "out_of_calls", "due while as many calls were live as there is room for")  \
	X(ABORTED, "aborted", "live when the trial was aborted")

enum traffic_failure {
#define X(id, name, text) TRAFFIC_FAILURE_##id,
	TRAFFIC_FAILURES(X)
#undef X
	TRAFFIC_FAILURE_COUNT,
};
const char *traffic_failure_name(enum traffic_failure failure);
const char *traffic_failure_text(enum traffic_failure failure);

/* X(ID, "name", clause, what it means): what can be wrong with a message, or with its absence. */
#define TRAFFIC_FAULTS(X)                                                                          \
	X(MALFORMED, "malformed", "RFC 3261 §7, §25", "not a SIP message that anybody may act on") \
	X(UNKNOWN_CALL, "unknown_call", "RFC 3261 §8.1.1.4", "no call has or had this Call-ID")    \
	X(UNEXPECTED, "unexpected", "RFC 3261 §13, §17", "the call is in no state for this message") \
	X(WRONG_SOURCE, "wrong_source", "RFC 3261 §18.2.2", "not from the proxy's address")        \
	X(WRONG_CALLER, "wrong_caller", "RFC 3261 §18.2.2", "not at the caller whose call it is")  \
	X(WRONG_TARGET, "wrong_target", "RFC 3261 §12.2, §16.12", "not at the target that has the call") \
	X(START_LINE, "start_line", "RFC 3261 §16.6 item 2, §16.7", "the start line was changed")  \
	X(VIA_MISSING, "via_missing", "RFC 3261 §16.6 item 8", "no Via of the proxy, or of the caller") \
	X(DOUBLED_VIA, "doubled_via", "RFC 3261 §16.6 item 8", "more than one Via above the caller's") \
	X(VIA_NOT_POPPED, "via_not_popped", "RFC 3261 §16.7 item 3", "the proxy's Via is still in a response") \
	X(VIA_CHANGED, "via_changed", "RFC 3261 §16.6, §18.2.1", "the caller's Via was changed")   \
	X(WRONG_BRANCH, "wrong_branch", "RFC 3261 §8.1.1.7, §9.1, §16.6 item 8, §17.1.1.3", "not the transaction's branch, or another's") \
	X(RECORD_ROUTE, "record_route", "RFC 3261 §12.1.1, §16.6 item 4", "Record-Route absent, unexpected or changed") \
	X(ROUTE_LEFT, "route_left", "RFC 3261 §16.4, §16.12", "the proxy's own Route was left")    \
	X(MAX_FORWARDS, "max_forwards", "RFC 3261 §16.6 item 3", "Max-Forwards is not one less")   \
	X(LOST_TAG, "lost_tag", "RFC 3261 §8.2.6.2, §12.2, §19.3", "a From or To tag is missing")  \
	X(WRONG_TAG, "wrong_tag", "RFC 3261 §12.2, §19.3", "a From or To tag is another one")      \
	X(WRONG_CSEQ, "wrong_cseq", "RFC 3261 §8.1.1.5, §16.6", "CSeq is another one")             \
	X(HEADER_CHANGED, "header_changed", "RFC 3261 §16.6, §16.7", "a header field was changed or lost") \
	X(BODY_CHANGED, "body_changed", "RFC 3261 §16.6", "the body was changed")                  \
	X(DROPPED_ACK, "dropped_ack", "RFC 3261 §13.3.1.4, §16.11", "an ACK that was sent never came") \
	X(TOO_LONG, "too_long", "RFC 3261 §18.1.1", "Via or Record-Route rows longer than a call has room for")

enum traffic_fault_kind {
#define X(id, name, clause, text) TRAFFIC_FAULT_##id,
	TRAFFIC_FAULTS(X)
#undef X
	TRAFFIC_FAULT_COUNT,
};
const char *traffic_fault_name(enum traffic_fault_kind kind);
const char *traffic_fault_clause(enum traffic_fault_kind kind);
const char *traffic_fault_text(enum traffic_fault_kind kind);

#define TRAFFIC_FAULT_MESSAGE_MAX 2048u
struct traffic_fault {
	uint8_t kind;          /* enum traffic_fault_kind */
	uint8_t side;          /* enum traffic_side: who found it */
	uint8_t flow;          /* enum traffic_flow; TRAFFIC_FLOW_COUNT: the call is not known */
	uint16_t local;        /* of the side's addresses */
	struct endpoint source; /* whom the message came from; port 0: nothing came */
	double at_s;           /* since the trial began */
	char call_id[96];
	char what[192];        /* one sentence */
	char expected[768];    /* the rows or value that should have been there */
	uint32_t message_len;  /* octets kept; the message may have been longer */
	char message[TRAFFIC_FAULT_MESSAGE_MAX]; /* the offending message, or the one not answered */
};

/* ---- creation */

enum traffic_arrivals { TRAFFIC_UNIFORM, TRAFFIC_POISSON };

enum traffic_check {
	TRAFFIC_CHECK_MASKED, /* masked compare; 1 in 64 in full, at random */
	TRAFFIC_CHECK_ALL,    /* everything in full */
	TRAFFIC_CHECK_OFF,    /* messages are told apart, nothing is looked at further */
};

enum traffic_record_route {
	TRAFFIC_RECORD_ROUTE_ANY,      /* whatever comes is echoed */
	TRAFFIC_RECORD_ROUTE_REQUIRED, /* an INVITE without is a fault */
	TRAFFIC_RECORD_ROUTE_ABSENT,   /* an INVITE with one is a fault */
};

struct traffic_config {
	const struct endpoint *callers, *targets; /* read at creation only */
	uint16_t caller_count, target_count;
	/* By side: where callers send requests, where messages come from and responses and the
	 * targets' requests go.  Not read when direct. */
	struct endpoint proxy[TRAFFIC_SIDES];
	bool direct;             /* no proxy between: callers talk to targets in turn */
	uint8_t record_route;    /* enum traffic_record_route; of no effect when direct */
	uint8_t check;           /* enum traffic_check */
	uint32_t calls_max;      /* live at a time, 1 to TRAFFIC_CALLS_MAX: memory */
	/* 0: 500, 4000, 5000.  T4 has no effect: what comes for a call that has ended is told by
	 * its Call-ID, for as long as it comes (Timers D, I, J, K are not needed for that). */
	uint32_t t1_ms, t2_ms, t4_ms;
	uint64_t seed;           /* of Call-IDs and Poisson gaps: runs of other seeds share no
	                            Call-ID, and tell each other's */
	uint64_t tsc_hz;
	uint32_t faults_max;     /* reports kept a kind */
	/* Called within traffic_receive and traffic_poll for each report that is kept; may be
	 * NULL.  It must not call the engine. */
	void (*fault)(void *context, const struct traffic_fault *fault);
	void *fault_context;
};

/* NULL: out of memory, or the configuration is at fault; `error` (of error_size octets) says
 * what. */
[[nodiscard]] struct traffic *traffic_create(const struct traffic_config *config, uint64_t now_tsc,
					     char *error, size_t error_size);
void traffic_destroy(struct traffic *traffic);

/* Bytes taken at creation. */
[[nodiscard]] size_t traffic_octets(const struct traffic *traffic);

/* ---- packets */

struct traffic_packet {
	char *data;                  /* the port's, room for TRAFFIC_OCTETS_MAX: set before */
	uint32_t len;
	uint8_t side;                /* enum traffic_side: whose address it leaves from */
	uint16_t local;              /* index into callers or targets */
	/* What repeats, so that the port can keep ready-made frame headers by (side, local, peer):
	 * 0 is the side's proxy; when direct, an index into the other side's addresses. */
	uint16_t peer;
	struct endpoint destination; /* of that peer */
};

/* The port provides `max` packets with buffers and sets count to 0; the engine fills
 * packets[count++] and stops early when full: what was due stays due, nothing is lost. */
struct traffic_outbox {
	struct traffic_packet *packets;
	uint32_t count, max;
};
/* What one traffic_receive may send at most: with less room than that do not call it. */
#define TRAFFIC_REPLIES_MAX 4u

/* ---- a trial */

struct traffic_trial {
	double rate;             /* calls a second, above 0 */
	double seconds;          /* calls are due that long; 0: until calls_max.  Who was due and
	                            has not begun 10 ms later never will: counted as not_begun,
	                            with its delay so far in `late`, so that what was not
	                            offered is not called offered */
	uint64_t calls_max;      /* 0: no bound but seconds */
	struct traffic_mix mix;
	uint32_t ring_ms, hold_ms; /* 180 to 200 (or CANCEL), ACK to BYE; up to 3,600,000 */
	uint8_t arrivals;        /* enum traffic_arrivals */
};

/* Starts a trial; all results are zero from here.  False: calls are live, or a value is out of
 * range (neither seconds nor calls_max, no weight). */
[[nodiscard]] bool traffic_begin(struct traffic *traffic, const struct traffic_trial *trial,
				 uint64_t now_tsc);

/* Takes a datagram that came to `local` of `side`.  Reads data only, and any octets are welcome.
 * Messages for calls that have ended are counted as late, and no more. */
void traffic_receive(struct traffic *traffic, enum traffic_side side, uint16_t local,
		     const char *data, uint32_t len, const struct endpoint *source,
		     uint64_t now_tsc, struct traffic_outbox *outbox);

/* Brings what traffic_receive will read into the cache, for a datagram that is handed in a few
 * datagrams later.  Optional. */
void traffic_prefetch(const struct traffic *traffic, enum traffic_side side, const char *data,
		      uint32_t len);

/* Starts calls that are due and runs timers: a bounded number a call.  True: more is due now, call
 * again (with room in the outbox). */
bool traffic_poll(struct traffic *traffic, uint64_t now_tsc, struct traffic_outbox *outbox);

/* No call begins any more; those that are live go on. */
void traffic_stop(struct traffic *traffic, uint64_t now_tsc);
/* As traffic_stop, and those that are live end now, counted as aborted. */
void traffic_abort(struct traffic *traffic, uint64_t now_tsc);
/* True when no call will begin and none is live. */
[[nodiscard]] bool traffic_is_done(const struct traffic *traffic, uint64_t now_tsc);
/* TSC from which on no call begins any more: as planned or stopped; where calls_max ended it, when
 * the next call would have been due or, if that was later, when the last began.  UINT64_MAX while
 * only calls_max bounds the trial and calls are left to begin. */
[[nodiscard]] uint64_t traffic_starts_until(const struct traffic *traffic);

/* ---- results */

/* X(ID, "name", what it is): in ns. */
#define TRAFFIC_DELAYS(X)                                                                          \
	X(INVITE, "invite", "INVITE due at the caller to first received by the target")            \
	X(RESPONSE, "response", "200 to INVITE due at the target to first received by the caller") \
	X(BYE, "bye", "BYE due at the caller (ACK sent and the hold time over) to first received by the target")                     \
	X(SETUP, "setup", "INVITE due to its 200 received, ringing included")                      \
	X(SETUP_NET, "setup_net", "the same without the ringing time")                             \
	X(EXCHANGE, "exchange", "REGISTER or OPTIONS due to its 200 received")                     \
	X(LATE, "late", "first request of a call due to handed over for sending")

enum traffic_delay {
#define X(id, name, text) TRAFFIC_DELAY_##id,
	TRAFFIC_DELAYS(X)
#undef X
	TRAFFIC_DELAY_COUNT,
};
const char *traffic_delay_name(enum traffic_delay delay);
const char *traffic_delay_text(enum traffic_delay delay);

#define TRAFFIC_STATUSES 700
struct traffic_flow_results {
	uint64_t started, completed, failed;
};

/* started = completed + failed + live.  About 60 KiB: not for the stack of a small thread. */
struct traffic_results {
	struct traffic_flow_results flows[TRAFFIC_FLOW_COUNT];
	uint64_t started, completed, failed, live, live_max;
	uint64_t completed_in_time;                /* before the trial's time for beginning was over */
	uint64_t not_begun;                        /* were due, but the time was over: the generator
	                                              could not, or was not let */
	uint64_t failures[TRAFFIC_FAILURE_COUNT];  /* add up to failed */
	uint64_t faults[TRAFFIC_FAULT_COUNT];      /* messages: a call may have several */
	uint64_t statuses[TRAFFIC_STATUSES];       /* received by callers, copies included */
	uint64_t retransmissions_caller, retransmissions_target; /* sent */
	uint64_t retransmissions_received;         /* messages that a side had already */
	uint64_t messages_sent, messages_received;
	uint64_t late;                             /* received for calls that had ended */
	uint64_t strangers;                        /* received for calls of another run */
	uint64_t checked_masked, checked_full;     /* messages, by how they were checked */
	uint64_t sampled[TRAFFIC_SIDES];           /* of those in full, the ones drawn */
	uint64_t shapes_learnt;
	struct histogram delays[TRAFFIC_DELAY_COUNT];
};
/* A copy of what is so since traffic_begin; at any time, by the owning thread. */
void traffic_results_read(const struct traffic *traffic, struct traffic_results *results);
/* The same without the copy, for progress and tests. */
[[nodiscard]] const struct traffic_results *traffic_results(const struct traffic *traffic);

/* Reports kept: of `kind`, the n-th from 0; NULL when there are not so many. */
[[nodiscard]] const struct traffic_fault *traffic_fault(const struct traffic *traffic,
							enum traffic_fault_kind kind, uint32_t n);

#endif
