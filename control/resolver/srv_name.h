/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One SRV name that pools take their targets from: what its last answer was worth, what is kept,
 * and when to ask again.  No socket, no clock: time and chance come from the caller.
 *
 * What an answer does:
 *
 *	servers               they replace what was kept
 *	target "."            nothing is offered (RFC 2782), said on purpose: the pool empties
 *	no such name, or none what was kept stays: a zone that was broken by mistake looks just so,
 *	of its records usable   and a server that is really gone is found by its own silence
 *	no answer, SERVFAIL,  what was kept stays, and is asked for again with back-off
 *	refused, malformed
 */
#ifndef RESOLVER_SRV_NAME_H
#define RESOLVER_SRV_NAME_H

#include "resolver/ttl.h"

enum srv_state {
	SRV_NEW,     /* never answered */
	SRV_DISK,    /* serves what an earlier process was answered */
	SRV_FRESH,   /* serves the last answer */
	SRV_STALE,   /* serves what was answered before the last attempts failed */
	SRV_REFUSED, /* the answer: no service here */
	SRV_EMPTY,   /* the answer: nothing there, and there was nothing before */
};
/* "fresh" */
const char *srv_state_name(enum srv_state state);

#define SRV_TEXT_MAX 256

struct srv_name {
	char name[DNS_NAME_MAX];
	enum srv_state state;
	struct server_set *kept;  /* owned; NULL: none */
	int64_t answered_ms;      /* wall clock, of what is kept; 0: never */
	uint32_t ttl_ms;
	uint32_t unreachable, unusable, omitted; /* of the last answer */
	uint32_t failures;        /* in a row */
	uint64_t answers, attempts;
	uint64_t next_ms;         /* the caller's clock */
	char error[SRV_TEXT_MAX]; /* of the last attempt, or what is wrong with its answer; "": none */
};

struct srv_moment {
	uint64_t now_ms;  /* a clock that never goes back */
	int64_t wall_ms;  /* since 1970 */
	uint32_t chance;  /* 0 to TTL_CHANCE */
};

struct srv_change {
	bool has_targets_changed; /* what is kept differs: pools are to be told */
	bool is_worth_telling;    /* ... and people, with the text */
	struct server_difference difference;
	char text[SRV_TEXT_MAX + DNS_NAME_MAX];
};

/* False: no memory, and the attempt counts as failed. */
bool srv_name_answer(struct srv_name *srv, const struct server_set *set,
		     const struct resolver_settings *settings, const struct srv_moment *moment,
		     struct srv_change *change);
/* What an earlier process kept; `set` is taken over. */
void srv_name_restore(struct srv_name *srv, struct server_set *set, int64_t answered_ms,
		      uint32_t ttl_ms);
void srv_name_fini(struct srv_name *srv);

/* "12 s", "3 min", "5 h", "2 d". */
const char *srv_age_text(int64_t ms, char text[32]);

#endif
