/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A parsed SIP message: offsets into a datagram that the caller owns.  Nothing is copied and
 * nothing is allocated; the message is valid as long as the datagram's bytes stay where they are.
 *
 * sip_message_parse indexes every header field in one pass and decodes what every proxy decision
 * needs: start line, Call-ID, CSeq, From and To tags, the top Via, Max-Forwards, Content-Length.
 * All else is decoded on demand (the cursor below, sip/via.h, sip/uri.h).
 */
#ifndef SIP_MESSAGE_H
#define SIP_MESSAGE_H

#include "base/span.h"
#include "base/verdict.h"
#include "sip/uri.h"
#include "sip/via.h"

#define SIP_HEADERS_MAX  255    /* header rows indexed; more is malformed (TOO_MANY_HEADERS) */
#define SIP_DATAGRAM_MAX 65535

/* X(ID, "Long-Name", compact or 0).  Names compare without case (RFC 3261 §7.3.1). */
#define SIP_HEADER_NAMES(X)                                                                        \
	X(VIA, "Via", 'v')                                                                         \
	X(FROM, "From", 'f')                                                                       \
	X(TO, "To", 't')                                                                           \
	X(CALL_ID, "Call-ID", 'i')                                                                 \
	X(CSEQ, "CSeq", 0)                                                                         \
	X(MAX_FORWARDS, "Max-Forwards", 0)                                                         \
	X(ROUTE, "Route", 0)                                                                       \
	X(RECORD_ROUTE, "Record-Route", 0)                                                         \
	X(CONTACT, "Contact", 'm')                                                                 \
	X(CONTENT_LENGTH, "Content-Length", 'l')                                                   \
	X(CONTENT_TYPE, "Content-Type", 'c')                                                       \
	X(CONTENT_ENCODING, "Content-Encoding", 'e')                                               \
	X(PROXY_REQUIRE, "Proxy-Require", 0)                                                       \
	X(REQUIRE, "Require", 0)                                                                   \
	X(SUPPORTED, "Supported", 'k')                                                             \
	X(UNSUPPORTED, "Unsupported", 0)                                                           \
	X(PATH, "Path", 0)                                                                         \
	X(TIMESTAMP, "Timestamp", 0)                                                               \
	X(MAX_BREADTH, "Max-Breadth", 0)                                                           \
	X(RETRY_AFTER, "Retry-After", 0)                                                           \
	X(REASON, "Reason", 0)                                                                     \
	X(EVENT, "Event", 'o')                                                                     \
	X(SUBJECT, "Subject", 's')                                                                 \
	X(USER_AGENT, "User-Agent", 0)                                                             \
	X(SERVER, "Server", 0)                                                                     \
	X(EXPIRES, "Expires", 0)                                                                   \
	X(SESSION_EXPIRES, "Session-Expires", 'x')                                                 \
	X(MIN_SE, "Min-SE", 0)                                                                     \
	X(RACK, "RAck", 0)                                                                         \
	X(RSEQ, "RSeq", 0)                                                                         \
	X(REPLACES, "Replaces", 0)                                                                 \
	X(JOIN, "Join", 0)                                                                         \
	X(TARGET_DIALOG, "Target-Dialog", 0)                                                       \
	X(REFER_TO, "Refer-To", 'r')                                                               \
	X(REFERRED_BY, "Referred-By", 'b')                                                         \
	X(RESOURCE_PRIORITY, "Resource-Priority", 0)                                               \
	X(AUTHORIZATION, "Authorization", 0)                                                       \
	X(PROXY_AUTHORIZATION, "Proxy-Authorization", 0)                                           \
	X(WWW_AUTHENTICATE, "WWW-Authenticate", 0)                                                 \
	X(PROXY_AUTHENTICATE, "Proxy-Authenticate", 0)                                             \
	X(ALLOW, "Allow", 0)                                                                       \
	X(ACCEPT, "Accept", 0)

enum sip_header_id {
	SIP_HEADER_OTHER,
#define X(id, name, compact) SIP_HEADER_##id,
	SIP_HEADER_NAMES(X)
#undef X
	SIP_HEADER_ID_COUNT,
};

/* X(ID, "TOKEN"): methods compare with case (RFC 3261 §7.1). */
#define SIP_METHODS(X)                                                                             \
	X(INVITE, "INVITE")                                                                        \
	X(ACK, "ACK")                                                                              \
	X(CANCEL, "CANCEL")                                                                        \
	X(BYE, "BYE")                                                                              \
	X(REGISTER, "REGISTER")                                                                    \
	X(OPTIONS, "OPTIONS")                                                                      \
	X(PRACK, "PRACK")                                                                          \
	X(UPDATE, "UPDATE")                                                                        \
	X(INFO, "INFO")                                                                            \
	X(MESSAGE, "MESSAGE")                                                                      \
	X(SUBSCRIBE, "SUBSCRIBE")                                                                  \
	X(NOTIFY, "NOTIFY")                                                                        \
	X(PUBLISH, "PUBLISH")                                                                      \
	X(REFER, "REFER")

enum sip_method {
	SIP_METHOD_OTHER, /* any token that is none of these: proxied as they are (§16.3 item 1) */
#define X(id, token) SIP_METHOD_##id,
	SIP_METHODS(X)
#undef X
	SIP_METHOD_COUNT,
};

/* A part of the datagram. */
struct sip_slice {
	uint16_t offset, len;
};

struct sip_header {
	uint16_t offset;    /* of the name's first byte; the row starts here */
	uint16_t value;     /* offset of the value, leading blanks skipped */
	uint16_t value_len; /* trailing blanks removed; folds are still inside */
	uint16_t end;       /* offset past the row's CRLF (or lone LF) */
	uint8_t id;         /* enum sip_header_id */
	uint8_t name_len;   /* 255: 255 bytes or more */
	uint8_t next;       /* index of the next row with the same id (not kept for OTHER), 0: none */
	uint8_t flags;      /* SIP_HEADER_FOLDED */
};
#define SIP_HEADER_FOLDED 0x01

struct sip_message {
	const char *bytes;    /* the start line's first byte: leading line ends (RFC 3261 §7.5) are
	                         skipped, so this may lie after the pointer that was parsed */
	uint32_t len;         /* octets of the message: start line to end of body (§18.3: octets
	                         past Content-Length are not part of it) */
	uint32_t body;        /* offset of the body; body == len when there is none */
	bool is_request;
	uint8_t method;       /* enum sip_method: of the request line, or of a response's CSeq */
	uint16_t status;      /* responses: 100..699 */
	struct sip_slice method_token; /* requests: from the request line; responses: from CSeq */
	struct sip_slice request_uri;  /* requests */
	struct sip_slice reason_phrase;
	uint16_t start_line_end;       /* offset past the start line's line end */
	uint16_t headers_end;          /* offset of the empty line */

	struct sip_slice call_id;
	struct sip_slice cseq_number;  /* digits as received */
	struct sip_slice from_tag;     /* len 0: no tag */
	struct sip_slice to_tag;
	uint32_t cseq;
	int16_t max_forwards;          /* -1: absent; above 255 counts as 255 */
	bool has_content_length;
	bool has_via;                  /* the top Via was decoded up to its sent-by, at least */
	uint16_t via_values;           /* Via values in all rows together */
	uint16_t header_count;
	uint8_t first[SIP_HEADER_ID_COUNT]; /* index + 1 of the first row of an id, 0: none */
	struct sip_via via;            /* the top Via */
	struct sip_uri uri;            /* requests: request_uri, decoded; it has no headers part,
	                                  or the message is malformed (REQUEST_URI_SYNTAX) */

	struct sip_header headers[SIP_HEADERS_MAX]; /* only the first header_count are written */
};

/*
 * Parses `len` bytes at `bytes` into *msg.  Returns VERDICT_REASON_NONE when the message is one
 * that a proxy may act on, else the reason that it is malformed.
 *
 * On a reason other than NONE, msg still holds what was found before: `answerable` below tells
 * whether a response can be built from it.  A message whose only fault lies in a header field
 * that a proxy does not need is not malformed (RFC 3261 §16.3 item 1).
 */
[[nodiscard]] enum verdict_reason sip_message_parse(struct sip_message *msg, const char *bytes,
						    uint32_t len);

/* After a malformed request: true when a response can be sent (RFC 3261 §8.2.6): the top Via tells
 * who sent it, and the method is known and not ACK. */
[[nodiscard]] bool sip_message_is_answerable(const struct sip_message *msg);

/*
 * The Call-ID alone, found as fast as can be and without judging the message: the value of the
 * first Call-ID (or i) row of the head.  False when there is none.  sip_message_parse finds the
 * same bytes or calls the message malformed.
 */
[[nodiscard]] bool sip_message_peek_call_id(const char *bytes, uint32_t len, struct span *call_id);

static inline struct span sip_slice_span(const struct sip_message *msg, struct sip_slice slice)
{
	return span_of(msg->bytes + slice.offset, slice.len);
}

/* The first row of an id, or NULL. */
static inline const struct sip_header *sip_message_find(const struct sip_message *msg,
							enum sip_header_id id)
{
	return msg->first[id] ? &msg->headers[msg->first[id] - 1] : NULL;
}

/* The next row of the same id, or NULL. */
static inline const struct sip_header *sip_message_find_next(const struct sip_message *msg,
							     const struct sip_header *header)
{
	return header->next ? &msg->headers[header->next] : NULL;
}

static inline struct span sip_header_value(const struct sip_message *msg,
					   const struct sip_header *header)
{
	return span_of(msg->bytes + header->value, header->value_len);
}

/* "INVITE" for SIP_METHOD_INVITE; "" for OTHER. */
struct span sip_method_token(enum sip_method method);
[[nodiscard]] enum sip_method sip_method_find(struct span token);
/* "Via" for SIP_HEADER_VIA. */
struct span sip_header_name(enum sip_header_id id);
[[nodiscard]] enum sip_header_id sip_header_find(struct span name);

/*
 * Values of a list header (Via, Route, Record-Route, Contact, Path, Proxy-Require, ...), over
 * all its rows and their commas in order (RFC 3261 §7.3.1).  Commas inside quotes and inside
 * < > do not separate.
 *
 *	struct sip_value_cursor at;
 *	for (bool more = sip_value_first(msg, SIP_HEADER_ROUTE, &at); more; more = sip_value_next(msg, &at))
 *		... at.value ...
 */
struct sip_value_cursor {
	struct span value;     /* blanks trimmed; may be empty (",,") */
	const struct sip_header *row;
	uint16_t offset;       /* of value in the datagram */
	uint16_t scan;         /* where the next value of the row starts */
	bool first_in_row, last_in_row;
};
[[nodiscard]] bool sip_value_first(const struct sip_message *msg, enum sip_header_id id,
				   struct sip_value_cursor *at);
[[nodiscard]] bool sip_value_next(const struct sip_message *msg, struct sip_value_cursor *at);

#endif
