/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Automatic user agents: caller, callee, and a proxy switch that sends calls back.  Their
 * transaction machines (RFC 3261 §17, §13.3.1.4, RFC 6026) and timers are their own, so that loss
 * of any datagram is repaired by both sides as it is between real peers.
 *
 *	agent.c         takes letters apart: transaction, dialog, new request
 *	agent_txn.c     client and server transactions
 *	agent_caller.c  what a caller does: call, cancel, acknowledge, retry with credentials
 *	agent_callee.c  what a callee does: ring, answer, challenge
 *	agent_relay.c   a stateless proxy (RFC 3261 §16.11)
 */
#ifndef SCENARIO_AGENT_H
#define SCENARIO_AGENT_H

#include "ua.h"

#define AGENT_T1 TICK_MS(500)
#define AGENT_T2 TICK_MS(4000)
#define AGENT_T4 TICK_MS(5000)

#define AGENT_PLANS_MAX 8

enum txn_state { TXN_TRYING, TXN_PROCEEDING, TXN_COMPLETED, TXN_CONFIRMED, TXN_ACCEPTED, TXN_OVER };

struct leg;

struct client {
	struct client *next;
	struct agent *agent;
	struct leg *leg;
	struct message *request;
	struct endpoint destination;
	const char *branch;
	bool is_invite;
	enum txn_state state;
	tick_t interval;
	struct event *retransmit, *end;
	struct message *ack;  /* sent last */
	struct endpoint ack_destination;
};

struct server {
	struct server *next;
	struct agent *agent;
	struct leg *leg;
	struct letter *letter; /* the request */
	const char *branch, *sent_by;
	bool is_invite;
	enum txn_state state;
	struct message *response; /* the last one */
	tick_t interval;
	struct event *retransmit, *end;
	tick_t first_2xx;
};

struct plan {
	const char *method;
	tick_t after;
};

/* A call or subscription as this agent sees it. */
struct leg {
	struct leg *next;
	struct agent *agent;
	struct dialog dialog;
	struct client *invite;     /* caller: the INVITE or other initial request */
	struct server *answering;  /* callee */
	struct event *timer, *reliable_timer;
	const char *tag;           /* local */
	bool is_caller, is_early, is_confirmed, is_over, cancel_wanted, cancel_sent;
	bool awaits_prack, answer_due;
	unsigned long last_rseq;
	tick_t reliable_interval;
	struct message *reliable;
	int plans_done;
};

struct agent {
	struct node *node;
	struct world *world;
	/* behaviour */
	int answer_status;
	tick_t answer_after;
	int ring_status;           /* 0: does not ring */
	tick_t ring_after;
	bool reliable, challenges, authorizes, silent;
	bool relays, leaves_path;
	struct endpoint relay_to;
	tick_t cancel_after, hang_up_after; /* TICK_NEVER: does not */
	struct plan plans[AGENT_PLANS_MAX];
	int plan_count;
	const char *headers[8];    /* added to the initial request: "Name: value" */
	int header_count;
	/* results */
	int calls, answered, ended, final, challenged;
	const char *got[64];       /* methods of in-dialog requests */
	int got_count;
	/* state */
	struct client *clients;
	struct server *servers;
	struct leg *legs;
};

struct agent *agent_create(struct node *node);
/* One line of behaviour.  False: not understood. */
bool agent_configure(struct agent *agent, char **words, int count);
void agent_place(struct agent *agent, const char *method, const char *uri, const char *call_id);
/* Value of a result by its name ("calls", "final", ...), -1: no such name. */
int agent_result(const struct agent *agent, const char *name, const char *method);
void agent_receive(struct agent *agent, struct letter *letter);

/* ---- agent_txn.c */
struct client *uac_start(struct agent *agent, struct leg *leg, struct message *request,
			    const struct endpoint *destination);
void uac_receive(struct client *client, const struct message *response);
struct client *uac_find(struct agent *agent, const struct message *response);
struct server *uas_start(struct agent *agent, struct leg *leg, struct letter *letter);
void uas_respond(struct server *server, struct message *response);
/* A retransmission, or the ACK to a non-2xx. */
void uas_receive(struct server *server, const struct letter *letter);
/* The ACK to a 2xx arrived: its retransmission stops. */
void uas_acknowledged(struct server *server);
struct server *uas_find(struct agent *agent, const struct message *request,
			   const char *method);
void agent_send(struct agent *agent, const struct message *message,
		const struct endpoint *destination);

/* ---- what transactions tell; agent_caller.c */
void caller_response(struct client *client, const struct message *response);
void caller_timeout(struct client *client);
/* ---- agent_callee.c */
void callee_request(struct agent *agent, struct letter *letter);
void callee_in_dialog(struct leg *leg, struct letter *letter);
void callee_cancel(struct agent *agent, struct letter *letter);
/* ---- agent.c */
struct leg *leg_create(struct agent *agent, const char *tag);
/* The dialog stands: carries the plans out, then hangs up. */
void leg_confirmed(struct leg *leg);
void leg_next_plan(struct leg *leg);
void leg_over(struct leg *leg);
/* ---- agent_relay.c */
void relay_receive(struct agent *agent, struct letter *letter);

#endif
