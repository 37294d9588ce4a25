/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages that Tandem makes itself; see build.h.
 *
 * Names are written in their long form, values as they came, octet by octet (folds included: a
 * fold is valid wherever it was).  A row that a malformed message lacks is left out.
 */
#include "sip/build.h"
#include "sip/uri.h"

static void put_row(struct text_writer *w, enum sip_header_id id, struct span value)
{
	text_put(w, sip_header_name(id));
	text_put(w, SPAN(": "));
	text_put(w, value);
	text_put(w, SPAN("\r\n"));
}

/* The first row of the id: what a single-valued field means. */
static void copy_row(struct text_writer *w, const struct sip_message *msg, enum sip_header_id id)
{
	const struct sip_header *row = sip_message_find(msg, id);

	if (row)
		put_row(w, id, sip_header_value(msg, row));
}

static void copy_rows(struct text_writer *w, const struct sip_message *msg, enum sip_header_id id)
{
	const struct sip_header *row = sip_message_find(msg, id);

	for (; row; row = sip_message_find_next(msg, row))
		put_row(w, id, sip_header_value(msg, row));
}

/* The length of the parameter at the start of `params`: its ';' up to the next ';' outside
 * quotes. */
static size_t param_length(struct span params)
{
	bool quoted = false;

	for (size_t i = 1; i < params.len; i++) {
		char c = params.data[i];
		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (c == ';' && !quoted)
			return i;
	}
	return params.len;
}

static bool param_is(struct span param, struct span name)
{
	struct span rest = span_from(param, 1);

	return span_equal_nocase(span_trim(span_of(rest.data, span_find(rest, '='))), name);
}

/*
 * The top Via with the source as it really was: what the sender wrote into received and rport is
 * never trusted.  rport is filled in where the sender asked for it (RFC 3581 §4), and nowhere else.
 */
static void put_top_via(struct text_writer *w, const struct sip_via *via,
			const struct sip_response_options *options)
{
	struct span params = via->params;
	size_t head = params.len ? (size_t)(params.data - via->value.data) : via->value.len;
	bool asked = false;

	text_put(w, span_of(via->value.data, head));
	while (params.len) {
		struct span param = span_of(params.data, param_length(params));
		params = span_from(params, param.len);
		if (param_is(param, SPAN("rport")))
			asked = true;
		else if (!param_is(param, SPAN("received")))
			text_put(w, span_trim(param));
	}
	if (options->received.len) {
		text_put(w, SPAN(";received="));
		text_put(w, options->received);
	}
	if (asked) {
		text_put(w, SPAN(";rport"));
		if (options->rport) {
			text_put_char(w, '=');
			text_put_u64(w, options->rport);
		}
	}
}

static bool span_lies_in(struct span part, struct span whole)
{
	return part.data >= whole.data && part.data + part.len <= whole.data + whole.len;
}

/* Every value received, in order (RFC 3261 §8.2.6.2); the top one rewritten where it was decoded. */
static void put_vias(struct text_writer *w, const struct sip_message *request,
		     const struct sip_response_options *options)
{
	const struct sip_header *row = sip_message_find(request, SIP_HEADER_VIA);

	if (row && request->has_via &&
	    span_lies_in(request->via.value, sip_header_value(request, row))) {
		struct span value = sip_header_value(request, row), top = request->via.value;
		text_put(w, SPAN("Via: "));
		text_put(w, span_of(value.data, (size_t)(top.data - value.data)));
		put_top_via(w, &request->via, options);
		text_put(w, span_from(value, (size_t)(top.data - value.data) + top.len));
		text_put(w, SPAN("\r\n"));
		row = sip_message_find_next(request, row);
	}
	for (; row; row = sip_message_find_next(request, row))
		put_row(w, SIP_HEADER_VIA, sip_header_value(request, row));
}

/* A malformed message may have been given up before its To was decoded. */
static bool to_has_tag(const struct sip_message *request, struct span to)
{
	struct sip_name_addr decoded;
	struct span tag;

	if (request->to_tag.len)
		return true;
	if (sip_name_addr_decode(to, &decoded))
		return sip_param_find(decoded.params, SPAN("tag"), &tag);
	for (size_t i = 0; i < to.len; i++) {
		if (to.data[i] == ';' && span_starts_with_nocase(span_from(to, i), SPAN(";tag=")))
			return true;
	}
	return false;
}

static void put_to(struct text_writer *w, const struct sip_message *request,
		   const struct sip_response_options *options)
{
	const struct sip_header *row = sip_message_find(request, SIP_HEADER_TO);

	if (!row)
		return;
	struct span value = sip_header_value(request, row);
	text_put(w, SPAN("To: "));
	text_put(w, value);
	/* RFC 3261 §8.2.6.2 */
	if (options->status != 100 && options->to_tag.len && !to_has_tag(request, value)) {
		text_put(w, SPAN(";tag="));
		text_put(w, options->to_tag);
	}
	text_put(w, SPAN("\r\n"));
}

void sip_build_response(struct text_writer *w, const struct sip_message *request,
			const struct sip_response_options *options)
{
	text_put(w, SPAN("SIP/2.0 "));
	text_put_u64(w, options->status);
	text_put_char(w, ' ');
	text_put(w, options->reason_phrase.len ? options->reason_phrase
					       : sip_reason_phrase(options->status));
	text_put(w, SPAN("\r\n"));
	put_vias(w, request, options);
	copy_row(w, request, SIP_HEADER_FROM);
	put_to(w, request, options);
	copy_row(w, request, SIP_HEADER_CALL_ID);
	copy_row(w, request, SIP_HEADER_CSEQ);
	if (options->status == 100)
		copy_row(w, request, SIP_HEADER_TIMESTAMP); /* RFC 3261 §8.2.6.1 */
	text_put(w, options->extra);
	text_put(w, SPAN("Content-Length: 0\r\n\r\n"));
}

/* What ACK and CANCEL have in common with the INVITE that they follow, up to its To. */
static void put_follower(struct text_writer *w, const struct sip_message *invite,
			 struct span method, const struct sip_message *to)
{
	text_put(w, method);
	text_put_char(w, ' ');
	text_put(w, sip_slice_span(invite, invite->request_uri));
	text_put(w, SPAN(" SIP/2.0\r\n"));
	put_row(w, SIP_HEADER_VIA, invite->via.value);
	text_put(w, SPAN("Max-Forwards: 70\r\n"));
	copy_rows(w, invite, SIP_HEADER_ROUTE);
	copy_row(w, invite, SIP_HEADER_FROM);
	copy_row(w, to, SIP_HEADER_TO);
	copy_row(w, invite, SIP_HEADER_CALL_ID);
	text_put(w, SPAN("CSeq: "));
	text_put(w, sip_slice_span(invite, invite->cseq_number));
	text_put_char(w, ' ');
	text_put(w, method);
	text_put(w, SPAN("\r\n"));
}

void sip_build_ack(struct text_writer *w, const struct sip_message *invite,
		   const struct sip_message *response)
{
	put_follower(w, invite, SPAN("ACK"), response);
	text_put(w, SPAN("Content-Length: 0\r\n\r\n"));
}

void sip_build_cancel(struct text_writer *w, const struct sip_message *invite,
		      const struct sip_message *cancel, struct span reason)
{
	put_follower(w, invite, SPAN("CANCEL"), invite);
	if (cancel)
		copy_rows(w, cancel, SIP_HEADER_REASON);
	else if (reason.len)
		put_row(w, SIP_HEADER_REASON, reason);
	text_put(w, SPAN("Content-Length: 0\r\n\r\n"));
}
