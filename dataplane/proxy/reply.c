/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stateless replies of our own (RFC 3261 §8.2.7): one response a request, mandatory header fields
 * only, the To tag a MAC, so that a retransmission gets the same answer and the ACK is recognised
 * without memory.
 */
#include "proxy/note_add.h"

struct verdict reply_stateless(struct call *call, const struct sip_message *msg, uint16_t status,
			       struct span extra, enum verdict_reason reason)
{
	char tag[TAG_TEXT_LEN];
	struct via_source via_source;
	struct endpoint answer;

	/* No response is ever sent to an ACK (§17.1.1.2). */
	if (msg->method == SIP_METHOD_ACK || status == 0)
		return verdict_of(VERDICT_DROP, reason);
	(void)call_enter(call, STAGE_COMPOSE);
	compose_answer(call->snapshot, msg, call->datagram, &answer);
	if (!compose_answer_is_usable(call->snapshot, &answer))
		return verdict_of(VERDICT_DROP, REASON_RESPONSE_ADDRESS);
	compose_via_source(msg, &call->datagram->source, &via_source);
	branch_tag(call->snapshot, msg, tag);
	const struct sip_response_options options = {
		.status = status,
		.to_tag = span_of(tag, TAG_TEXT_LEN),
		.received = span_of(via_source.received, via_source.received_len),
		.rport = via_source.rport,
		.extra = extra,
	};
	struct text_writer w = call_scratch(call);
	sip_build_response(&w, msg, &options);
	if (w.overflow)
		return verdict_of(VERDICT_DROP, reason);
	call_send_own(call, call_scratch_done(call, &w), (uint8_t)call->datagram->interface,
		      &call->datagram->local, &answer);
	return verdict_of(VERDICT_REPLY, reason);
}
