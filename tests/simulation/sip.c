/* SPDX-License-Identifier: BSD-3-Clause */
/* The simulation's own SIP text; see sip.h. */
#include "sip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *const method_names[METHODS] = {
	"INVITE", "ACK", "CANCEL", "BYE", "INFO", "PRACK", "UPDATE", "MESSAGE", "REGISTER", "OPTIONS",
};

/* ---- buffers, in classes of 256 octets */

#define CLASS_SIZE 256
#define CLASSES    300

static struct buffer *free_buffers[CLASSES];
static uint64_t live;

struct buffer *buffer_new(size_t len)
{
	size_t size_class = (len + CLASS_SIZE - 1) / CLASS_SIZE;

	if (size_class >= CLASSES)
		abort();
	struct buffer *buffer = free_buffers[size_class];
	if (buffer)
		memcpy(&free_buffers[size_class], buffer->data, sizeof(buffer));
	else
		buffer = malloc(sizeof(*buffer) + MAX(size_class, (size_t)1) * CLASS_SIZE);
	if (!buffer)
		abort();
	buffer->references = 1;
	buffer->size_class = (uint16_t)size_class;
	live++;
	return buffer;
}

void buffer_release(struct buffer *buffer)
{
	if (!buffer || --buffer->references)
		return;
	live--;
	memcpy(buffer->data, &free_buffers[buffer->size_class], sizeof(buffer));
	free_buffers[buffer->size_class] = buffer;
}

void buffers_forget(void)
{
	for (int i = 0; i < CLASSES; i++)
		while (free_buffers[i]) {
			struct buffer *buffer = free_buffers[i];
			memcpy(&free_buffers[i], buffer->data, sizeof(buffer));
			free(buffer);
		}
}

uint64_t buffers_live(void)
{
	return live;
}

/* ---- reading */

uint64_t sip_hash(const char *text, size_t len)
{
	uint64_t hash = 0x9e3779b97f4a7c15u ^ len, word;

	for (; len >= 8; text += 8, len -= 8) {
		memcpy(&word, text, 8);
		hash = (hash ^ word) * 0xff51afd7ed558ccdu;
		hash ^= hash >> 32;
	}
	word = 0;
	memcpy(&word, text, len);
	hash = (hash ^ word) * 0xc4ceb9fe1a85ec53u;
	return hash ^ hash >> 29;
}

static uint64_t number_at(const char *at, const char *end)
{
	uint64_t number = 0;

	while (at < end && *at >= '0' && *at <= '9')
		number = 10 * number + (uint64_t)(*at++ - '0');
	return number;
}

static struct slice slice_of(const struct buffer *b, const char *from, const char *to)
{
	return (struct slice){ (uint16_t)(from - b->data), (uint16_t)(to - from) };
}

static bool starts(const char *at, const char *end, const char *word, size_t len)
{
	return (size_t)(end - at) >= len && memcmp(at, word, len) == 0;
}
#define STARTS(at, end, word) starts((at), (end), (word), sizeof(word) - 1)

/* The value of ";name=" in [at, end). */
static struct slice param(const struct buffer *b, const char *at, const char *end, const char *name,
			  size_t len)
{
	for (; (at = memchr(at, ';', (size_t)(end - at))) != NULL; at++) {
		if (!starts(at + 1, end, name, len))
			continue;
		const char *from = at + 1 + len, *to = from;
		while (to < end && *to != ';' && *to != ',' && *to != '>')
			to++;
		return slice_of(b, from, to);
	}
	return (struct slice){ 0 };
}
#define PARAM(b, at, end, name) param((b), (at), (end), (name), sizeof(name) - 1)

/* The end of the value that starts at `at`: a comma outside of < >, or the end. */
static const char *value_end(const char *at, const char *end)
{
	bool is_inside = false;

	for (; at < end; at++) {
		if (*at == '<')
			is_inside = true;
		else if (*at == '>')
			is_inside = false;
		else if (*at == ',' && !is_inside)
			return at;
	}
	return end;
}

static void read_via(struct buffer *b, const char *row, const char *at, const char *end)
{
	struct sip *sip = &b->sip;

	if (sip->via_rows < VIAS_MAX)
		sip->via[sip->via_rows++] = slice_of(b, row, end + 2);
	for (const char *stop; at < end; at = stop + 1) {
		stop = value_end(at, end);
		if (sip->via_count++)
			continue;
		const char *sent_by = memchr(at, ' ', (size_t)(stop - at));
		if (!sent_by)
			return;
		const char *params = memchr(sent_by, ';', (size_t)(stop - sent_by));
		if (!params)
			return;
		sip->sent_by = slice_of(b, sent_by + 1, params);
		sip->branch = PARAM(b, params, stop, "branch=");
		sip->received = PARAM(b, params, stop, "received=");
		sip->rport = PARAM(b, params, stop, "rport=");
		sip->branch_hash = sip_hash(b->data + sip->branch.at, sip->branch.len) ^
				   3 * sip_hash(b->data + sip->sent_by.at, sip->sent_by.len);
	}
}

static void read_routes(struct buffer *b, const char *at, const char *end, struct slice *routes,
			uint8_t *count)
{
	for (const char *stop; at < end && *count < ROUTES_MAX; at = stop + 1) {
		stop = value_end(at, end);
		const char *from = memchr(at, '<', (size_t)(stop - at));
		const char *to = memchr(at, '>', (size_t)(stop - at));
		if (from && to && from < to)
			routes[(*count)++] = slice_of(b, from + 1, to);
	}
}

static uint8_t read_method(const char *at, const char *end)
{
	for (uint8_t i = 0; i < METHODS; i++) {
		size_t len = strlen(method_names[i]);
		if ((size_t)(end - at) == len && memcmp(at, method_names[i], len) == 0)
			return i;
	}
	return METHODS;
}

static void read_call_id(struct buffer *b, const char *at, const char *end)
{
	struct sip *sip = &b->sip;

	sip->call_id = slice_of(b, at, end);
	sip->call = (uint32_t)number_at(at, end);
}

static void read_row(struct buffer *b, const char *row, const char *end)
{
	struct sip *sip = &b->sip;
	const char *colon = memchr(row, ':', (size_t)(end - row));

	if (!colon)
		return;
	const char *at = colon + 1;
	while (at < end && *at == ' ')
		at++;
	size_t len = (size_t)(colon - row);
#define IS(name) (len == sizeof(name) - 1 && memcmp(row, name, sizeof(name) - 1) == 0)
	if (IS("Via")) {
		read_via(b, row, at, end);
	} else if (IS("From")) {
		sip->from = slice_of(b, at, end);
		sip->from_tag = PARAM(b, at, end, "tag=");
	} else if (IS("To")) {
		sip->to = slice_of(b, at, end);
		sip->to_tag = PARAM(b, at, end, "tag=");
	} else if (IS("Call-ID")) {
		read_call_id(b, at, end);
	} else if (IS("CSeq")) {
		sip->cseq = (uint32_t)number_at(at, end);
		const char *word = memchr(at, ' ', (size_t)(end - at));
		if (word && !sip->is_request)
			sip->method = read_method(word + 1, end);
		else if (word && sip->method != read_method(word + 1, end))
			sip->method = METHODS;
	} else if (IS("Contact")) {
		uint8_t count = 0;
		read_routes(b, at, end, &sip->contact, &count);
	} else if (IS("Record-Route")) {
		read_routes(b, at, end, sip->record_route, &sip->record_route_count);
	} else if (IS("Route")) {
		read_routes(b, at, end, sip->route, &sip->route_count);
	} else if (IS("Max-Forwards")) {
		sip->max_forwards = (int16_t)number_at(at, end);
	} else if (IS("Max-Breadth")) {
		sip->max_breadth = (int16_t)number_at(at, end);
	} else if (IS("WWW-Authenticate") || IS("Proxy-Authenticate")) {
		sip->challenges++;
		sip->challenge_sum += sip_hash(row, (size_t)(end - row));
	} else if (IS("RSeq") || IS("RAck")) {
		sip->rseq = (uint32_t)number_at(at, end);
	} else if (IS("Proxy-Authorization")) {
		sip->has_credentials = true;
	} else if (IS("Require")) {
		sip->needs_100rel = STARTS(at, end, "100rel");
	}
#undef IS
}

static bool read_start(struct buffer *b, const char *end)
{
	struct sip *sip = &b->sip;

	if (STARTS(b->data, end, "SIP/2.0 ")) {
		sip->status = (uint16_t)number_at(b->data + 8, end);
		sip->method = METHODS;
		return sip->status >= 100 && sip->status < 700;
	}
	const char *uri = memchr(b->data, ' ', (size_t)(end - b->data));
	if (!uri || end - uri < 10 || memcmp(end - 8, " SIP/2.0", 8) != 0)
		return false;
	sip->is_request = true;
	sip->method = read_method(b->data, uri);
	sip->request_uri = slice_of(b, uri + 1, end - 8);
	return true;
}

bool sip_read(struct buffer *buffer)
{
	const char *at = buffer->data, *end = at + buffer->len, *line;
	struct sip *sip = &buffer->sip;

	memset(sip, 0, offsetof(struct sip, via));
	sip->max_forwards = sip->max_breadth = -1;
	line = memchr(at, '\n', (size_t)(end - at));
	if (!line || line == at || line[-1] != '\r' || !read_start(buffer, line - 1))
		return false;
	sip->headers = (uint16_t)(line + 1 - buffer->data);
	for (at = line + 1; at < end; at = line + 1) {
		line = memchr(at, '\n', (size_t)(end - at));
		if (!line || line == at || line[-1] != '\r')
			return false;
		if (line - 1 == at) {
			sip->body = slice_of(buffer, line + 1, end);
			sip->headers_end = (uint16_t)(at - buffer->data);
			return sip->method < METHODS && sip->via_count && sip->branch.len &&
			       sip->call_id.len && sip->from_tag.len;
		}
		read_row(buffer, at, line - 1);
	}
	return false;
}

bool sip_uri_address(struct span uri, struct address *out)
{
	const char *at = uri.data, *end = at + uri.len, *host = memchr(at, ':', uri.len);

	if (!host)
		return false;
	host++;
	const char *user = memchr(host, '@', (size_t)(end - host));
	if (user)
		host = user + 1;
	out->ip = 0;
	for (int i = 0; i < 4; i++) {
		if (host == end || *host < '0' || *host > '9')
			return false;
		out->ip = out->ip << 8 | (uint32_t)number_at(host, end);
		while (host < end && *host >= '0' && *host <= '9')
			host++;
		if (i < 3 && (host == end || *host++ != '.'))
			return false;
	}
	out->port = 5060;
	if (host < end && *host == ':')
		out->port = (uint16_t)number_at(host + 1, end);
	return true;
}

/* ---- writing */

void draft_bytes(struct draft *draft, const char *bytes, size_t len)
{
	if (len > (size_t)(draft->text + DRAFT_MAX - draft->at))
		abort();
	memcpy(draft->at, bytes, len);
	draft->at += len;
}

void draft_text(struct draft *draft, const char *text)
{
	draft_bytes(draft, text, strlen(text));
}

void draft_number(struct draft *draft, uint64_t number)
{
	char digits[20], *at = digits + sizeof(digits);

	do
		*--at = (char)('0' + number % 10);
	while (number /= 10);
	draft_bytes(draft, at, (size_t)(digits + sizeof(digits) - at));
}

void draft_hex(struct draft *draft, uint64_t number)
{
	char digits[16], *at = digits + sizeof(digits);

	do
		*--at = "0123456789abcdef"[number & 15];
	while (number >>= 4);
	draft_bytes(draft, at, (size_t)(digits + sizeof(digits) - at));
}

void draft_address(struct draft *draft, struct address address)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		draft_number(draft, address.ip >> shift & 255);
		draft_bytes(draft, shift ? "." : ":", 1);
	}
	draft_number(draft, address.port);
}

struct buffer *draft_done(struct draft *draft)
{
	size_t len = (size_t)(draft->at - draft->text);
	struct buffer *buffer = buffer_new(len);

	buffer->len = (uint16_t)len;
	memcpy(buffer->data, draft->text, len);
	if (!sip_read(buffer)) {
		fprintf(stderr, "the simulation cannot read its own text:\n%.*s\n", (int)len,
			draft->text);
		abort();
	}
	return buffer;
}
