/* SPDX-License-Identifier: BSD-3-Clause */
/* INVITE client transaction: RFC 3261 §17.1.1 figure 5 with the Accepted state of RFC 6026 §7.2. */
#include "sip/fsm.h"

#define CALLING    INVITE_CLIENT_CALLING
#define PROCEEDING INVITE_CLIENT_PROCEEDING
#define COMPLETED  INVITE_CLIENT_COMPLETED
#define ACCEPTED   INVITE_CLIENT_ACCEPTED
#define TERMINATED INVITE_CLIENT_TERMINATED

const struct fsm_cell fsm_invite_client[INVITE_CLIENT_STATES][INVITE_CLIENT_EVENTS] = {
	[CALLING] = {
		/* The first 1xx ends Timers A and B; from here Timer C watches (§16.6 item 11). */
		[INVITE_CLIENT_1XX]             = { PROCEEDING, FSM_PASS_UP | FSM_QUIET | FSM_LINGER },
		[INVITE_CLIENT_2XX]             = { ACCEPTED,   FSM_PASS_UP | FSM_QUIET | FSM_LINGER | FSM_RELEASE },
		[INVITE_CLIENT_300_699]         = { COMPLETED,  FSM_ACK | FSM_PASS_UP | FSM_QUIET | FSM_LINGER | FSM_RELEASE },
		[INVITE_CLIENT_TIMER_A]         = { CALLING,    FSM_RESEND | FSM_BACK_OFF },
		[INVITE_CLIENT_TIMER_B]         = { TERMINATED, FSM_TIMEOUT },
		[INVITE_CLIENT_TIMER_D]         = { CALLING,    0 },
		[INVITE_CLIENT_TIMER_M]         = { CALLING,    0 },
		[INVITE_CLIENT_TRANSPORT_ERROR] = { TERMINATED, FSM_ERROR },
	},
	[PROCEEDING] = {
		[INVITE_CLIENT_1XX]             = { PROCEEDING, FSM_PASS_UP },
		[INVITE_CLIENT_2XX]             = { ACCEPTED,   FSM_PASS_UP | FSM_QUIET | FSM_LINGER | FSM_RELEASE },
		[INVITE_CLIENT_300_699]         = { COMPLETED,  FSM_ACK | FSM_PASS_UP | FSM_QUIET | FSM_LINGER | FSM_RELEASE },
		[INVITE_CLIENT_TIMER_A]         = { PROCEEDING, 0 },
		[INVITE_CLIENT_TIMER_B]         = { PROCEEDING, 0 },
		[INVITE_CLIENT_TIMER_D]         = { PROCEEDING, 0 },
		[INVITE_CLIENT_TIMER_M]         = { PROCEEDING, 0 },
		/* Nothing is sent in Proceeding: a late ICMP error about an earlier copy says
		 * nothing against a peer that has answered. */
		[INVITE_CLIENT_TRANSPORT_ERROR] = { PROCEEDING, 0 },
	},
	[COMPLETED] = {
		[INVITE_CLIENT_1XX]             = { COMPLETED,  0 },
		[INVITE_CLIENT_2XX]             = { COMPLETED,  0 },
		[INVITE_CLIENT_300_699]         = { COMPLETED,  FSM_ACK },
		[INVITE_CLIENT_TIMER_A]         = { COMPLETED,  0 },
		[INVITE_CLIENT_TIMER_B]         = { COMPLETED,  0 },
		[INVITE_CLIENT_TIMER_D]         = { TERMINATED, 0 },
		[INVITE_CLIENT_TIMER_M]         = { COMPLETED,  0 },
		/* The TU already has its final response; the ACK that could not be sent is sent
		 * again when the peer repeats the final (§17.1.1.2 would tell the TU, which has
		 * nothing to do about it). */
		[INVITE_CLIENT_TRANSPORT_ERROR] = { COMPLETED,  0 },
	},
	[ACCEPTED] = {
		[INVITE_CLIENT_1XX]             = { ACCEPTED,   0 },
		[INVITE_CLIENT_2XX]             = { ACCEPTED,   FSM_PASS_UP },
		[INVITE_CLIENT_300_699]         = { ACCEPTED,   0 },
		[INVITE_CLIENT_TIMER_A]         = { ACCEPTED,   0 },
		[INVITE_CLIENT_TIMER_B]         = { ACCEPTED,   0 },
		[INVITE_CLIENT_TIMER_D]         = { ACCEPTED,   0 },
		[INVITE_CLIENT_TIMER_M]         = { TERMINATED, 0 },
		[INVITE_CLIENT_TRANSPORT_ERROR] = { ACCEPTED,   0 },
	},
	[TERMINATED] = {
		[INVITE_CLIENT_1XX]             = { TERMINATED, 0 },
		[INVITE_CLIENT_2XX]             = { TERMINATED, 0 },
		[INVITE_CLIENT_300_699]         = { TERMINATED, 0 },
		[INVITE_CLIENT_TIMER_A]         = { TERMINATED, 0 },
		[INVITE_CLIENT_TIMER_B]         = { TERMINATED, 0 },
		[INVITE_CLIENT_TIMER_D]         = { TERMINATED, 0 },
		[INVITE_CLIENT_TIMER_M]         = { TERMINATED, 0 },
		[INVITE_CLIENT_TRANSPORT_ERROR] = { TERMINATED, 0 },
	},
};
