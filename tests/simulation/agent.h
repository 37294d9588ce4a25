/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Callers and targets as RFC 3261 and RFC 6026 describe user agents: transactions (agent.c), the
 * messages that they write (agent_text.c), dialogs (agent_dialog.c), and what a caller
 * (agent_caller.c) and a target (agent_target.c) want.  None of it shares code with the engine.
 */
#ifndef SIMULATION_AGENT_H
#define SIMULATION_AGENT_H

#include "world.h"

/* ---- agent.c: transactions */
/* Takes the reference of `request`, and sends it. */
struct ua_txn *agent_client(struct call *call, struct leg *leg, struct node *node,
			    struct buffer *request, struct address to);
/* For a request received; nothing is sent. */
struct ua_txn *agent_server(struct call *call, struct node *node, struct buffer *request,
			    struct address from);
/* Takes the reference of `response`, sends it, steps the machine. */
void agent_respond(struct ua_txn *txn, struct buffer *response);
void agent_txn_drop(struct ua_txn *txn);
static inline bool agent_txn_lives(const struct ua_txn *txn)
{
	return txn->incarnation == txn->node->incarnation;
}
static inline bool agent_leg_lives(const struct leg *leg)
{
	return leg->incarnation == leg->node->incarnation;
}

/* ---- agent_text.c */
struct buffer *agent_initial(struct call *call, const char *extra);
struct buffer *agent_in_dialog(struct leg *leg, uint8_t method, uint32_t cseq, const char *extra);
/* ACK to a non-2xx, or CANCEL: out of the INVITE. */
struct buffer *agent_derived(const struct ua_txn *invite, uint8_t method,
			     const struct buffer *response, const char *extra);
struct buffer *agent_response(const struct ua_txn *txn, uint16_t status, const struct leg *leg,
			      const char *extra);
void agent_tag(struct call *call, char *tag);

/* ---- agent_dialog.c */
enum leg_action { LEG_REPEAT_ANSWER, LEG_REPEAT_RELIABLE, LEG_MIDWAY, LEG_BYE };
struct leg *leg_new(struct call *call, struct node *node, bool is_caller);
void legs_forget(struct call *call);
/* Route set and remote target out of a response (caller) or a request (callee). */
void leg_learn(struct leg *leg, const struct buffer *in);
struct leg *leg_find(const struct call *call, const struct node *node, struct span local_tag,
		     struct span remote_tag);
void leg_act(struct leg *leg, enum leg_action action);
void leg_confirmed(struct leg *leg);
void leg_answer(struct leg *leg, struct ua_txn *txn);
void leg_send_ack(struct leg *leg, uint32_t cseq);
void leg_send_bye(struct leg *leg);
void dialog_request(struct leg *leg, struct ua_txn *txn, struct buffer *in);
void dialog_ack(struct leg *leg, const struct buffer *in);
void dialog_final(struct ua_txn *txn, struct buffer *in);
void dialog_timeout(struct ua_txn *txn);

/* ---- agent_caller.c */
void caller_start(struct call *call);
/* Where the first request goes. */
struct address caller_way_in(const struct call *call);
void caller_provisional(struct ua_txn *txn, struct buffer *in);
void caller_final(struct ua_txn *txn, struct buffer *in);
/* A 2xx after the first, with a To tag of its own or again. */
void caller_answered_again(struct ua_txn *txn, struct buffer *in);
void caller_timeout(struct ua_txn *txn);
void caller_cancel_due(struct call *call);
/* The caller's machine is off: its transactions are no more, what comes is lost. */
void caller_gone(struct call *call);

/* ---- agent_target.c */
void target_request(struct call *call, struct node *node, struct buffer *in, struct address from);
void target_cancel(struct ua_txn *invite);
void target_answer(struct ua_txn *txn, uint16_t status);

#endif
