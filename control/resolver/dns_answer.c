/* SPDX-License-Identifier: BSD-3-Clause */
/* Replies of name servers; see dns_answer.h. */
#include "resolver/dns_answer.h"

#include <stdlib.h>

#include <ares.h>

#define HEADER_SIZE  12
#define CHAIN_MAX    16 /* CNAMEs in one reply */
#define SECTION_MAX  4096
#define CLASS_IN     1
#define FLAG_AA      0x04 /* of the header's third octet */

enum { TYPE_NS = 2, TYPE_CNAME = 5, TYPE_SOA = 6 };

struct record {
	char owner[DNS_NAME_MAX];
	uint16_t type, class;
	uint32_t ttl_s;
	const unsigned char *data;
	uint16_t size;
};

struct reader {
	const unsigned char *start, *at, *end;
};

struct sections {
	char question[DNS_NAME_MAX];
	uint16_t counts[3]; /* answer, authority, additional */
	const unsigned char *first[3];
	bool is_authoritative;
};

const char *dns_status_text(enum dns_status status)
{
	static const char *const texts[DNS_STATUS_COUNT] = {
		[DNS_OK] = "answered",
		[DNS_NO_NAME] = "no such name (NXDOMAIN)",
		[DNS_NO_DATA] = "no such records (NODATA)",
		[DNS_TIMEOUT] = "no answer in time",
		[DNS_SERVER_FAILED] = "the name server failed (SERVFAIL)",
		[DNS_REFUSED] = "no name server answers the question: refused, or nobody there",
		[DNS_REFERRAL] = "the name server does not resolve, it names other servers",
		[DNS_MALFORMED] = "the answer is malformed",
		[DNS_FAILED] = "not asked: out of memory or stopped",
	};
	return texts[status];
}

const char *dns_type_name(enum dns_type type)
{
	switch (type) {
	case DNS_A:
		return "A";
	case DNS_AAAA:
		return "AAAA";
	case DNS_SRV:
		return "SRV";
	case DNS_NAPTR:
		return "NAPTR";
	}
	return "?";
}

bool dns_name_is_host(const char *name)
{
	if (!*name || *name == '.')
		return false;
	for (const char *c = name; *c; c++) {
		bool is_dot = *c == '.';
		if (is_dot && (c[1] == '.' || c[1] == '\0'))
			return false;
		if (!is_dot && !(*c >= 'a' && *c <= 'z') && !(*c >= '0' && *c <= '9') &&
		    *c != '-' && *c != '_')
			return false;
	}
	return true;
}

static uint16_t u16_at(const unsigned char *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t u32_at(const unsigned char *at)
{
	return (uint32_t)u16_at(at) << 16 | u16_at(at + 2);
}

/* Expands the name at `at`; NULL when it is none, else what follows it. */
static const unsigned char *take_name(const struct reader *reader, const unsigned char *at,
				      char name[DNS_NAME_MAX])
{
	char *expanded;
	long size;

	if (at >= reader->end ||
	    ares_expand_name(at, reader->start, (int)(reader->end - reader->start), &expanded,
			     &size) != ARES_SUCCESS)
		return NULL;
	size_t len = strlen(expanded);
	bool fits = len < DNS_NAME_MAX && size <= reader->end - at;
	if (fits) {
		for (size_t i = 0; i <= len; i++)
			name[i] = char_lower(expanded[i]);
		if (len && name[len - 1] == '.')
			name[len - 1] = '\0';
	}
	ares_free_string(expanded);
	return fits ? at + size : NULL;
}

static bool take_record(struct reader *reader, struct record *record)
{
	const unsigned char *at = take_name(reader, reader->at, record->owner);

	if (!at || reader->end - at < 10)
		return false;
	record->type = u16_at(at);
	record->class = u16_at(at + 2);
	/* RFC 2181 §8: one with the highest bit set is read as zero. */
	record->ttl_s = u32_at(at + 4) > INT32_MAX ? 0 : u32_at(at + 4);
	record->size = u16_at(at + 8);
	record->data = at + 10;
	if (reader->end - record->data < record->size)
		return false;
	reader->at = record->data + record->size;
	return true;
}

/* Where each section begins.  False: the reply is broken before the additional section, which
 * nobody needs. */
static bool find_sections(struct reader *reader, struct sections *sections)
{
	struct record record;
	const unsigned char *at = reader->start;

	if (reader->end - at < HEADER_SIZE || u16_at(at + 4) != 1)
		return false;
	sections->is_authoritative = at[2] & FLAG_AA;
	for (int i = 0; i < 3; i++)
		sections->counts[i] = u16_at(at + 6 + 2 * i);
	at = take_name(reader, at + HEADER_SIZE, sections->question);
	if (!at || reader->end - at < 4)
		return false;
	reader->at = at + 4;
	for (int i = 0; i < 3; i++) {
		sections->first[i] = reader->at;
		if (sections->counts[i] > SECTION_MAX)
			return false;
		for (uint16_t n = 0; n < sections->counts[i]; n++) {
			if (take_record(reader, &record))
				continue;
			if (i < 2)
				return false;
			sections->counts[i] = n;
		}
	}
	return true;
}

static bool name_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static void shorten(uint32_t *ttl_s, uint32_t other)
{
	*ttl_s = MIN(*ttl_s, other);
}

/* Follows the CNAMEs of the answer from the name that was asked for to where they lead. */
static bool follow_aliases(const struct reader *whole, const struct sections *sections,
			   char name[DNS_NAME_MAX], uint32_t *ttl_s)
{
	memcpy(name, sections->question, DNS_NAME_MAX);
	for (int hops = 0; hops < CHAIN_MAX; hops++) {
		struct reader reader = { whole->start, sections->first[0], whole->end };
		struct record record;
		bool moved = false;
		for (uint16_t n = 0; !moved && n < sections->counts[0]; n++) {
			if (!take_record(&reader, &record) || record.class != CLASS_IN ||
			    record.type != TYPE_CNAME || !name_equal(record.owner, name))
				continue;
			moved = take_name(&reader, record.data, name) != NULL;
			if (!moved)
				return false;
			shorten(ttl_s, record.ttl_s);
		}
		if (!moved)
			return true;
	}
	return false;
}

static bool address_of(const struct record *record, struct ip_address *address)
{
	*address = (struct ip_address){ .family = record->type == DNS_A ? IP_V4 : IP_V6 };
	if (record->size != ip_address_size(address))
		return false;
	memcpy(address->bytes, record->data, record->size);
	return true;
}

static bool take_srv(const struct reader *reader, const struct record *record, struct dns_srv *srv)
{
	if (record->size < 7 || !take_name(reader, record->data + 6, srv->host))
		return false;
	srv->priority = u16_at(record->data);
	srv->weight = u16_at(record->data + 2);
	srv->port = u16_at(record->data + 4);
	/* The root says that there is no service (RFC 2782); any other is a host's name. */
	return !srv->host[0] || (dns_name_is_host(srv->host) && srv->port);
}

/* A character string (RFC 1035 §3.3); NULL at the end of the record. */
static const unsigned char *take_string(const unsigned char *at, const unsigned char *end,
					struct span *text)
{
	if (!at || at >= end || end - at < 1 + at[0])
		return NULL;
	*text = span_of(at + 1, at[0]);
	return at + 1 + at[0];
}

/* RFC 3403 §4.1. */
static bool take_naptr(const struct reader *reader, const struct record *record,
		       struct dns_naptr *naptr)
{
	const unsigned char *end = record->data + record->size;
	struct span flags, service, pattern;

	if (record->size < 8)
		return false;
	naptr->order = u16_at(record->data);
	naptr->preference = u16_at(record->data + 2);
	const unsigned char *at = take_string(record->data + 4, end, &flags);
	at = take_string(at, end, &service);
	at = take_string(at, end, &pattern);
	if (!at || at >= end || service.len >= sizeof(naptr->service) ||
	    !take_name(reader, at, naptr->replacement))
		return false;
	naptr->leads_to_srv = span_equal_nocase(flags, SPAN("s")) && pattern.len == 0 &&
			      dns_name_is_host(naptr->replacement);
	memset(naptr->service, 0, sizeof(naptr->service));
	for (size_t i = 0; i < service.len; i++) {
		char c = service.data[i];
		naptr->service[i] = c >= 'a' && c <= 'z' ? (char)(c & ~0x20) : c;
	}
	return true;
}

static bool take_one(struct dns_answer *answer, const struct reader *reader,
		     const struct record *record)
{
	switch (answer->type) {
	case DNS_SRV:
		return take_srv(reader, record, &answer->srvs[answer->count]);
	case DNS_NAPTR:
		return take_naptr(reader, record, &answer->naptrs[answer->count]);
	default:
		memcpy(answer->addresses[answer->count].host, record->owner, DNS_NAME_MAX);
		answer->addresses[answer->count].ttl_s = record->ttl_s;
		return address_of(record, &answer->addresses[answer->count].address);
	}
}

static bool reserve(struct dns_answer *answer, uint16_t records, uint16_t extras)
{
	size_t count = MIN(records, (uint16_t)DNS_RECORDS_MAX) + 1u;

	switch (answer->type) {
	case DNS_SRV:
		answer->srvs = calloc(count, sizeof(*answer->srvs));
		answer->extras = calloc(MIN(extras, (uint16_t)DNS_RECORDS_MAX) + 1u,
					sizeof(*answer->extras));
		return answer->srvs && answer->extras;
	case DNS_NAPTR:
		answer->naptrs = calloc(count, sizeof(*answer->naptrs));
		return answer->naptrs;
	default:
		answer->addresses = calloc(count, sizeof(*answer->addresses));
		return answer->addresses;
	}
}

static void collect_records(struct dns_answer *answer, const struct reader *whole,
			    const struct sections *sections, const char *name)
{
	struct reader reader = { whole->start, sections->first[0], whole->end };
	struct record record;

	for (uint16_t n = 0; n < sections->counts[0]; n++) {
		if (!take_record(&reader, &record) || record.class != CLASS_IN ||
		    record.type != answer->type || !name_equal(record.owner, name))
			continue;
		if (answer->count == DNS_RECORDS_MAX) {
			answer->omitted++;
			continue;
		}
		shorten(&answer->ttl_s, record.ttl_s);
		if (take_one(answer, whole, &record))
			answer->count++;
		else
			answer->unusable++;
	}
}

static void collect_extras(struct dns_answer *answer, const struct reader *whole,
			   const struct sections *sections)
{
	struct reader reader = { whole->start, sections->first[2], whole->end };
	struct record record;

	for (uint16_t n = 0; n < sections->counts[2]; n++) {
		struct dns_address *extra = &answer->extras[answer->extra_count];
		if (!take_record(&reader, &record) || record.class != CLASS_IN ||
		    (record.type != DNS_A && record.type != DNS_AAAA) ||
		    answer->extra_count == DNS_RECORDS_MAX ||
		    !address_of(&record, &extra->address))
			continue;
		memcpy(extra->host, record.owner, DNS_NAME_MAX);
		extra->ttl_s = record.ttl_s;
		answer->extra_count++;
	}
}

/* RFC 2308 §5: the SOA's own TTL or its last field, whichever is less. */
static bool soa_ttl(const struct reader *reader, const struct record *record, uint32_t *ttl_s)
{
	char ignored[DNS_NAME_MAX];
	const unsigned char *end = record->data + record->size;
	const unsigned char *at = take_name(reader, record->data, ignored);

	at = at && at < end ? take_name(reader, at, ignored) : NULL;
	if (!at || end - at != 20)
		return false;
	shorten(ttl_s, MIN(record->ttl_s, u32_at(at + 16)));
	return true;
}

/* Nothing was found: is that the zone's word, the end of the server's knowledge, or a referral? */
static void judge_absence(struct dns_answer *answer, const struct reader *whole,
			  const struct sections *sections, const char *name)
{
	struct reader reader = { whole->start, sections->first[1], whole->end };
	struct record record;
	bool has_soa = false, has_ns = false;
	uint32_t ttl_s = DNS_TTL_UNKNOWN;

	for (uint16_t n = 0; n < sections->counts[1]; n++) {
		if (!take_record(&reader, &record) || record.class != CLASS_IN)
			continue;
		has_soa |= record.type == TYPE_SOA && soa_ttl(whole, &record, &ttl_s);
		has_ns |= record.type == TYPE_NS;
	}
	if (answer->status == DNS_NO_NAME || has_soa || answer->unusable) {
		if (answer->status == DNS_OK)
			answer->status = DNS_NO_DATA;
		shorten(&answer->ttl_s, ttl_s);
		return;
	}
	if (!name_equal(name, sections->question)) {
		answer->status = DNS_OK;
		memcpy(answer->alias, name, DNS_NAME_MAX);
		return;
	}
	answer->status = has_ns && !sections->is_authoritative ? DNS_REFERRAL : DNS_NO_DATA;
}

void dns_answer_fail(struct dns_answer *answer, enum dns_type type, enum dns_status status)
{
	*answer = (struct dns_answer){ .type = type, .status = status, .ttl_s = DNS_TTL_UNKNOWN };
}

void dns_answer_parse(struct dns_answer *answer, enum dns_type type, enum dns_status status,
		      struct span reply)
{
	const unsigned char *start = (const unsigned char *)reply.data;
	struct reader whole = { start, start, start + reply.len };
	struct sections sections = { .counts = { 0 } };
	char name[DNS_NAME_MAX];

	dns_answer_fail(answer, type, status);
	if (!find_sections(&whole, &sections) ||
	    !follow_aliases(&whole, &sections, name, &answer->ttl_s)) {
		answer->status = DNS_MALFORMED;
		return;
	}
	if (!reserve(answer, sections.counts[0], sections.counts[2])) {
		answer->status = DNS_FAILED;
		return;
	}
	if (status != DNS_NO_NAME)
		collect_records(answer, &whole, &sections, name);
	if (answer->count == 0) {
		judge_absence(answer, &whole, &sections, name);
		return;
	}
	answer->status = DNS_OK;
	if (type == DNS_SRV)
		collect_extras(answer, &whole, &sections);
}

void dns_answer_fini(struct dns_answer *answer)
{
	free(answer->srvs);
	free(answer->naptrs);
	free(answer->addresses);
	free(answer->extras);
	answer->srvs = NULL;
	answer->naptrs = NULL;
	answer->addresses = answer->extras = NULL;
	answer->count = answer->extra_count = 0;
}
