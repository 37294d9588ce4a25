/* SPDX-License-Identifier: BSD-3-Clause */
/* name-addr and addr-spec (RFC 3261 §20.10, §25.1), and the tags of From and To (§19.3). */
#include "sip/param.h"
#include "sip/parse.h"

/* display-name = *( token LWS ) / quoted-string.  Octets of UTF-8 outside quotes are let pass:
 * they are common and mean nothing to a proxy; other foreign characters must not be forwarded
 * unquoted (RFC 4475 §3.1.2.15). */
static bool display_is_tokens(struct span display)
{
	for (size_t i = 0; i < display.len; i++) {
		if (!sip_char_is(display.data[i], SIP_CHAR_TOKEN | SIP_CHAR_LWS) &&
		    (uint8_t)display.data[i] < 0x80)
			return false;
	}
	return true;
}

/* A parameter of an addr-spec may quote a '<' (RFC 3261 §25.1, gen-value): true when every '<' of
 * the value, of which `open` is the first, stands in one. */
static NO_INLINE bool is_quoted_in_params(const struct sip_window *w, const char *open)
{
	const char *p = sip_window_semicolon(w, w->base);

	if (p >= open)
		return false;
	for (; p < w->end; p++) {
		if (*p == '<')
			return false;
		if (*p != '"')
			continue;
		p = sip_window_quoted(w, p);
		if (!p)
			return false;
		p--; /* the closing quote */
	}
	return true;
}

/* What stands before the '<', or nothing when there is none.  Returns the '<', or p when the
 * value is an addr-spec; NULL when malformed. */
static ALWAYS_INLINE const char *display_parse(const struct sip_window *w,
					       struct sip_name_addr *out)
{
	const char *p = w->base;

	if (*p == '<')
		return p;
	if (*p == '"') {
		const char *close = sip_window_quoted(w, p);
		if (!close)
			return NULL;
		out->display = span_of(p, (size_t)(close - p));
		p = sip_skip_lws(close, w->end);
		return p < w->end && *p == '<' ? p : NULL;
	}
	const char *open = sip_window_open_bracket(w, p);
	if (open == w->end)
		return p;
	struct span display = span_trim(span_of(p, (size_t)(open - p)));
	if (UNLIKELY(!display_is_tokens(display)))
		return is_quoted_in_params(w, open) ? p : NULL;
	out->display = display;
	return open;
}

static ALWAYS_INLINE bool address_parse(const struct sip_window *w, struct sip_name_addr *out)
{
	sip_clear(out, sizeof(*out));
	if (w->base == w->end)
		return false;
	const char *p = display_parse(w, out);
	if (!p)
		return false;
	if (*p == '<') {
		const char *start = ++p;
		p = sip_window_uri(w, p); /* no blank may stand in it */
		if (p == w->end || *p != '>')
			return false;
		out->uri = span_of(start, (size_t)(p - start));
		out->has_brackets = true;
		p++;
	} else {
		const char *start = p;
		p = sip_window_value(w, p);
		out->uri = span_of(start, (size_t)(p - start));
	}
	if (out->uri.len == 0 || sip_window_colon(w, out->uri.data) >= out->uri.data + out->uri.len)
		return false;
	p = sip_skip_lws(p, w->end);
	if (p < w->end && *p != ';')
		return false;
	out->params = span_of(p, (size_t)(w->end - p));
	return true;
}

bool sip_name_addr_parse(struct span value, const char *limit, struct sip_name_addr *out)
{
	value = span_trim(value);
	const struct sip_window w = sip_window_open(value.data, value.data + value.len, limit);

	return address_parse(&w, out);
}

bool sip_tag_parse(struct span value, const char *limit, struct span *tag)
{
	const struct sip_window w = sip_window_open(value.data, value.data + value.len, limit);
	struct sip_name_addr address;

	*tag = SPAN_EMPTY;
	if (!address_parse(&w, &address))
		return false;
	const char *p = address.params.data;
	while (p < w.end) {
		struct span name, text;
		/* *p is the ';'.  Parameters that are nothing to us may be odd, even empty; but
		 * a foreign byte, above all a comma and a second value, is malformed. */
		p = sip_param_read(&w, p + 1, SIP_PARAM_TOKEN, &name, &text);
		if (!p || (p < w.end && *p != ';'))
			return false;
		if (name.len == 3 && sip_word_lower(name.data, 3, limit) ==
					     SIP_WORD8('t', 'a', 'g', 0, 0, 0, 0, 0)) {
			if (tag->len || text.len == 0)
				return false;
			*tag = text;
		}
	}
	return true;
}
