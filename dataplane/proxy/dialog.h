/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside the engine: dialogs, their legs, and the BYEs that end a call of which the ACK is missing.
 * Not to be included outside proxy/.
 */
#ifndef PROXY_DIALOG_H
#define PROXY_DIALOG_H

#include "proxy/engine.h"

/* ---- leg.c */
enum leg_end {
	LEG_ANSWERER, /* who sent the 2xx */
	LEG_INVITER,  /* who sent the INVITE */
	LEG_ENDS,
};
/* What the other party would send along a leg; spans of the message and of the scratch. */
struct leg {
	struct span request_uri;
	struct span routes; /* complete Route rows, or empty */
	struct route route;
};
/* URI of the first Contact, or empty. */
[[nodiscard]] struct span leg_contact(const struct sip_message *msg);
/* From a 2xx with the Record-Route that we set for `service` (a call may pass us twice, each time
 * for another) and the `contact` of the party at that end.  False: it leads nowhere. */
[[nodiscard]] bool leg_resolve(struct call *call, const struct sip_message *msg, uint16_t service,
			       enum leg_end end, struct span contact, struct leg *leg);

/* ---- bye.c */
/* What the BYEs of a call of `service` need, out of its 2xx and the branch that it answers.  NULL:
 * no memory, or no way to either party. */
[[nodiscard]] struct retained *bye_keep(struct call *call, const struct sip_message *msg,
					uint16_t service, const struct txn *branch);
/* `last`: the highest CSeq of the party at the other end of each leg. */
void bye_send(struct call *call, const struct retained *kept, uint16_t service,
	      const uint32_t last[LEG_ENDS]);
/* False: to be put off to the next batch. */
[[nodiscard]] bool bye_has_scratch(const struct call *call);

/* ---- dialog.c */
/* What an in-dialog request belongs to. */
struct dialog_pass {
	struct dialog *dialog; /* NULL: none is known */
	enum dialog_side side; /* who sent it */
};
/* RFC 3261 §12.2.2, of a request that matches no transaction: VERDICT_REASON_NONE, or why it is to
 * be refused.  Takes no note of the number. */
[[nodiscard]] enum verdict_reason dialog_check(struct call *call, const struct sip_message *msg,
					       const struct route *route,
					       struct dialog_pass *pass);
/* The request went on: the dialogs of all passages that it makes take note. */
void dialog_request_sent(struct call *call, const struct sip_message *msg,
			 const struct route *route, const struct dialog_pass *pass);
/* A 2xx to an INVITE about to be forwarded, the first or again: begins and refreshes dialogs, and
 * waits for the ACK.  `branch`: that it answers, NULL when only a tombstone is left of it; `target`:
 * of either. */
void dialog_take_2xx(struct call *call, uint16_t service, bool in_dialog,
		     const struct sip_message *msg, const struct txn *branch, uint16_t target);
/* A final response to another request of a dialog: refreshes it, ends it. */
void dialog_take_final(struct call *call, uint16_t service, const struct sip_message *msg);
/* An ACK on its way to who answered 2xx, for all passages that it makes. */
void dialog_take_ack(struct call *call, const struct sip_message *msg, const struct route *route);
/* A timer ran out. */
void dialog_expire(struct call *call, uint32_t index, uint32_t generation);
/* Gives back all that dialogs hold. */
void dialog_forget_all(struct proxy *proxy);


/* ---- live.c: live calls of each target, struct target_status.calls */
/* The dialog is one of the target's from here on.  `target`: struct txn's; `branch`: as above. */
void live_begin(struct call *call, struct dialog *dialog, uint16_t target,
		const struct txn *branch);
/* It is not any more; nothing when it was not. */
void live_end(struct proxy *proxy, struct dialog *dialog);
/* A target answered a call whose end will not be seen. */
void live_uncounted(struct call *call, const struct txn *branch);
/* NULL when as many are counted as dialogs say, else what is wrong. */
[[nodiscard]] const char *live_check(const struct proxy *proxy);

#endif
