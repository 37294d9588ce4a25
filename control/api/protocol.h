/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names and limits of the conversation on the control socket, shared by both ends.
 * The conversation itself is described in README.md beside this file.
 */
#ifndef API_PROTOCOL_H
#define API_PROTOCOL_H

#define API_VERSION 1

#define API_ENDPOINT_DEFAULT "ipc:///run/tandem/control.sock"

/* One message in either direction, octets.  Room for 10,000 Call-IDs of 60 octets. */
#define API_MESSAGE_MAX       (1024 * 1024)
/* A peer that sends more than this is cut off by the transport. */
#define API_TRANSPORT_MAX     (4 * API_MESSAGE_MAX)
#define API_CLIENTS_MAX       64
#define API_CLIENTS_LOCAL     16 /* of them, places that remote clients never take */
#define API_CLIENTS_KEY_MAX   16 /* with one key */
#define API_REQUESTS_MAX      16 /* unanswered, a client */
/* Octets waiting for one client; a client that lets more pile up is dropped. */
#define API_QUEUE_MAX         (4 * API_MESSAGE_MAX)
/* Messages that the transport may hold for one client. */
#define API_TRANSPORT_QUEUE   32
#define API_ID_MAX            9007199254740991ll /* what every JSON reader holds exactly */

/* X(NAME, "code"): what an error's `code` may be. */
#define API_ERRORS(X)                                                                              \
	X(MALFORMED, "malformed")             /* not JSON, not an object, no known member */       \
	X(TOO_LARGE, "too-large")             /* above API_MESSAGE_MAX */                          \
	X(NO_HELLO, "no-hello")               /* a request before hello: say hello (again) */      \
	X(VERSION, "version")                 /* a protocol version that is not spoken here */     \
	X(BUSY, "busy")                       /* too many clients, requests or commands */         \
	X(UNKNOWN_COMMAND, "unknown-command")                                                      \
	X(ARGUMENT, "argument")               /* unknown, missing or of the wrong type */          \
	X(NOT_FOUND, "not-found")                                                                  \
	X(CONFLICT, "conflict")               /* not possible in the present state */              \
	X(TIMEOUT, "timeout")                 /* the data plane did not answer */                  \
	X(DENIED, "denied")                   /* this client's key is for reading alone */         \
	X(CANCELLED, "cancelled")             /* the client asked for it */                        \
	X(STOPPED, "stopped")                 /* tandemd ends */                                   \
	X(FAILED, "failed")

enum api_error {
#define X(name, code) API_ERROR_##name,
	API_ERRORS(X)
#undef X
};

const char *api_error_code(enum api_error error);

#endif
