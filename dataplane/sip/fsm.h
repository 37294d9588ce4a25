/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The four transaction machines of RFC 3261 §17 with RFC 6026, as tables: what a machine does in
 * a state on an event is a cell {next state, actions}.  Every cell is decided.  The tables know
 * no clock, no packet and no memory; proxy/ carries the actions out.
 *
 * One file a machine: fsm_invite_client.c, fsm_non_invite_client.c, fsm_invite_server.c,
 * fsm_non_invite_server.c.  TU: the transaction user, here the proxy core (§16).
 */
#ifndef SIP_FSM_H
#define SIP_FSM_H

#include "base/compiler.h"

/* Actions, a set of bits, carried out in this order. */
enum fsm_action {
	FSM_SEND = 1 << 0,         /* send what the TU gave (a response) */
	FSM_RESEND = 1 << 1,       /* send the last message of this side again */
	FSM_ACK = 1 << 2,          /* send the ACK to a non-2xx, building it first if need be */
	FSM_PASS_UP = 1 << 3,      /* give the message to the TU */
	FSM_TIMEOUT = 1 << 4,      /* tell the TU: timed out */
	FSM_ERROR = 1 << 5,        /* tell the TU: transport error */
	FSM_BACK_OFF = 1 << 6,     /* arm the retransmission timer with the next interval */
	FSM_RETRANSMIT = 1 << 7,   /* start the retransmission timer with its first interval */
	FSM_QUIET = 1 << 8,        /* stop the retransmission timer */
	FSM_LINGER = 1 << 9,       /* arm the timer that ends the new state, in place of any other */
	FSM_RETAIN = 1 << 10,      /* keep the message just sent, to send it again */
	FSM_RELEASE = 1 << 11,     /* what was kept for resending is not owed any more */
};

struct fsm_cell {
	uint8_t next;
	uint16_t actions;
};

/* INVITE client: RFC 3261 §17.1.1 figure 5, RFC 6026 §8.4 figure 5. */
enum invite_client_state {
	INVITE_CLIENT_CALLING,
	INVITE_CLIENT_PROCEEDING,
	INVITE_CLIENT_COMPLETED,
	INVITE_CLIENT_ACCEPTED,
	INVITE_CLIENT_TERMINATED,
	INVITE_CLIENT_STATES,
};
enum invite_client_event {
	INVITE_CLIENT_1XX,
	INVITE_CLIENT_2XX,
	INVITE_CLIENT_300_699,
	INVITE_CLIENT_TIMER_A, /* retransmission, T1 doubling */
	INVITE_CLIENT_TIMER_B, /* 64*T1 without any response */
	INVITE_CLIENT_TIMER_D, /* >= 32 s of answering retransmitted finals */
	INVITE_CLIENT_TIMER_M, /* 64*T1 of passing 2xx up */
	INVITE_CLIENT_TRANSPORT_ERROR,
	INVITE_CLIENT_EVENTS,
};
extern const struct fsm_cell fsm_invite_client[INVITE_CLIENT_STATES][INVITE_CLIENT_EVENTS];

/* Non-INVITE client: RFC 3261 §17.1.2 figure 6. */
enum non_invite_client_state {
	NON_INVITE_CLIENT_TRYING,
	NON_INVITE_CLIENT_PROCEEDING,
	NON_INVITE_CLIENT_COMPLETED,
	NON_INVITE_CLIENT_TERMINATED,
	NON_INVITE_CLIENT_STATES,
};
enum non_invite_client_event {
	NON_INVITE_CLIENT_1XX,
	NON_INVITE_CLIENT_FINAL,   /* 200-699 */
	NON_INVITE_CLIENT_TIMER_E, /* retransmission, T1 doubling to T2; T2 in Proceeding */
	NON_INVITE_CLIENT_TIMER_F, /* 64*T1 without a final response */
	NON_INVITE_CLIENT_TIMER_K, /* T4 of absorbing finals */
	NON_INVITE_CLIENT_TRANSPORT_ERROR,
	NON_INVITE_CLIENT_EVENTS,
};
extern const struct fsm_cell
	fsm_non_invite_client[NON_INVITE_CLIENT_STATES][NON_INVITE_CLIENT_EVENTS];

/* INVITE server: RFC 3261 §17.2.1 figure 7, RFC 6026 §7.1 and §8.7 figure 7. */
enum invite_server_state {
	INVITE_SERVER_PROCEEDING,
	INVITE_SERVER_COMPLETED,
	INVITE_SERVER_CONFIRMED,
	INVITE_SERVER_ACCEPTED,
	INVITE_SERVER_TERMINATED,
	INVITE_SERVER_STATES,
};
enum invite_server_event {
	INVITE_SERVER_INVITE, /* a retransmission of it */
	INVITE_SERVER_ACK,
	INVITE_SERVER_TU_1XX,
	INVITE_SERVER_TU_2XX,
	INVITE_SERVER_TU_300_699,
	INVITE_SERVER_TIMER_G, /* resend the final, T1 doubling to T2 */
	INVITE_SERVER_TIMER_H, /* 64*T1 without ACK */
	INVITE_SERVER_TIMER_I, /* T4 of absorbing ACKs */
	INVITE_SERVER_TIMER_L, /* 64*T1 in Accepted */
	INVITE_SERVER_TRANSPORT_ERROR,
	INVITE_SERVER_EVENTS,
};
extern const struct fsm_cell fsm_invite_server[INVITE_SERVER_STATES][INVITE_SERVER_EVENTS];

/* Non-INVITE server: RFC 3261 §17.2.2 figure 8. */
enum non_invite_server_state {
	NON_INVITE_SERVER_TRYING,
	NON_INVITE_SERVER_PROCEEDING,
	NON_INVITE_SERVER_COMPLETED,
	NON_INVITE_SERVER_TERMINATED,
	NON_INVITE_SERVER_STATES,
};
enum non_invite_server_event {
	NON_INVITE_SERVER_REQUEST, /* a retransmission of it */
	NON_INVITE_SERVER_TU_1XX,
	NON_INVITE_SERVER_TU_FINAL,
	NON_INVITE_SERVER_TIMER_J, /* 64*T1 of resending the final */
	NON_INVITE_SERVER_TRANSPORT_ERROR,
	NON_INVITE_SERVER_EVENTS,
};
extern const struct fsm_cell
	fsm_non_invite_server[NON_INVITE_SERVER_STATES][NON_INVITE_SERVER_EVENTS];

/* Names for people and for the printed diagrams. */
struct fsm_machine {
	const char *name;           /* "INVITE client" */
	const char *source;         /* "RFC 3261 §17.1.1, RFC 6026 §8.4" */
	unsigned int states, events;
	const struct fsm_cell *cells; /* [state * events + event] */
	const char *const *state_names;
	const char *const *event_names;
};
#define FSM_MACHINES 4
extern const struct fsm_machine fsm_machines[FSM_MACHINES];

#endif
