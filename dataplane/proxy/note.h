/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the engine says of its decisions while somebody follows a call: the owner of the outbox lends
 * it room for notes.  Nobody looking, that room is NULL, and a note costs one branch.
 */
#ifndef PROXY_NOTE_H
#define PROXY_NOTE_H

#include "base/compiler.h"

enum proxy_note_kind {
	NOTE_CHOSEN,  /* a target: `target_id`, by what: `how`; of a branch: `attempt` */
	NOTE_ROUTED,  /* no target was asked for: `how` is an enum proxy_route_kind */
	NOTE_TIMER,   /* `timer` ran out; what follows is its work */
	NOTE_FAILED,  /* the attempt at `target_id` came to nothing: `cause` */
	NOTE_NEXT,    /* the next target is tried; `how`: NOTE_AFTER or NOTE_BESIDE the last one */
	NOTE_KINDS,
};

enum proxy_note_choice {
	NOTE_BY_POLICY,   /* the pool's policy */
	NOTE_BY_MEMORY,   /* an earlier request of the call went there */
	NOTE_BY_HASH,     /* an ACK or CANCEL without its INVITE's transaction: by the Call-ID */
	NOTE_BY_SETTLED,  /* without a transaction: Call-ID and settled wishes alone */
};
enum proxy_note_next { NOTE_AFTER, NOTE_BESIDE };

struct proxy_note {
	uint64_t target_id;  /* 0: none */
	uint64_t call_hash;  /* of NOTE_CHOSEN: what the policy was given */
	/* The request that it is about, where no message says so; as long as the outbox's entries. */
	const char *about;
	uint32_t about_len;
	uint16_t service, pool; /* BALANCE_NONE: none */
	uint16_t entry;      /* how many entries of the outbox came before */
	uint16_t tried;      /* targets that this request was sent to before */
	uint8_t kind;        /* enum proxy_note_kind */
	uint8_t how;         /* see kind */
	uint8_t policy;      /* enum balance_policy */
	uint8_t timer;       /* enum proxy_timer */
	uint8_t cause;       /* enum failover_cause */
	uint8_t attempt;
	uint8_t admin, health; /* of the target: enum target_admin, target_health */
};
static_assert(sizeof(struct proxy_note) == 48, "three to two cache lines");

#define PROXY_NOTES_MAX 32
/* Of one call of the engine; what finds no room is left out. */
struct proxy_notes {
	uint32_t count;
	struct proxy_note notes[PROXY_NOTES_MAX];
};

#endif
