/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DNS replies made by hand, octet for octet (RFC 1035 §4.1): for tests of what reads them.
 */
#ifndef UNIT_RESOLVER_REPLY_H
#define UNIT_RESOLVER_REPLY_H

#include "resolver/dns_answer.h"

enum { REPLY_ANSWER = 1, REPLY_AUTHORITY, REPLY_ADDITIONAL };
enum { TYPE_NS = 2, TYPE_CNAME = 5, TYPE_SOA = 6 };

struct reply {
	unsigned char bytes[65536];
	size_t len;
};

static inline void reply_u16(struct reply *reply, unsigned int value)
{
	reply->bytes[reply->len++] = (unsigned char)(value >> 8);
	reply->bytes[reply->len++] = (unsigned char)value;
}

static inline void reply_name(struct reply *reply, const char *name)
{
	while (*name) {
		size_t len = strcspn(name, ".");
		reply->bytes[reply->len++] = (unsigned char)len;
		memcpy(reply->bytes + reply->len, name, len);
		reply->len += len;
		name += len + (name[len] == '.');
	}
	reply->bytes[reply->len++] = 0;
}

static inline void reply_begin(struct reply *reply, enum dns_type type, const char *question)
{
	*reply = (struct reply){ .len = 0 };
	reply_u16(reply, 4711);
	reply_u16(reply, 0x8580); /* QR AA RD RA */
	reply_u16(reply, 1);
	reply->len = 12;
	reply_name(reply, question);
	reply_u16(reply, type);
	reply_u16(reply, 1);
}

static inline void reply_record(struct reply *reply, int section, const char *owner,
				unsigned int type, uint32_t ttl_s, const void *data, size_t size)
{
	unsigned char *count = reply->bytes + 4 + 2 * section;

	count[1]++;
	count[0] = (unsigned char)(count[0] + (count[1] == 0));
	reply_name(reply, owner);
	reply_u16(reply, type);
	reply_u16(reply, 1);
	reply_u16(reply, ttl_s >> 16);
	reply_u16(reply, ttl_s & 0xffff);
	reply_u16(reply, (unsigned int)size);
	memcpy(reply->bytes + reply->len, data, size);
	reply->len += size;
}

static inline void reply_srv(struct reply *reply, const char *owner, uint32_t ttl_s,
			     unsigned int priority, unsigned int weight, unsigned int port,
			     const char *host)
{
	static struct reply data;

	data.len = 0;
	reply_u16(&data, priority);
	reply_u16(&data, weight);
	reply_u16(&data, port);
	reply_name(&data, host);
	reply_record(reply, REPLY_ANSWER, owner, DNS_SRV, ttl_s, data.bytes, data.len);
}

static inline void reply_string(struct reply *reply, const char *text)
{
	size_t len = strlen(text);

	reply->bytes[reply->len++] = (unsigned char)len;
	memcpy(reply->bytes + reply->len, text, len);
	reply->len += len;
}

static inline void reply_naptr(struct reply *reply, const char *owner, uint32_t ttl_s,
			       unsigned int order, unsigned int preference, const char *flags,
			       const char *service, const char *pattern, const char *replacement)
{
	static struct reply data;

	data.len = 0;
	reply_u16(&data, order);
	reply_u16(&data, preference);
	reply_string(&data, flags);
	reply_string(&data, service);
	reply_string(&data, pattern);
	reply_name(&data, replacement);
	reply_record(reply, REPLY_ANSWER, owner, DNS_NAPTR, ttl_s, data.bytes, data.len);
}

/* A or AAAA, as the text is. */
static inline void reply_address(struct reply *reply, int section, const char *owner,
				 uint32_t ttl_s, const char *text)
{
	struct ip_address address;
	bool is_address = ip_address_parse(span_of_string(text), &address);

	assert(is_address);
	(void)is_address;
	reply_record(reply, section, owner, address.family == IP_V4 ? DNS_A : DNS_AAAA, ttl_s,
		     address.bytes, ip_address_size(&address));
}

static inline void reply_cname(struct reply *reply, const char *owner, uint32_t ttl_s,
			       const char *to)
{
	static struct reply data;

	data.len = 0;
	reply_name(&data, to);
	reply_record(reply, REPLY_ANSWER, owner, TYPE_CNAME, ttl_s, data.bytes, data.len);
}

static inline void reply_soa(struct reply *reply, const char *zone, uint32_t ttl_s,
			     uint32_t minimum_s)
{
	static struct reply data;

	data.len = 0;
	reply_name(&data, "ns.example.com");
	reply_name(&data, "hostmaster.example.com");
	for (int i = 0; i < 8; i++)
		reply_u16(&data, 0);
	reply_u16(&data, minimum_s >> 16);
	reply_u16(&data, minimum_s & 0xffff);
	reply_record(reply, REPLY_AUTHORITY, zone, TYPE_SOA, ttl_s, data.bytes, data.len);
}

static inline struct span reply_span(const struct reply *reply)
{
	return span_of(reply->bytes, reply->len);
}

#endif
