/* SPDX-License-Identifier: BSD-3-Clause */
/* What a message sent by an engine must have in common with the one that caused it. */
#include "model.h"

static bool same(const struct buffer *a, const struct buffer *b, size_t slice)
{
	const struct slice *x = (const struct slice *)(const void *)((const char *)&a->sip + slice);
	const struct slice *y = (const struct slice *)(const void *)((const char *)&b->sip + slice);

	return sip_same(a, *x, b, *y);
}
#define SAME(field) same(in, out, offsetof(struct sip, field))

static bool is_same_dialog(const struct buffer *in, const struct buffer *out)
{
	return SAME(call_id) && SAME(from) && in->sip.cseq == out->sip.cseq;
}

void model_check_request(const struct call *call, const struct buffer *in, const struct buffer *out)
{
	int expected = in->sip.max_forwards < 0 ? 70 : in->sip.max_forwards - 1;

	if (!is_same_dialog(in, out) || !SAME(to) || !SAME(request_uri) || !SAME(contact) ||
	    !SAME(body) || in->sip.method != out->sip.method)
		world_fail(call, "a forwarded %s differs from the one received",
			   method_names[in->sip.method]);
	if (out->sip.max_forwards != expected)
		world_fail(call, "Max-Forwards %d became %d", in->sip.max_forwards,
			   out->sip.max_forwards);
	if (out->sip.via_count != in->sip.via_count + 1)
		world_fail(call, "%u Via values became %u", in->sip.via_count, out->sip.via_count);
}

/* Octet by octet the same, but for the top Via's row (agents write one value a row there). */
void model_check_passed(const struct call *call, const struct buffer *in, const struct buffer *out)
{
	struct slice row = in->sip.via[0];
	size_t head = row.at, tail = (size_t)in->len - row.at - row.len;

	if (out->len != in->len - row.len || memcmp(in->data, out->data, head) != 0 ||
	    memcmp(in->data + row.at + row.len, out->data + head, tail) != 0)
		world_fail(call, "a forwarded %u is not the one received without its top Via",
			   in->sip.status);
}

void model_check_challenged(const struct call *call, const struct buffer *in,
			    const struct buffer *out)
{
	struct slice row = in->sip.via[0];
	size_t above = row.at, below = (size_t)in->sip.headers_end - row.at - row.len;
	size_t end = (size_t)in->len - in->sip.headers_end;

	if (out->len < in->len - row.len || memcmp(in->data, out->data, above) != 0 ||
	    memcmp(in->data + row.at + row.len, out->data + above, below) != 0 ||
	    memcmp(in->data + in->sip.headers_end, out->data + out->len - end, end) != 0)
		world_fail(call, "a forwarded %u is not the one received with more challenges",
			   in->sip.status);
}

/* RFC 3261 §8.2.6. */
void model_check_own(const struct model_txn *txn, const struct buffer *out)
{
	const struct buffer *in = txn->request;

	if (!in)
		return;
	if (!is_same_dialog(in, out) || out->sip.method != in->sip.method ||
	    out->sip.via_count != in->sip.via_count || !SAME(branch) || !SAME(sent_by))
		world_fail(txn->call, "an own %u does not fit its request", out->sip.status);
	if (out->sip.status == 100 || in->sip.to_tag.len ? !SAME(to) : !out->sip.to_tag.len)
		world_fail(txn->call, "an own %u has a wrong To", out->sip.status);
}

/* ACK (RFC 3261 §17.1.1.3) and CANCEL (§9.1) of an INVITE as sent. */
void model_check_derived(const struct model_attempt *attempt, const struct call *call,
			 const struct buffer *out, const struct buffer *final)
{
	const struct buffer *in = attempt->request;

	if (!in)
		return;
	if (!is_same_dialog(in, out) || !SAME(request_uri) || out->sip.via_count != 1 ||
	    !SAME(branch) || !SAME(sent_by))
		world_fail(call, "an own %s does not fit its INVITE",
			   method_names[out->sip.method]);
	if (!final && !SAME(to))
		world_fail(call, "an own CANCEL has another To");
	if (final && !sip_same(final, final->sip.to, out, out->sip.to))
		world_fail(call, "an own ACK lacks the To of the response");
}
