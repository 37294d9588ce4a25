/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One interface to several SIP parsers, so that the work measured is the same and in plain sight.
 *
 * A parser takes one message and fills struct parse_fields with what a proxy must know before it
 * forwards: start line, parts of the Request-URI, the whole top Via, the number of Via values, the
 * first Route, tags, Call-ID, CSeq, Max-Forwards, Contact, Content-Length, and the checks of RFC
 * 3261 §16.3.  It may do more (the peers decode every header field), never less.
 *
 * Knows no parser's own types: each of them stands in its own file.  One thread.
 */
#ifndef BENCH_PARSE_PEER_H
#define BENCH_PARSE_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Text in the message or in the parser's memory, valid until release.  Nobody is charged for the
 * form that another one keeps its text in. */
struct parse_text {
	const char *data; /* NULL: absent */
	size_t len;       /* PARSE_STRING: ends with NUL */
};
#define PARSE_STRING SIZE_MAX

enum parse_scheme { PARSE_SCHEME_NONE, PARSE_SIP, PARSE_SIPS, PARSE_TEL, PARSE_SCHEME_OTHER };

struct parse_uri {
	enum parse_scheme scheme;
	uint32_t port; /* 0: none given */
	struct parse_text user, host;
};

/* What RFC 3261 §16.3 items 2 to 5 say of a request, in their order.  Item 1 is the parser's own
 * verdict; item 4 is optional there: a Via whose sent-by is PARSE_OWN_HOST counts as a loop; item
 * 6 is nothing to a proxy that asks for no credentials. */
enum parse_check {
	PARSE_GOOD,
	PARSE_BAD_SCHEME,
	PARSE_NO_HOPS_LEFT,
	PARSE_LOOP,
	PARSE_BAD_EXTENSION,
};

/* Where Tandem stands in tests/vectors. */
#define PARSE_OWN_HOST "192.0.2.1"

struct parse_fields {
	bool is_request;
	bool has_rport; /* of the top Via, with a value or without */
	bool has_route, route_has_lr;
	bool has_contact, contact_is_star;
	uint16_t status; /* responses */
	enum parse_check check;
	uint32_t via_count; /* values, over all rows and commas */
	uint32_t cseq;
	int32_t max_forwards;     /* -1: absent */
	int64_t content_length;   /* -1: absent */
	struct parse_text method; /* requests */
	struct parse_text reason_phrase;
	struct parse_uri request_uri;
	struct parse_text request_maddr; /* §16.4 looks at it */
	struct parse_text via_transport, via_host, via_branch, via_received, via_maddr, via_rport;
	uint32_t via_port;      /* 0: none given */
	struct parse_uri route; /* of the first Route value */
	struct parse_text from_tag, to_tag;
	struct parse_text call_id;
	struct parse_text call_id_host; /* where it is kept apart; the '@' is in neither */
	struct parse_text cseq_method;
	struct parse_uri contact; /* of the first Contact value */
};

struct parse_peer {
	const char *name;
	/* Before the first message, and again after another peer.  False: cannot run here. */
	bool (*start)(void);
	/*
	 * Parses bytes[0..len), which stay as they are, and writes all of *fields.  False when the
	 * message is malformed to this parser, or lacks Via, From, To, Call-ID or CSeq.  Either way
	 * release must follow before the next message: it frees what the parser allocated.
	 */
	bool (*parse)(const char *bytes, size_t len, struct parse_fields *fields);
	void (*release)(void);
};

extern const struct parse_peer parse_tandem_scalar, parse_tandem_avx2, parse_tandem_avx512;
extern const struct parse_peer parse_osip, parse_sofia, parse_re;

/* All of them in this order; NULL at the end. */
extern const struct parse_peer *const parse_peers[];

/* For parsers that leave the Via values below the top one as text: a quick look whether one can have
 * our sent-by, so that no other is decoded. */
bool parse_may_be_own_via(const char *value, size_t len);

/* §16.3 items 2 to 5 from what the parser found. */
static inline enum parse_check parse_check_of(const struct parse_fields *fields, bool loops,
					      bool has_proxy_require)
{
	if (!fields->is_request)
		return PARSE_GOOD;
	if (fields->request_uri.scheme == PARSE_SCHEME_OTHER)
		return PARSE_BAD_SCHEME;
	if (fields->max_forwards == 0)
		return PARSE_NO_HOPS_LEFT;
	if (loops)
		return PARSE_LOOP;
	return has_proxy_require ? PARSE_BAD_EXTENSION : PARSE_GOOD;
}

#ifdef __cplusplus
}
#endif

#endif
