/* SPDX-License-Identifier: BSD-3-Clause */
/* The machines with their names, for people; see fsm.h. */
#include "sip/fsm.h"

static const char *const invite_client_states[] = { "Calling", "Proceeding", "Completed", "Accepted",
						    "Terminated" };
static const char *const invite_client_events[] = { "1xx",     "2xx",     "300-699", "Timer A",
						    "Timer B", "Timer D", "Timer M", "transport error" };
static const char *const non_invite_client_states[] = { "Trying", "Proceeding", "Completed",
							"Terminated" };
static const char *const non_invite_client_events[] = { "1xx",     "200-699", "Timer E",
							"Timer F", "Timer K", "transport error" };
static const char *const invite_server_states[] = { "Proceeding", "Completed", "Confirmed", "Accepted",
						    "Terminated" };
static const char *const invite_server_events[] = { "INVITE",	       "ACK",	  "1xx from TU",
						    "2xx from TU",     "300-699 from TU", "Timer G",
						    "Timer H",	       "Timer I", "Timer L",
						    "transport error" };
static const char *const non_invite_server_states[] = { "Trying", "Proceeding", "Completed",
							"Terminated" };
static const char *const non_invite_server_events[] = { "request", "1xx from TU", "200-699 from TU",
							"Timer J", "transport error" };

static_assert(ARRAY_SIZE(invite_client_states) == INVITE_CLIENT_STATES);
static_assert(ARRAY_SIZE(invite_client_events) == INVITE_CLIENT_EVENTS);
static_assert(ARRAY_SIZE(non_invite_client_states) == NON_INVITE_CLIENT_STATES);
static_assert(ARRAY_SIZE(non_invite_client_events) == NON_INVITE_CLIENT_EVENTS);
static_assert(ARRAY_SIZE(invite_server_states) == INVITE_SERVER_STATES);
static_assert(ARRAY_SIZE(invite_server_events) == INVITE_SERVER_EVENTS);
static_assert(ARRAY_SIZE(non_invite_server_states) == NON_INVITE_SERVER_STATES);
static_assert(ARRAY_SIZE(non_invite_server_events) == NON_INVITE_SERVER_EVENTS);

const struct fsm_machine fsm_machines[FSM_MACHINES] = {
	{ "INVITE client", "RFC 3261 §17.1.1, RFC 6026 §7.2 and §8.4", INVITE_CLIENT_STATES,
	  INVITE_CLIENT_EVENTS, &fsm_invite_client[0][0], invite_client_states,
	  invite_client_events },
	{ "non-INVITE client", "RFC 3261 §17.1.2", NON_INVITE_CLIENT_STATES,
	  NON_INVITE_CLIENT_EVENTS, &fsm_non_invite_client[0][0], non_invite_client_states,
	  non_invite_client_events },
	{ "INVITE server", "RFC 3261 §17.2.1, RFC 6026 §7.1 and §8.7", INVITE_SERVER_STATES,
	  INVITE_SERVER_EVENTS, &fsm_invite_server[0][0], invite_server_states,
	  invite_server_events },
	{ "non-INVITE server", "RFC 3261 §17.2.2", NON_INVITE_SERVER_STATES,
	  NON_INVITE_SERVER_EVENTS, &fsm_non_invite_server[0][0], non_invite_server_states,
	  non_invite_server_events },
};
