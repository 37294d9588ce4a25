/* SPDX-License-Identifier: BSD-3-Clause */
/* Request-Line and Status-Line; see start_line.h. */
#include "sip/start_line.h"

#include "sip/chars.h"
#include "sip/parse.h"

/* SIP-Version compares without case (RFC 3261 §7.1).  "SIP/" DIGITS "." DIGITS is a version. */
static bool version_is_2(struct span text)
{
	return text.len == 7 && (memcmp(text.data, "SIP/2.0", 7) == 0 ||
				 span_equal_nocase(text, SPAN("SIP/2.0")));
}

static bool version_is_foreign(struct span text)
{
	const char *end = text.data + text.len;

	if (!span_starts_with_nocase(text, SPAN("SIP/")))
		return false;
	const char *major = text.data + 4;
	const char *dot = sip_skip(major, end, SIP_CHAR_DIGIT);
	if (dot == major || dot == end || *dot != '.')
		return false;
	return dot + 1 < end && sip_skip(dot + 1, end, SIP_CHAR_DIGIT) == end;
}

/* SIP-Version SP Status-Code SP Reason-Phrase; `at` is the first byte after the version. */
static enum verdict_reason status_line_parse(struct sip_message *msg, uint32_t at, uint32_t end)
{
	const char *bytes = msg->bytes;
	uint32_t digits = at + 1;
	uint32_t stop = digits;

	while (stop < end && sip_char_is(bytes[stop], SIP_CHAR_DIGIT))
		stop++;
	/* The space before an empty reason phrase may be missing: RFC 4475 §3.1.1.13. */
	if (stop - digits < 3 || (stop < end && bytes[stop] != ' '))
		return REASON_START_LINE;
	msg->reason_phrase.offset = (uint16_t)(stop < end ? stop + 1 : end);
	msg->reason_phrase.len = (uint16_t)(end - msg->reason_phrase.offset);
	if (stop - digits > 3 || bytes[digits] > '6')
		return REASON_STATUS_CODE;
	if (bytes[digits] == '0')
		return REASON_START_LINE;
	msg->status = (uint16_t)((bytes[digits] - '0') * 100 + (bytes[digits + 1] - '0') * 10 +
				 (bytes[digits + 2] - '0'));
	return VERDICT_REASON_NONE;
}

/* Method SP Request-URI SP SIP-Version. */
static enum verdict_reason request_line_parse(struct sip_message *msg, uint32_t end)
{
	const char *bytes = msg->bytes;
	const char *stop = bytes + end;
	const char *p = sip_scan(bytes, stop, bytes + msg->len, SIP_CHAR_TOKEN);
	uint32_t method_len = (uint32_t)(p - bytes);

	if (method_len == 0 || p == stop || *p != ' ')
		return REASON_START_LINE;
	msg->method_token = (struct sip_slice){ 0, (uint16_t)method_len };
	msg->method = (uint8_t)sip_method_find(span_of(bytes, method_len));

	const char *version = stop;
	if (LIKELY(stop - p > 8 && memcmp(stop - 8, " SIP/2.0", 8) == 0)) {
		version -= 7;
	} else {
		while (version > p && version[-1] != ' ')
			version--;
	}
	/* `version` - 1 is the last space; it must be another than the first. */
	if (version - 1 <= p || version == stop)
		return REASON_START_LINE;
	struct span text = span_of(version, (size_t)(stop - version));
	const char *uri = p + 1;
	uint32_t uri_len = (uint32_t)(version - 1 - uri);
	if (!version_is_2(text))
		return version_is_foreign(text) ? REASON_SIP_VERSION : REASON_START_LINE;
	if (uri_len == 0 || uri[0] == ' ' || uri[uri_len - 1] == ' ')
		return REASON_START_LINE;
	msg->request_uri = (struct sip_slice){ (uint16_t)(uri - bytes), (uint16_t)uri_len };
	/* Headers in a Request-URI must never be forwarded (RFC 3261 §19.1.1, RFC 4475
	 * §3.1.2.11): refuse them here, and nothing behind has to strip them. */
	if (!sip_uri_parse(span_of(uri, uri_len), bytes + msg->len, &msg->uri) || msg->uri.headers.len)
		return REASON_REQUEST_URI_SYNTAX;
	return VERDICT_REASON_NONE;
}

enum verdict_reason sip_start_line_parse(struct sip_message *msg, uint32_t end)
{
	struct span line = span_of(msg->bytes, end);
	enum verdict_reason reason;

	/* No method contains a '/': what starts so can only be a response. */
	msg->is_request = !span_starts_with_nocase(line, SPAN("SIP/"));
	if (msg->is_request) {
		reason = request_line_parse(msg, end);
	} else {
		uint32_t space = (uint32_t)span_find(line, ' ');
		struct span version = span_of(line.data, space);
		if (version_is_2(version))
			reason = status_line_parse(msg, space, end);
		else
			reason = version_is_foreign(version) ? REASON_SIP_VERSION :
							       REASON_START_LINE;
	}
	if (msg->request_uri.len == 0) /* else the decoder began with it */
		sip_clear(&msg->uri, sizeof(msg->uri));
	return reason;
}
