/* SPDX-License-Identifier: BSD-3-Clause */
/* A URI as it may stand in a request line; see request_uri.h. */
#include "sip/request_uri.h"

static void put_params(struct text_writer *w, struct span params, bool strips_maddr)
{
	while (params.len) {
		struct span rest = span_from(params, 1);
		struct span one = span_of(rest.data, span_find(rest, ';'));
		struct span name = span_of(one.data, span_find(one, '='));
		bool is_kept = !span_equal_nocase(name, SPAN("method")) &&
			       !(strips_maddr && span_equal_nocase(name, SPAN("maddr")));
		if (is_kept) {
			text_put_char(w, ';');
			text_put(w, one);
		}
		params = span_from(params, one.len + 1);
	}
}

void sip_request_uri_put(struct text_writer *w, const struct sip_uri *uri, bool strips_maddr,
			 struct span host_port)
{
	if (uri->scheme != SIP_URI_SIP && uri->scheme != SIP_URI_SIPS) {
		text_put(w, uri->all);
		return;
	}
	/* What separates host and port: of an IPv6 reference the brackets belong to the host. */
	size_t host_len = uri->host.len + (uri->host_is_ipv6 ? 2 : 0);

	text_put(w, span_of(uri->all.data, (size_t)(uri->host_port.data - uri->all.data)));
	if (host_port.len)
		text_put(w, host_port);
	else
		text_put(w, strips_maddr ? span_of(uri->host_port.data, host_len) : uri->host_port);
	put_params(w, uri->params, strips_maddr);
}
