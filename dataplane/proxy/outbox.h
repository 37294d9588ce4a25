/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one call of the engine wants sent.  The owner of the engine drains it after each call and
 * before the next: entries point into the datagram received (in_place), into the outbox's own
 * scratch, or into copies that the engine retains, and all are valid only until the next call.
 */
#ifndef PROXY_OUTBOX_H
#define PROXY_OUTBOX_H

#include "base/hash.h"
#include "net/endpoint.h"
#include "proxy/note.h"

#define OUTBOX_MAX          128
#define OUTBOX_SCRATCH_SIZE (256 * 1024)

/* Where a message comes from, for who follows a call. */
enum outbox_origin {
	OUTBOX_FORWARDED, /* received, edited */
	OUTBOX_OWN,       /* of the engine's own making */
	OUTBOX_AGAIN,     /* a copy sent once more */
};

struct outbox_entry {
	const char *data;
	uint32_t len;
	bool in_place;               /* data lies in the buffer of the datagram received, edited:
	                                the buffer itself can be sent */
	uint8_t interface;           /* to send by */
	uint8_t origin;              /* enum outbox_origin */
	struct endpoint source;      /* own address and port */
	struct endpoint destination;
};

/* What control is told; the owner passes it on to a ring, or drops and counts. */
enum outcome_kind {
	OUTCOME_RESPONSE,        /* a target gave a final response; value: status */
	OUTCOME_TIMEOUT,         /* Timer B or F ran out without any response */
	OUTCOME_TRANSPORT_ERROR, /* ICMP error */
	OUTCOME_PROVISIONAL,     /* first response to an INVITE, a provisional one; value: status */
	OUTCOME_PROBE,           /* a probe ended; value: status, 0: no answer in time */
};
#define OUTCOME_NO_RETRY_AFTER UINT32_MAX
struct outcome {
	uint64_t target_id;
	uint32_t delay_us;       /* from the first sending to this; 0: not known */
	uint32_t retry_after_s;  /* of a 503; OUTCOME_NO_RETRY_AFTER: it has none */
	union {
		uint32_t probe;  /* of a probe: its number */
		uint32_t call;   /* of a timeout: hash of the Call-ID that is balanced by; 0: none */
	};
	uint16_t value;
	uint8_t kind;            /* enum outcome_kind */
	uint8_t flags;           /* enum outcome_flag */
};
static_assert(sizeof(struct outcome) == 24);
enum outcome_flag {
	OUTCOME_IS_INVITE = 1 << 0,
	OUTCOME_WAS_ANSWERED = 1 << 1, /* a provisional response came before: a timeout is slowness
	                                * and no absence, a final response is not the first */
	/* Of a probe whose value is 0: */
	OUTCOME_WAS_UNREACHABLE = 1 << 2, /* an ICMP error ended it */
	OUTCOME_WAS_NOT_SENT = 1 << 3,    /* no such target, no way there, no memory: it says
	                                     nothing of the target */
};
#define OUTBOX_OUTCOMES_MAX 64

/* What people are told: control passes it on as an event, at a bounded rate. */
enum engine_event_kind {
	ENGINE_EVENT_CSEQ_OUT_OF_ORDER, /* cseq seen, more than `expected` - 1 wanted */
	ENGINE_EVENT_UNACKNOWLEDGED,    /* a 2xx to INVITE saw no ACK for 64*T1 */
	ENGINE_EVENT_PEER_T1,           /* `peer` retransmits by another T1 than the service's */
	ENGINE_EVENT_KINDS,
};
#define ENGINE_EVENT_CALL_ID_MAX 88
#define ENGINE_EVENT_METHOD_MAX  16
struct engine_event {
	uint64_t target_id;      /* 0: none is known */
	union {
		struct {
			uint32_t cseq, expected;
		};
		struct {
			uint32_t theirs_ms, ours_ms; /* of PEER_T1 */
		};
	};
	uint16_t service;
	uint8_t kind;            /* enum engine_event_kind */
	uint8_t side;            /* enum dialog_side: who sent the request */
	uint8_t flags;           /* enum engine_event_flag */
	uint8_t reserved[3];
	/* Copies, cut off where they do not fit, NUL-terminated. */
	union {
		char call_id[ENGINE_EVENT_CALL_ID_MAX];
		struct ip_address peer; /* of PEER_T1 */
	};
	char method[ENGINE_EVENT_METHOD_MAX];
};
static_assert(sizeof(struct engine_event) == 128, "two cache lines");
enum engine_event_flag {
	ENGINE_EVENT_REFUSED = 1 << 0, /* the request was answered with 500 */
	ENGINE_EVENT_ENDED = 1 << 1,   /* the call is ended with BYE */
};
#define OUTBOX_EVENTS_MAX 16

/* The name of a next hop that control is asked for. */
#define PROXY_NAME_MAX 256
struct proxy_name {
	struct hash128 key;          /* to be repeated in the answer */
	uint16_t port;               /* 0: none was given, its SRV records count (RFC 3263 §4.2) */
	char host[PROXY_NAME_MAX];   /* lower case, NUL-terminated */
	char reserved[6];
};
static_assert(sizeof(struct proxy_name) == 280);
#define OUTBOX_NAMES_MAX 4

struct outbox {
	struct proxy_notes *notes; /* the owner's, where it wants notes; NULL: nobody looks */
	uint32_t count;
	uint32_t scratch_used;
	uint32_t outcome_count;
	uint32_t event_count;
	uint32_t name_count;
	struct outbox_entry entries[OUTBOX_MAX];
	struct outcome outcomes[OUTBOX_OUTCOMES_MAX];
	struct engine_event events[OUTBOX_EVENTS_MAX];
	struct proxy_name names[OUTBOX_NAMES_MAX];
	char scratch[OUTBOX_SCRATCH_SIZE];
};

static inline void outbox_reset(struct outbox *outbox)
{
	outbox->count = 0;
	outbox->scratch_used = 0;
	outbox->outcome_count = 0;
	outbox->event_count = 0;
	outbox->name_count = 0;
}

#endif
