/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one call of the engine wants sent.  The owner of the engine drains it after each call and
 * before the next: entries point into the datagram received (in_place), into the outbox's own
 * scratch, or into copies that the engine retains, and all are valid only until the next call.
 */
#ifndef PROXY_OUTBOX_H
#define PROXY_OUTBOX_H

#include "net/endpoint.h"

#define OUTBOX_MAX          128
#define OUTBOX_SCRATCH_SIZE (256 * 1024)

struct outbox_entry {
	const char *data;
	uint32_t len;
	bool in_place;               /* data lies in the buffer of the datagram received, edited:
	                                the buffer itself can be sent */
	uint8_t interface;           /* to send by */
	struct endpoint source;      /* own address and port */
	struct endpoint destination;
};

/* What control is told; the owner passes it on to a ring, or drops and counts. */
enum outcome_kind {
	OUTCOME_RESPONSE,        /* a target gave a final response; value: status */
	OUTCOME_TIMEOUT,         /* Timer B or F ran out without any response */
	OUTCOME_TRANSPORT_ERROR, /* ICMP error */
};
struct outcome {
	uint64_t target_id;
	uint16_t value;
	uint8_t kind;            /* enum outcome_kind */
	bool is_invite;
};
#define OUTBOX_OUTCOMES_MAX 64

struct outbox {
	uint32_t count;
	uint32_t scratch_used;
	uint32_t outcome_count;
	struct outbox_entry entries[OUTBOX_MAX];
	struct outcome outcomes[OUTBOX_OUTCOMES_MAX];
	char scratch[OUTBOX_SCRATCH_SIZE];
};

static inline void outbox_reset(struct outbox *outbox)
{
	outbox->count = 0;
	outbox->scratch_used = 0;
	outbox->outcome_count = 0;
}

#endif
