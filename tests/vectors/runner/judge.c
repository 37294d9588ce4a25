/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Feeds a vector's message to the engine and compares what comes out with what the vector says:
 * octet by octet where a message is forwarded, field by field where it is answered.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "rows.h"

/* The request that a vector's response answers, unless it has its own. */
static const char default_request[] =
	"INVITE sip:5551000@example.com SIP/2.0\n"
	"Via: SIP/2.0/UDP 192.0.2.50:5060;branch=z9hG4bK-vector-1\n"
	"Max-Forwards: 70\n"
	"From: <sip:caller@example.com>;tag=caller-1\n"
	"To: <sip:5551000@example.com>\n"
	"Call-ID: vector-1@192.0.2.50\n"
	"CSeq: 31 INVITE\n"
	"Contact: <sip:caller@192.0.2.50>\n"
	"Content-Length: 0\n"
	"\n";

static const struct {
	const char *name;
	char compact;
} echoed[] = { { "From", 'f' }, { "Call-ID", 'i' }, { "CSeq", 0 } };

static void quote(const char *data, size_t len, size_t at, char text[160])
{
	size_t n = 0;

	for (size_t i = at > 24 ? at - 24 : 0; i < len && i < at + 40 && n < 150; i++) {
		unsigned char c = (unsigned char)data[i];
		n += (size_t)snprintf(text + n, 160 - n, c < ' ' || c == 127 ? "\\x%02x" : "%c", c);
	}
	text[n] = '\0';
}

static void compare(struct bench *bench, const char *what, struct span got, struct span expected)
{
	size_t i = 0, n = MIN(got.len, expected.len);
	char a[160], b[160];

	if (span_equal(got, expected))
		return;
	while (i < n && got.data[i] == expected.data[i])
		i++;
	quote(got.data, got.len, i, a);
	quote(expected.data, expected.len, i, b);
	bench_fail(bench, "%s differs at octet %zu (%zu octets, expected %zu): '%s', expected '%s'",
		   what, i, got.len, expected.len, a, b);
}

static void expect_verdict(struct bench *bench, struct verdict got, struct verdict expected)
{
	if (got.kind != expected.kind || got.reason != expected.reason)
		bench_fail(bench, "verdict %s %s, expected %s %s", verdict_kind_name(got.kind),
			   verdict_reasons[got.reason].name, verdict_kind_name(expected.kind),
			   verdict_reasons[expected.reason].name);
}

static void expect_destination(struct bench *bench, const struct outbox_entry *entry,
			       const struct endpoint *expected)
{
	char a[ENDPOINT_TEXT_MAX], b[ENDPOINT_TEXT_MAX];

	if (!endpoint_equal(&entry->destination, expected))
		bench_fail(bench, "sent to %s, expected %s",
			   endpoint_to_string(&entry->destination, a),
			   endpoint_to_string(expected, b));
}

/* ---- the documented edits */

/* `message` with the vector's changes; the result is allocated. */
static struct octets changed(struct bench *bench, struct span message)
{
	const struct vector_values values = { bench->via, bench->branch };
	struct vector_change changes[VECTOR_CHANGES_MAX];
	int count = vector_changes(bench->vector, &values, changes, bench->error,
				   sizeof(bench->error));
	struct octets out = { malloc(message.len + 1), message.len };

	if (count < 0)
		longjmp(bench->failed, 1);
	memcpy(out.data, message.data, message.len);
	for (int i = 0; i < count; i++) {
		struct vector_change *c = &changes[i];
		char *at = memmem(out.data, out.len, c->from.data, c->from.len);
		char quoted[160];
		quote(c->from.data, c->from.len, 0, quoted);
		if (!at)
			bench_fail(bench, "change '%s': not in the message", quoted);
		size_t head = (size_t)(at - out.data), tail = head + c->from.len;
		if (memmem(out.data + tail, out.len - tail, c->from.data, c->from.len))
			bench_fail(bench, "change '%s': more than once in the message", quoted);
		char *whole = malloc(out.len + c->to.len + 1);
		memcpy(whole, out.data, head);
		if (c->to.len)
			memcpy(whole + head, c->to.data, c->to.len);
		memcpy(whole + head + c->to.len, out.data + tail, out.len - tail);
		free(out.data);
		out = (struct octets){ whole, out.len + c->to.len - c->from.len };
		free(c->from.data);
		free(c->to.data);
	}
	return out;
}

static bool is_token(struct span text, size_t least)
{
	for (size_t i = 0; i < text.len; i++)
		if (!isalnum((unsigned char)text.data[i]) && !strchr("-_.~", text.data[i]))
			return false;
	return text.len >= least;
}

static struct span after(struct bench *bench, struct span value, const char *prefix)
{
	if (!span_starts_with(value, span_of_string(prefix)))
		bench_fail(bench, "row of ours '%.*s', expected '%s...'", SPAN_ARGS(value), prefix);
	return span_from(value, strlen(prefix));
}

/* Our Via: sent-by is where it was sent from, a branch of 40 hexadecimal digits, the hint. */
static void check_via(struct bench *bench, struct span value, const struct endpoint *own)
{
	char prefix[ENDPOINT_TEXT_MAX + 32], text[ENDPOINT_TEXT_MAX];

	snprintf(prefix, sizeof(prefix), "SIP/2.0/UDP %s;branch=z9hG4bK",
		 endpoint_to_string(own, text));
	struct span rest = after(bench, value, prefix);
	size_t digits = 0;
	while (digits < rest.len && digits < 40 && strchr("0123456789abcdef", rest.data[digits]) &&
	       rest.data[digits] != '\0')
		digits++;
	if (digits != 40 || rest.len < 41 || strchr("0123456789abcdef", rest.data[40]))
		bench_fail(bench, "branch of ours in '%.*s'", SPAN_ARGS(value));
	if (!is_token(after(bench, span_from(rest, 40), ";tandem="), 8))
		bench_fail(bench, "hint of ours in '%.*s'", SPAN_ARGS(value));
	snprintf(bench->via, sizeof(bench->via), "%.*s", SPAN_ARGS(value));
	snprintf(bench->branch, sizeof(bench->branch), "z9hG4bK%.40s", rest.data);
}

static void check_record_route(struct bench *bench, struct span value, const struct endpoint *own)
{
	char prefix[ENDPOINT_TEXT_MAX + 32], text[ENDPOINT_TEXT_MAX];

	snprintf(prefix, sizeof(prefix), "<sip:%s;lr;tandem=", endpoint_to_string(own, text));
	struct span rest = after(bench, value, prefix);
	if (rest.len == 0 || rest.data[rest.len - 1] != '>' ||
	    !is_token(span_of(rest.data, rest.len - 1), 8))
		bench_fail(bench, "token of ours in '%.*s'", SPAN_ARGS(value));
}

/* The rows put in front, and nothing else; returns the offset behind them. */
static size_t check_inserted(struct bench *bench, const struct outbox_entry *entry)
{
	const struct vector *v = bench->vector;
	struct span message = span_of(entry->data, entry->len);
	struct span names = span_of_string(v->inserted ? v->inserted
						       : "Via Record-Route Record-Route "
							 "Max-Breadth");
	size_t at = start_line_end(message);
	unsigned int routes = 0;

	while (names.len) {
		struct span name = span_of(names.data, span_find(names, ' '));
		struct row row;
		names = span_from(names, name.len + 1);
		if (!row_next(message, &at, &row) || !span_equal(row.name, name))
			bench_fail(bench, "the row '%.*s' was not inserted in its place",
				   SPAN_ARGS(name));
		if (span_equal(name, SPAN("Via")))
			check_via(bench, row.value, &entry->source);
		else if (span_equal(name, SPAN("Record-Route")))
			check_record_route(bench, row.value, routes++ ? &v->to : &entry->source);
		else if (span_equal(name, SPAN("Max-Forwards")))
			compare(bench, "Max-Forwards", row.value, SPAN("70"));
		else if (span_equal(name, SPAN("Max-Breadth")))
			compare(bench, "Max-Breadth", row.value, SPAN("60"));
		else
			bench_fail(bench, "'%.*s' is nothing that is inserted", SPAN_ARGS(name));
	}
	return at;
}

/* ---- answers of our own */

/* Blanks out: where parameters were rewritten they may differ. */
static size_t squeeze(struct span value, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < value.len; i++)
		if (!strchr(" \t\r\n", value.data[i]) || !value.data[i])
			out[n++] = value.data[i];
	return n;
}

static void expect_vias(struct bench *bench, struct span answer, struct span request)
{
	char *a = malloc(answer.len + 1), *b = malloc(request.len + 1);
	struct row got, expected;

	for (unsigned int n = 0;; n++) {
		bool more = row_find(answer, "Via", 'v', n, &got);
		if (more != row_find(request, "Via", 'v', n, &expected))
			bench_fail(bench, "the answer has %s Via rows than the request",
				   more ? "more" : "fewer");
		if (!more)
			break;
		compare(bench, "Via of the answer", span_of(a, squeeze(got.value, a)),
			span_of(b, squeeze(expected.value, b)));
	}
	free(a);
	free(b);
}

static bool has_tag(struct span to)
{
	const char *close = to.len ? memrchr(to.data, '>', to.len) : NULL;
	struct span params = close ? span_from(to, (size_t)(close - to.data)) : to;

	for (size_t i = 0; i < params.len; i++) {
		struct span rest = span_trim(span_from(params, i + 1));
		if (params.data[i] == ';' && span_starts_with_nocase(rest, SPAN("tag")))
			return true;
	}
	return false;
}

static void expect_to(struct bench *bench, struct span answer, struct span request,
		      bool wants_tag)
{
	struct row got, expected;
	bool is_there = row_find(request, "To", 't', 0, &expected);

	if (row_find(answer, "To", 't', 0, &got) != is_there)
		bench_fail(bench, "To is %s", is_there ? "missing" : "not the request's");
	if (!is_there)
		return;
	if (wants_tag && !has_tag(expected.value)) {
		struct span tag = span_from(got.value, expected.value.len);
		if (tag.len != 21 || !is_token(after(bench, tag, ";tag="), 16))
			bench_fail(bench, "To tag '%.*s'", SPAN_ARGS(tag));
		got.value.len -= tag.len;
	}
	compare(bench, "To of the answer", got.value, expected.value);
}

/* RFC 3261 §8.2.6.2: `request` is the one received, the changes to its top Via made. */
static void expect_answer(struct bench *bench, const struct outbox_entry *entry,
			  struct span request, const char *status_line)
{
	struct span answer = span_of(entry->data, entry->len);
	const struct endpoint *to = &bench->vector->answer_to;
	char line[128];
	struct row got, expected;

	snprintf(line, sizeof(line), "SIP/2.0 %s\r\n", status_line);
	compare(bench, "status line", span_of(answer.data, start_line_end(answer)),
		span_of_string(line));
	expect_destination(bench, entry, to);
	if (!endpoint_equal(&entry->source, &bench->vector->to))
		bench_fail(bench, "answered from another address than the request came to");
	expect_vias(bench, answer, request);
	for (size_t i = 0; i < ARRAY_SIZE(echoed); i++) {
		bool is_there = row_find(request, echoed[i].name, echoed[i].compact, 0, &expected);
		if (row_find(answer, echoed[i].name, 0, 0, &got) != is_there)
			bench_fail(bench, "%s is %s", echoed[i].name,
				   is_there ? "missing" : "not the request's");
		if (!is_there)
			continue;
		compare(bench, echoed[i].name, got.value, expected.value);
		if (row_find(answer, echoed[i].name, 0, 1, &got))
			bench_fail(bench, "%s stands twice in the answer", echoed[i].name);
	}
	expect_to(bench, answer, request, strncmp(status_line, "100", 3) != 0);
	if (entry->len < 4 || memcmp(entry->data + entry->len - 4, "\r\n\r\n", 4) != 0)
		bench_fail(bench, "the answer does not end with its head");
}

static void expect_rows(struct bench *bench, const struct outbox_entry *entry)
{
	const struct vector *v = bench->vector;

	for (unsigned int i = 0; i < v->has_count; i++) {
		const char *colon = strchr(v->has[i], ':');
		char name[64];
		struct row row;
		snprintf(name, sizeof(name), "%.*s", (int)(colon - v->has[i]), v->has[i]);
		if (!row_find(span_of(entry->data, entry->len), name, 0, 0, &row))
			bench_fail(bench, "the answer has no %s", name);
		compare(bench, name, row.value, span_trim(span_of_string(colon + 1)));
	}
}

/* ---- a request and its response */

static bool is_request(struct span message)
{
	struct span line = span_trim(span_of(message.data, start_line_end(message)));

	return !span_starts_with_nocase(line, SPAN("SIP/"));
}

/* Takes the 100 that an INVITE gets; returns the entry behind it. */
static const struct outbox_entry *skip_trying(struct bench *bench, struct span request)
{
	const struct outbox *outbox = bench->outbox;
	uint32_t first = 0;

	if (span_starts_with(span_trim(request), SPAN("INVITE "))) {
		if (outbox->count == 0)
			bench_fail(bench, "nothing was sent");
		expect_answer(bench, &outbox->entries[0], request, "100 Trying");
		first = 1;
	}
	if (outbox->count != first + 1)
		bench_fail(bench, "%u messages sent, expected %u", outbox->count, first + 1);
	return &outbox->entries[first];
}

/* The target answers as plainly as can be: what it copies must be understood here. */
static void answer_200(struct bench *bench, const struct outbox_entry *entry)
{
	struct span request = span_of(entry->data, entry->len);
	struct octets answer;
	FILE *file = open_memstream(&answer.data, &answer.len);
	size_t at = start_line_end(request), below = 0;
	struct endpoint target = entry->destination, own = entry->source;
	struct row row;

	fputs("SIP/2.0 200 OK\r\n", file);
	for (bool first = true; row_next(request, &at, &row);) {
		static const char *const names[] = { "Via", "v", "From", "f", "To", "t",
						     "Call-ID", "i", "CSeq" };
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (span_equal_nocase(row.name, span_of_string(names[i])))
				fwrite(row.whole.data, 1, row.whole.len, file);
		fflush(file);
		if (first)
			below = answer.len;
		first = false;
	}
	fputs("Content-Length: 0\r\n\r\n", file);
	fclose(file);
	struct verdict verdict = bench_receive(bench, span_of(answer.data, answer.len), &target,
					       &own);
	expect_verdict(bench, verdict, verdict_of(VERDICT_FORWARD, REASON_FINAL));
	if (bench->outbox->count != 1)
		bench_fail(bench, "the 200 was not forwarded");
	struct octets expected = { malloc(answer.len), 0 };
	memcpy(expected.data, "SIP/2.0 200 OK\r\n", 16);
	memcpy(expected.data + 16, answer.data + below, answer.len - below);
	expected.len = 16 + answer.len - below;
	const struct outbox_entry *sent = &bench->outbox->entries[0];
	compare(bench, "the 200", span_of(sent->data, sent->len),
		span_of(expected.data, expected.len));
	expect_destination(bench, sent, &bench->vector->answer_to);
	free(answer.data);
	free(expected.data);
}

static void expect_request_forwarded(struct bench *bench, struct span message)
{
	struct octets expected = changed(bench, message);
	struct span request = span_of(expected.data, expected.len);
	const struct outbox_entry *entry = skip_trying(bench, request);
	size_t inserted_end = check_inserted(bench, entry);
	size_t line_end = start_line_end(request), skipped = 0;

	while (request.data[skipped] == '\r' || request.data[skipped] == '\n')
		skipped++;
	compare(bench, "start line", span_of(entry->data, start_line_end(span_of(entry->data,
									       entry->len))),
		span_of(request.data + skipped, line_end - skipped));
	compare(bench, "the message behind what is inserted",
		span_of(entry->data + inserted_end, entry->len - inserted_end),
		span_from(request, line_end));
	expect_destination(bench, entry, &bench->vector->sent_to);
	free(expected.data);
	if (!span_starts_with(span_trim(message), SPAN("ACK ")) &&
	    bench->vector->expect.reason != REASON_STRAY_CANCEL)
		answer_200(bench, entry);
}

static void expect_response_forwarded(struct bench *bench, struct span message)
{
	struct octets expected = changed(bench, message);

	if (bench->outbox->count != 1)
		bench_fail(bench, "%u messages sent, expected 1", bench->outbox->count);
	const struct outbox_entry *entry = &bench->outbox->entries[0];
	compare(bench, "the response", span_of(entry->data, entry->len),
		span_of(expected.data, expected.len));
	expect_destination(bench, entry, &bench->vector->answer_to);
	free(expected.data);
}

/* The request goes first; its Via of ours is what the response quotes.  False: a request follows
 * that needs none. */
static void send_request_first(struct bench *bench)
{
	const struct vector *v = bench->vector;
	const struct vector_values none = { NULL, NULL };
	struct octets request;
	struct row via;

	if (!vector_octets(v->has_request ? v->request : span_of_string(default_request), &none,
			   &request, bench->error, sizeof(bench->error)))
		longjmp(bench->failed, 1);
	struct verdict verdict = bench_receive(bench, span_of(request.data, request.len), &v->from,
					       &v->to);
	free(request.data);
	if (verdict.kind != VERDICT_FORWARD)
		bench_fail(bench, "the request before it was not forwarded: %s",
			   verdict_reasons[verdict.reason].name);
	const struct outbox_entry *entry = &bench->outbox->entries[bench->outbox->count - 1];
	struct span sent = span_of(entry->data, entry->len);
	if (!row_find(sent, "Via", 'v', 0, &via))
		bench_fail(bench, "the request was forwarded without a Via");
	check_via(bench, via.value, &entry->source);
}

static void judge_response(struct bench *bench, struct span message)
{
	const struct vector *v = bench->vector;
	struct endpoint own = bench->outbox->entries[bench->outbox->count - 1].source;
	struct verdict verdict = bench_receive(bench, message, &v->sent_to, &own);

	expect_verdict(bench, verdict, v->expect);
	if (verdict.kind == VERDICT_FORWARD)
		expect_response_forwarded(bench, message);
	else if (bench->outbox->count)
		bench_fail(bench, "%u messages sent, expected none", bench->outbox->count);
}

/* The one answer, as the vector has it. */
static void expect_octets(struct bench *bench)
{
	const struct vector *v = bench->vector;
	const struct outbox_entry *entry = &bench->outbox->entries[0];
	const struct endpoint *to = v->answer_to.address.family ? &v->answer_to : &v->from;
	const struct vector_values values = { "", "" };
	struct octets octets = { NULL, 0 };

	if (bench->outbox->count != 1)
		bench_fail(bench, "%u messages sent, expected one answer", bench->outbox->count);
	if (!vector_octets(v->octets, &values, &octets, bench->error, sizeof(bench->error)))
		longjmp(bench->failed, 1);
	bool same = octets.len == entry->len && memcmp(octets.data, entry->data, octets.len) == 0;
	free(octets.data);
	if (!same)
		bench_fail(bench, "the answer has other octets");
	if (!endpoint_equal(&entry->destination, to))
		bench_fail(bench, "the answer goes elsewhere");
}

static void judge_request(struct bench *bench, struct span message, struct span trailing)
{
	const struct vector *v = bench->vector;
	char *whole = malloc(message.len + trailing.len + 1);

	memcpy(whole, message.data, message.len);
	if (trailing.len)
		memcpy(whole + message.len, trailing.data, trailing.len);
	struct verdict verdict = bench_receive(bench, span_of(whole, message.len + trailing.len),
					       &v->from, &v->to);
	free(whole);
	expect_verdict(bench, verdict, v->expect);
	if (verdict.kind == VERDICT_FORWARD) {
		expect_request_forwarded(bench, message);
	} else if (verdict.kind == VERDICT_REPLY && v->octets.data) {
		expect_octets(bench);
	} else if (verdict.kind == VERDICT_REPLY) {
		struct octets request = changed(bench, message);
		if (bench->outbox->count != 1)
			bench_fail(bench, "%u messages sent, expected one answer",
				   bench->outbox->count);
		if (!v->answer)
			bench_fail(bench, "answered, but the vector says not what: 'answer: '");
		expect_answer(bench, &bench->outbox->entries[0],
			      span_of(request.data, request.len), v->answer);
		expect_rows(bench, &bench->outbox->entries[0]);
		free(request.data);
	} else if (bench->outbox->count) {
		bench_fail(bench, "%u messages sent, expected none", bench->outbox->count);
	}
}

void judge_vector(struct bench *bench)
{
	const struct vector *v = bench->vector;
	struct octets message = { NULL, 0 }, trailing = { NULL, 0 };
	struct vector_values values = { "", "" };

	/* Whether it is a response shows before its placeholders have values. */
	bool quotes = memmem(v->message.data, v->message.len, "${via}", 6) ||
		      memmem(v->message.data, v->message.len, "${branch}", 9);
	if (quotes || v->has_request || !is_request(v->message)) {
		send_request_first(bench);
		values = (struct vector_values){ bench->via, bench->branch };
	}
	if (!vector_octets(v->message, &values, &message, bench->error, sizeof(bench->error)) ||
	    !vector_octets(v->trailing, &values, &trailing, bench->error, sizeof(bench->error)))
		longjmp(bench->failed, 1);
	struct span whole = span_of(message.data, message.len);
	if (is_request(whole))
		judge_request(bench, whole, span_of(trailing.data, trailing.len));
	else
		judge_response(bench, whole);
	free(message.data);
	free(trailing.data);
}
