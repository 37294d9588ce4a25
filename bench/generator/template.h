/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages that the generator sends, prebuilt a caller and a target.  All variables have a
 * fixed width, so that a message costs copying its parts and patching a few octets.
 *
 * The call's number, 16 hexadecimal digits, is in its Call-ID, tags and branches; it encodes the
 * slot and generation of the call, mixed, so that neighbours differ in all digits as Call-IDs do.
 * Behind it a Call-ID names the run, so that what comes for calls of another one is told apart.
 */
#ifndef GENERATOR_TEMPLATE_H
#define GENERATOR_TEMPLATE_H

#include "sip/message.h"

#include "generator/traffic.h"

#define NUMBER_DIGITS 16u

/* X(ID, side that sends it, method, status or 0, what it is called). */
#define MESSAGES(X)                                                                                \
	X(INVITE, TRAFFIC_CALLERS, INVITE, 0, "INVITE")                                            \
	X(INVITE_AUTH, TRAFFIC_CALLERS, INVITE, 0, "INVITE with Proxy-Authorization")              \
	X(ACK, TRAFFIC_CALLERS, ACK, 0, "ACK to a 2xx")                                            \
	X(ACK_REFUSAL, TRAFFIC_CALLERS, ACK, 0, "ACK to a non-2xx")                                \
	X(CANCEL, TRAFFIC_CALLERS, CANCEL, 0, "CANCEL")                                            \
	X(BYE, TRAFFIC_CALLERS, BYE, 0, "BYE")                                                     \
	X(REGISTER, TRAFFIC_CALLERS, REGISTER, 0, "REGISTER")                                      \
	X(OPTIONS, TRAFFIC_CALLERS, OPTIONS, 0, "OPTIONS")                                         \
	X(HANG_UP_OK, TRAFFIC_CALLERS, BYE, 200, "200 to the target's BYE")                        \
	X(TRYING, TRAFFIC_TARGETS, INVITE, 100, "100 to INVITE")                                   \
	X(RINGING, TRAFFIC_TARGETS, INVITE, 180, "180 to INVITE")                                  \
	X(OK, TRAFFIC_TARGETS, INVITE, 200, "200 to INVITE")                                       \
	X(CHALLENGE, TRAFFIC_TARGETS, INVITE, 407, "407 to INVITE")                                \
	X(TERMINATED, TRAFFIC_TARGETS, INVITE, 487, "487 to INVITE")                               \
	X(CANCEL_OK, TRAFFIC_TARGETS, CANCEL, 200, "200 to CANCEL")                                \
	X(BYE_OK, TRAFFIC_TARGETS, BYE, 200, "200 to BYE")                                         \
	X(REGISTER_OK, TRAFFIC_TARGETS, REGISTER, 200, "200 to REGISTER")                          \
	X(OPTIONS_OK, TRAFFIC_TARGETS, OPTIONS, 200, "200 to OPTIONS")                             \
	X(HANG_UP, TRAFFIC_TARGETS, BYE, 0, "BYE of the target")

enum message {
	MESSAGE_NONE,
#define X(id, side, method, status, text) MESSAGE_##id,
	MESSAGES(X)
#undef X
	/* Not in the plan, from the proxy: */
	MESSAGE_OTHER_PROVISIONAL,
	MESSAGE_OTHER_FINAL,
	MESSAGE_COUNT,
};

struct message_info {
	uint8_t side, method; /* enum traffic_side, enum sip_method */
	uint16_t status;
	const char *text;
};
extern const struct message_info messages[MESSAGE_COUNT];

struct template_set;

[[nodiscard]] struct template_set *template_set_create(const struct traffic_config *config);
void template_set_destroy(struct template_set *set);
[[nodiscard]] size_t template_set_octets(const struct template_set *set);

struct template_values {
	const char *digits;    /* NUMBER_DIGITS octets */
	uint16_t caller, target;
	uint8_t cseq;          /* of the INVITE, a digit */
	/* Complete rows that stand where the RFC wants them: Via and Record-Route of a response,
	 * Route of a request in a dialog, To of the ACK to a non-2xx. */
	const char *rows;
	uint32_t rows_len;
};
/* Writes `kind` to `to` and returns its length, 0 when it is longer than `max`. */
[[nodiscard]] uint32_t template_render(const struct template_set *set, enum message kind,
				       const struct template_values *values, char *to,
				       uint32_t max);
/* The caller's Via row of a request. */
[[nodiscard]] uint32_t template_via(const struct template_set *set, enum message request,
				    const struct template_values *values, char *to, uint32_t max);

/* Where a message has its Call-ID's number: "Call-ID: " stands before it. */
#define CALL_ID_NAME  "Call-ID: "
/* What stands behind it, RUN_DIGITS of the run between: of its seed. */
#define CALL_ID_DASH   "-"
#define CALL_ID_HOST   "@bench.example"
#define RUN_DIGITS     14u
#define CALL_ID_REST_LEN (sizeof(CALL_ID_DASH) - 1 + RUN_DIGITS + sizeof(CALL_ID_HOST) - 1)

/* CALL_ID_REST_LEN octets and NUL: the same in all Call-IDs of a run. */
[[nodiscard]] const char *template_call_id_rest(const struct template_set *set);
/* Whether so many octets stand there, of whichever run. */
[[nodiscard]] bool is_call_id_rest(const char *rest);

void number_put(char *digits, uint64_t number);
/* False: not 16 lower-case hexadecimal digits. */
[[nodiscard]] bool number_read(const char *digits, uint64_t *number);
/* A bijection that mixes, keyed, and its inverse. */
[[nodiscard]] uint64_t number_of_serial(uint64_t key, uint64_t serial);
[[nodiscard]] uint64_t number_to_serial(uint64_t key, uint64_t number);

#endif
