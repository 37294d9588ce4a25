/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Keys, branches and tags: keyed hashes of message fields.  The branch of a request that we send
 * is a function of the request received and the attempt, so that any instance with the branch key,
 * also one just restarted, makes the same one for a retransmission, and the target recognises it.
 * No method goes in: CANCEL and the ACK to a non-2xx get their INVITE's branch (RFC 3261 §9.1,
 * §17.1.1.3, RFC 5393 §4.2.1).
 */
#include "proxy/engine.h"

static uint16_t sent_by_port(const struct sip_via *via)
{
	return via->port ? via->port : SIP_PORT;
}

/* Without case but where it is quoted (RFC 3261 §7.3.1). */
static void put_folded(struct hash_stream *s, struct span text)
{
	bool quoted = false;
	size_t from = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (quoted && text.data[i] == '\\') {
			i++;
			continue;
		}
		if (text.data[i] != '"')
			continue;
		struct span part = span_of(text.data + from, i - from);
		if (quoted)
			hash_stream_field(s, part);
		else
			hash_stream_field_lower(s, part);
		quoted = !quoted;
		from = i + 1;
	}
	hash_stream_field_lower(s, span_from(text, from));
}

/* What identifies the previous hop's transaction, method apart (RFC 3261 §17.2.3). */
static void put_transaction(struct hash_stream *s, const struct sip_message *msg)
{
	const struct sip_via *via = &msg->via;

	/* A known method is compared in the slot; one that has only its token goes in here. */
	if (msg->method == SIP_METHOD_OTHER)
		hash_stream_field(s, sip_slice_span(msg, msg->method_token));
	if (via->has_cookie) {
		hash_stream_field_lower(s, via->branch);
		hash_stream_field_lower(s, via->host);
		hash_stream_u64(s, sent_by_port(via));
		return;
	}
	/* RFC 2543: an ACK's To tag is that of the response, so the To tag stays out; it is
	 * compared where it can differ, in other methods. */
	put_folded(s, via->value);
	hash_stream_field(s, sip_slice_span(msg, msg->request_uri));
	hash_stream_field(s, sip_slice_span(msg, msg->call_id));
	hash_stream_field_lower(s, sip_slice_span(msg, msg->from_tag));
	hash_stream_u64(s, msg->cseq);
	if (msg->method != SIP_METHOD_INVITE && msg->method != SIP_METHOD_ACK &&
	    msg->method != SIP_METHOD_CANCEL)
		hash_stream_field_lower(s, sip_slice_span(msg, msg->to_tag));
}

struct hash128 branch_server_key(const struct balance_snapshot *snapshot,
				 const struct sip_message *msg)
{
	struct hash_stream s;

	hash_stream_init(&s, &snapshot->branch_key);
	hash_stream_u64(&s, 's');
	put_transaction(&s, msg);
	return hash_stream_final(&s);
}

struct hash128 branch_client_key(const struct balance_snapshot *snapshot, struct hash128 server_key,
				 const struct sip_message *msg, uint8_t attempt)
{
	struct hash_stream s;

	hash_stream_init(&s, &snapshot->branch_key);
	hash_stream_u64(&s, 'c' | (uint64_t)attempt << 8);
	hash_stream_u64(&s, server_key.lo);
	hash_stream_u64(&s, server_key.hi);
	hash_stream_field(&s, sip_slice_span(msg, msg->call_id));
	hash_stream_field_lower(&s, sip_slice_span(msg, msg->from_tag));
	hash_stream_u64(&s, msg->cseq);
	return hash_stream_final(&s);
}

struct hash128 branch_leg_key(const struct balance_snapshot *snapshot, char purpose,
			      struct hash128 key, struct span to_tag)
{
	struct hash_stream s;

	hash_stream_init(&s, &snapshot->branch_key);
	hash_stream_u64(&s, 'x' | (uint64_t)(unsigned char)purpose << 8);
	hash_stream_u64(&s, key.lo);
	hash_stream_u64(&s, key.hi);
	hash_stream_field_lower(&s, to_tag);
	return hash_stream_final(&s);
}

uint32_t branch_loop_part(const struct balance_snapshot *snapshot, const struct sip_message *msg,
			  uint16_t service)
{
	struct hash_stream s;
	struct sip_value_cursor at;

	/* RFC 5393 §4.2.1: all that the routing uses; a retransmission hashes alike. */
	hash_stream_init(&s, &snapshot->branch_key);
	hash_stream_u64(&s, 'l' | (uint64_t)service << 8);
	hash_stream_field(&s, sip_slice_span(msg, msg->request_uri));
	hash_stream_field(&s, sip_slice_span(msg, msg->call_id));
	hash_stream_u64(&s, msg->cseq);
	for (bool more = sip_value_first(msg, SIP_HEADER_ROUTE, &at); more;
	     more = sip_value_next(msg, &at))
		hash_stream_field(&s, at.value);
	return (uint32_t)hash_stream_final(&s).lo;
}

void branch_put(struct text_writer *w, struct hash128 key, uint32_t loop_part)
{
	text_put(w, SPAN("z9hG4bK"));
	text_put_hex(w, key.hi, 16);
	text_put_hex(w, key.lo, 16);
	text_put_hex(w, loop_part, 8);
}

bool branch_parse(struct span branch, struct hash128 *key, uint32_t *loop_part)
{
	uint64_t part;

	if (branch.len != BRANCH_TEXT_LEN || !span_starts_with_nocase(branch, SPAN("z9hG4bK")))
		return false;
	if (!text_parse_hex(span_of(branch.data + 7, 16), &key->hi) ||
	    !text_parse_hex(span_of(branch.data + 23, 16), &key->lo) ||
	    !text_parse_hex(span_of(branch.data + 39, 8), &part))
		return false;
	*loop_part = (uint32_t)part;
	return true;
}

struct hash128 branch_call_key(const struct balance_snapshot *snapshot, uint16_t service,
			       struct span call_id)
{
	struct hash_stream s;

	hash_stream_init(&s, &snapshot->call_key);
	hash_stream_u64(&s, 'm' | (uint64_t)service << 8);
	hash_stream_field(&s, call_id);
	return hash_stream_final(&s);
}

void branch_tag(const struct balance_snapshot *snapshot, const struct sip_message *msg, char *tag)
{
	struct hash_stream s;
	struct text_writer w = text_writer_of(tag, TAG_TEXT_LEN);

	hash_stream_init(&s, &snapshot->tag_key);
	hash_stream_field(&s, sip_slice_span(msg, msg->call_id));
	hash_stream_field_lower(&s, sip_slice_span(msg, msg->from_tag));
	hash_stream_field_lower(&s, msg->via.branch);
	hash_stream_u64(&s, msg->cseq);
	text_put_hex(&w, hash_stream_final(&s).lo, TAG_TEXT_LEN);
}
