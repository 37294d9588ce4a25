/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The simulation's own SIP text: as little of RFC 3261 §7 as its callers and targets need, written
 * without the data plane's parser, so that a mistake there is not repeated here.
 *
 * A message is parsed once, when it is made; its copies on the network share the buffer.
 */
#ifndef SIMULATION_SIP_H
#define SIMULATION_SIP_H

#include "base/compiler.h"
#include "base/span.h"

enum method {
	METHOD_INVITE, METHOD_ACK, METHOD_CANCEL, METHOD_BYE, METHOD_INFO, METHOD_PRACK,
	METHOD_UPDATE, METHOD_MESSAGE, METHOD_REGISTER, METHOD_OPTIONS, METHODS,
};
extern const char *const method_names[METHODS];

struct address {
	uint32_t ip; /* host order */
	uint16_t port;
};

static inline bool address_equal(struct address a, struct address b)
{
	return a.ip == b.ip && a.port == b.port;
}

struct slice {
	uint16_t at, len;
};

#define VIAS_MAX   8
#define ROUTES_MAX 6

struct sip {
	bool is_request, has_credentials, needs_100rel;
	uint8_t method;           /* of a response: its CSeq's */
	uint8_t via_count;        /* values */
	uint8_t via_rows, route_count, record_route_count;
	uint16_t status;
	int16_t max_forwards, max_breadth; /* -1: absent */
	uint8_t challenges;       /* rows of WWW- and Proxy-Authenticate, their hashes added up */
	uint64_t challenge_sum;
	uint16_t headers_end;     /* offset of the empty line */
	uint32_t cseq, rseq;
	uint32_t call;            /* number in the Call-ID */
	uint64_t branch_hash;     /* of the top Via's branch and sent-by */
	uint16_t headers;         /* offset of the first row */
	struct slice request_uri, from, from_tag, to, to_tag, call_id, contact, sent_by, branch;
	struct slice received, rport, body;
	struct slice via[VIAS_MAX];        /* whole rows, line end included */
	struct slice route[ROUTES_MAX], record_route[ROUTES_MAX]; /* URIs, without < > */
};

struct buffer {
	uint32_t references;
	uint16_t size_class;
	uint16_t len;
	struct sip sip;
	char data[];
};

/* One reference is the caller's.  `len`: capacity. */
struct buffer *buffer_new(size_t len);
static inline struct buffer *buffer_ref(struct buffer *buffer)
{
	buffer->references++;
	return buffer;
}
void buffer_release(struct buffer *buffer); /* NULL: nothing */
void buffers_forget(void);                  /* gives all memory back */
uint64_t buffers_live(void);

/* Fills buffer->sip from data; false: not a message as agents and proxies of this world write
 * it. */
bool sip_read(struct buffer *buffer);

static inline struct span sip_text(const struct buffer *buffer, struct slice slice)
{
	return span_of(buffer->data + slice.at, slice.len);
}
static inline bool sip_same(const struct buffer *a, struct slice x, const struct buffer *b,
			    struct slice y)
{
	return x.len == y.len && memcmp(a->data + x.at, b->data + y.at, x.len) == 0;
}

uint64_t sip_hash(const char *text, size_t len);
/* host:port of a SIP URI with a dotted quad; false: none. */
bool sip_uri_address(struct span uri, struct address *out);

/* Composes a message; the room is ample for what agents write, and checked. */
#define DRAFT_MAX 3500
struct draft {
	char *at;
	char text[DRAFT_MAX];
};
void draft_text(struct draft *draft, const char *text);
void draft_bytes(struct draft *draft, const char *bytes, size_t len);
void draft_number(struct draft *draft, uint64_t number);
void draft_hex(struct draft *draft, uint64_t number);
void draft_address(struct draft *draft, struct address address);
static inline void draft_slice(struct draft *draft, const struct buffer *from, struct slice slice)
{
	draft_bytes(draft, from->data + slice.at, slice.len);
}
static inline void draft_begin(struct draft *draft)
{
	draft->at = draft->text;
}
/* Parsed; aborts on text that the simulation itself cannot read. */
struct buffer *draft_done(struct draft *draft);

#endif
