/* SPDX-License-Identifier: BSD-3-Clause */
/* A parser's fields as text; see answers.h. */
#include "answers.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONG_TEXT  40
#define SHOWN_PART 16

const char *const answer_names[ANSWER_COUNT] = {
#define X(name) [ANSWER_##name] = #name,
	ANSWERS(X)
#undef X
};

static size_t text_len(struct parse_text text)
{
	if (!text.data)
		return 0;
	return text.len == PARSE_STRING ? strlen(text.data) : text.len;
}

/* FNV-1a: only to tell long texts apart. */
static uint32_t sum_of(const char *data, size_t len)
{
	uint32_t sum = 2166136261u;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (uint8_t)data[i]) * 16777619u;
	return sum;
}

static void octets_put(FILE *out, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] > ' ' && data[i] < 0x7f)
			fputc(data[i], out);
		else
			fprintf(out, "%%%02X", (uint8_t)data[i]);
	}
}

static void text_put(FILE *out, struct parse_text text)
{
	size_t len = text_len(text);

	if (len == 0) {
		fputs("-", out);
	} else if (len <= LONG_TEXT) {
		octets_put(out, text.data, len);
	} else {
		octets_put(out, text.data, SHOWN_PART);
		fprintf(out, "...(%zu,%08" PRIx32 ")", len, sum_of(text.data, len));
	}
}

static void host_put(FILE *out, struct parse_text host)
{
	size_t len = text_len(host);

	if (len >= 2 && host.data[0] == '[' && host.data[len - 1] == ']')
		host = (struct parse_text){ host.data + 1, len - 2 };
	text_put(out, host);
}

static void upper_put(FILE *out, struct parse_text text)
{
	size_t len = text_len(text);

	for (size_t i = 0; i < len; i++)
		fputc(toupper((uint8_t)text.data[i]), out);
	if (len == 0)
		fputs("-", out);
}

static const char *scheme_name(enum parse_scheme scheme)
{
	static const char *const names[] = { "-", "sip", "sips", "tel", "other" };

	return names[scheme];
}

/* What follows a scheme that is not understood is opaque: nobody has to take it apart. */
static bool has_parts(const struct parse_uri *uri)
{
	return uri->scheme != PARSE_SCHEME_OTHER;
}

static void uri_put(FILE *out, const struct parse_uri *uri)
{
	fprintf(out, "%s:", scheme_name(uri->scheme));
	if (!has_parts(uri))
		return;
	text_put(out, uri->user);
	fputc('@', out);
	host_put(out, uri->host);
	fprintf(out, ":%" PRIu32, uri->port);
}

static void call_id_put(FILE *out, const struct parse_fields *fields)
{
	char *whole = NULL;
	size_t len = 0;
	FILE *join = open_memstream(&whole, &len);

	fwrite(fields->call_id.data ? fields->call_id.data : "", 1, text_len(fields->call_id),
	       join);
	if (fields->call_id_host.data) {
		fputc('@', join);
		fwrite(fields->call_id_host.data, 1, text_len(fields->call_id_host), join);
	}
	fclose(join);
	text_put(out, (struct parse_text){ whole, len });
	free(whole);
}

static void contact_put(FILE *out, const struct parse_fields *fields)
{
	if (!fields->has_contact)
		fputs("-", out);
	else if (fields->contact_is_star)
		fputs("*", out);
	else
		uri_put(out, &fields->contact);
}

static const char *check_name(enum parse_check check)
{
	static const char *const names[] = { "good", "scheme", "hops", "loop", "extension" };

	return names[check];
}

static void via_field_put(FILE *out, const struct parse_fields *f, enum answer_field field)
{
	switch (field) {
	case ANSWER_via_transport:
		upper_put(out, f->via_transport);
		break;
	case ANSWER_via_host:
		host_put(out, f->via_host);
		break;
	case ANSWER_via_port:
		fprintf(out, "%" PRIu32, f->via_port);
		break;
	case ANSWER_via_branch:
		text_put(out, f->via_branch);
		break;
	case ANSWER_via_received:
		host_put(out, f->via_received);
		break;
	case ANSWER_via_maddr:
		host_put(out, f->via_maddr);
		break;
	case ANSWER_via_rport:
		fputs(f->has_rport ? "rport=" : "", out);
		text_put(out, f->via_rport);
		break;
	default:
		fprintf(out, "%" PRIu32, f->via_count);
		break;
	}
}

static void start_field_put(FILE *out, const struct parse_fields *f, enum answer_field field)
{
	if (field > ANSWER_uri_scheme && !has_parts(&f->request_uri)) {
		fputs("-", out);
		return;
	}
	switch (field) {
	case ANSWER_parses:
		fputs("yes", out);
		break;
	case ANSWER_kind:
		fputs(f->is_request ? "request" : "response", out);
		break;
	case ANSWER_method:
		text_put(out, f->method);
		break;
	case ANSWER_status:
		fprintf(out, "%u", f->status);
		break;
	case ANSWER_reason_phrase:
		text_put(out, f->reason_phrase);
		break;
	case ANSWER_uri_scheme:
		fputs(scheme_name(f->request_uri.scheme), out);
		break;
	case ANSWER_uri_user:
		text_put(out, f->request_uri.user);
		break;
	case ANSWER_uri_host:
		host_put(out, f->request_uri.host);
		break;
	case ANSWER_uri_port:
		fprintf(out, "%" PRIu32, f->request_uri.port);
		break;
	default:
		host_put(out, f->request_maddr);
		break;
	}
}

static void field_put(FILE *out, const struct parse_fields *f, enum answer_field field)
{
	if (field <= ANSWER_uri_maddr) {
		start_field_put(out, f, field);
		return;
	}
	if (field <= ANSWER_via_count) {
		via_field_put(out, f, field);
		return;
	}
	switch (field) {
	case ANSWER_route:
		if (f->has_route)
			uri_put(out, &f->route);
		else
			fputs("-", out);
		break;
	case ANSWER_route_lr:
		fputs(f->route_has_lr ? "lr" : "-", out);
		break;
	case ANSWER_from_tag:
		text_put(out, f->from_tag);
		break;
	case ANSWER_to_tag:
		text_put(out, f->to_tag);
		break;
	case ANSWER_call_id:
		call_id_put(out, f);
		break;
	case ANSWER_cseq:
		fprintf(out, "%" PRIu32, f->cseq);
		break;
	case ANSWER_cseq_method:
		text_put(out, f->cseq_method);
		break;
	case ANSWER_max_forwards:
		/* Means nothing in a response. */
		fprintf(out, "%" PRId32, f->is_request ? f->max_forwards : -1);
		break;
	case ANSWER_contact:
		contact_put(out, f);
		break;
	case ANSWER_content_length:
		fprintf(out, "%" PRId64, f->content_length);
		break;
	default:
		fputs(check_name(f->check), out);
		break;
	}
}

struct answers answers_take(const struct parse_peer *peer, const char *bytes, size_t len)
{
	struct answers answers = { .parses = false };
	struct parse_fields fields;

	answers.parses = peer->parse(bytes, len, &fields);
	for (int i = 0; answers.parses && i < ANSWER_COUNT; i++) {
		size_t size = 0;
		FILE *out = open_memstream(&answers.text[i], &size);
		field_put(out, &fields, (enum answer_field)i);
		fclose(out);
	}
	if (!answers.parses)
		answers.text[ANSWER_parses] = strdup("no");
	peer->release();
	return answers;
}

void answers_free(struct answers *answers)
{
	for (int i = 0; i < ANSWER_COUNT; i++)
		free(answers->text[i]);
}
