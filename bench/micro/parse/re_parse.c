/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libre's parser (baresip's library); see parse_peer.h.
 *
 * Memory: sip_msg_decode allocates the message and its header fields and keeps pointers into the
 * mbuf; mem_deref frees them.  libre receives each datagram into a new mbuf of its own.  Here one
 * mbuf is pointed at the octets instead, so that the library is charged for no buffer and no copy.
 *
 * The message's top Via, From, To and CSeq are decoded by sip_msg_decode, Contact and Route on
 * demand, Max-Forwards and Content-Length are text until they are asked for.  sip_via_decode is
 * not called from here: Tandem has a function of that name, and the linker would take it.  Nor may
 * libre's own call of it lead to ours: the build keeps ours inside the executable, and start looks.
 */
#include "parse_peer.h"

#include <dlfcn.h>
#include <string.h>
#include <strings.h>

#define HAVE_STDBOOL_H 1 /* or re.h makes bool a char */
#include <re.h>

static struct mbuf *buffer;
static struct sip_msg *message;

static struct parse_text text_of(const struct pl *pl)
{
	return (struct parse_text){ pl->p, pl->l };
}

static enum parse_scheme scheme_of(const struct pl *scheme)
{
	if (!pl_isset(scheme))
		return PARSE_SCHEME_NONE;
	if (pl_strcasecmp(scheme, "sip") == 0)
		return PARSE_SIP;
	if (pl_strcasecmp(scheme, "sips") == 0)
		return PARSE_SIPS;
	return pl_strcasecmp(scheme, "tel") == 0 ? PARSE_TEL : PARSE_SCHEME_OTHER;
}

static struct parse_uri uri_of(const struct uri *uri)
{
	return (struct parse_uri){
		.scheme = scheme_of(&uri->scheme),
		.port = uri->port,
		.user = text_of(&uri->user),
		.host = text_of(&uri->host),
	};
}

static struct parse_text via_param(const char *name)
{
	struct pl value = pl_null;

	(void)msg_param_decode(&message->via.params, name, &value);
	return text_of(&value);
}

static void via_take(struct parse_fields *fields)
{
	const struct sip_via *via = &message->via;
	struct pl host = pl_null, port = pl_null, end;
	const char *transport = sip_transp_name(via->tp);

	fields->via_count = sip_msg_hdr_count(message, SIP_HDR_VIA);
	fields->via_transport = (struct parse_text){ transport, PARSE_STRING };
	(void)uri_decode_hostport(&via->sentby, &host, &port);
	fields->via_host = text_of(&host);
	fields->via_port = pl_isset(&port) ? pl_u32(&port) : 0;
	fields->via_branch = text_of(&via->branch);
	fields->via_received = via_param("received");
	fields->via_maddr = via_param("maddr");
	fields->has_rport = msg_param_exists(&via->params, "rport", &end) == 0;
	fields->via_rport = via_param("rport");
}

/* A Via value whose sent-by is ours; decodes only what can be it. */
static bool via_is_own(const struct sip_hdr *header, const struct sip_msg *, void *)
{
	struct pl sent_by, host, port;

	return parse_may_be_own_via(header->val.p, header->val.l) &&
	       re_regex(header->val.p, header->val.l, "[A-Z]+[ \t\r\n]+[^; \t\r\n]+", NULL, NULL,
			&sent_by) == 0 &&
	       uri_decode_hostport(&sent_by, &host, &port) == 0 &&
	       pl_strcmp(&host, PARSE_OWN_HOST) == 0;
}

static void addresses_take(struct parse_fields *fields)
{
	const struct sip_hdr *route = sip_msg_hdr(message, SIP_HDR_ROUTE);
	const struct sip_hdr *contact = sip_msg_hdr(message, SIP_HDR_CONTACT);
	struct sip_addr address;
	struct pl end;

	if (route) {
		fields->has_route = true;
		if (sip_addr_decode(&address, &route->val) == 0) {
			fields->route = uri_of(&address.uri);
			fields->route_has_lr =
				msg_param_exists(&address.uri.params, "lr", &end) == 0;
		}
	}
	if (contact) {
		fields->has_contact = true;
		fields->contact_is_star = pl_strcmp(&contact->val, "*") == 0;
		if (!fields->contact_is_star && sip_addr_decode(&address, &contact->val) == 0)
			fields->contact = uri_of(&address.uri);
	}
}

static void start_line_take(struct parse_fields *fields)
{
	struct pl maddr = pl_null;

	fields->is_request = message->req;
	if (!message->req) {
		fields->status = message->scode;
		fields->reason_phrase = text_of(&message->reason);
		return;
	}
	fields->method = text_of(&message->met);
	fields->request_uri = uri_of(&message->uri);
	(void)msg_param_decode(&message->uri.params, "maddr", &maddr);
	fields->request_maddr = text_of(&maddr);
}

static bool parse(const char *bytes, size_t len, struct parse_fields *fields)
{
	/* Nothing is written through it. */
	buffer->buf = (uint8_t *)(uintptr_t)bytes;
	buffer->size = buffer->end = len;
	buffer->pos = 0;
	if (sip_msg_decode(&message, buffer))
		return false;
	if (!pl_isset(&message->callid) || !pl_isset(&message->cseq.met) ||
	    !pl_isset(&message->from.auri) || !pl_isset(&message->to.auri) ||
	    !pl_isset(&message->via.sentby))
		return false;
	memset(fields, 0, sizeof(*fields));
	start_line_take(fields);
	via_take(fields);
	addresses_take(fields);
	fields->from_tag = text_of(&message->from.tag);
	fields->to_tag = text_of(&message->to.tag);
	fields->call_id = text_of(&message->callid);
	fields->cseq = message->cseq.num;
	fields->cseq_method = text_of(&message->cseq.met);
	fields->max_forwards = pl_isset(&message->maxfwd) ? (int32_t)pl_u32(&message->maxfwd) : -1;
	fields->content_length = pl_isset(&message->clen) ? (int64_t)pl_u32(&message->clen) : -1;
	bool loops =
		message->req && sip_msg_hdr_apply(message, true, SIP_HDR_VIA, via_is_own, NULL);
	fields->check =
		parse_check_of(fields, loops, sip_msg_hdr(message, SIP_HDR_PROXY_REQUIRE) != NULL);
	return true;
}

static void release(void)
{
	message = mem_deref(message);
}

/* Whether what libre calls by a name that Tandem has too is libre's own. */
static bool is_itself(void)
{
	void *theirs = dlsym(RTLD_DEFAULT, "sip_msg_decode");
	void *shared = dlsym(RTLD_DEFAULT, "sip_via_decode");
	Dl_info library, owner;

	return theirs && shared && dladdr(theirs, &library) && dladdr(shared, &owner) &&
	       library.dli_fbase == owner.dli_fbase;
}

static bool start(void)
{
	if (buffer)
		return true;
	if (!is_itself())
		return false;
	buffer = mbuf_alloc(1);
	if (buffer) /* its own octets: others take their place */
		buffer->buf = mem_deref(buffer->buf);
	return buffer != NULL;
}

const struct parse_peer parse_re = { "re", start, parse, release };
