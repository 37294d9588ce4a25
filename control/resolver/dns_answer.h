/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One reply of a name server (RFC 1035 §4) as records: what was asked for, the addresses that came
 * along in the additional section, and how long all of it may be kept.  Names are expanded by
 * c-ares; its parsers of whole replies give no TTL of SRV and NAPTR records and no additional
 * section, so the records are walked here.  Reads octets of strangers; no socket, no clock.
 */
#ifndef RESOLVER_DNS_ANSWER_H
#define RESOLVER_DNS_ANSWER_H

#include "net/endpoint.h"

#define DNS_NAME_MAX    256  /* NUL included */
#define DNS_RECORDS_MAX 1024 /* of a reply, and as many addresses that came along */

enum dns_type { DNS_A = 1, DNS_AAAA = 28, DNS_SRV = 33, DNS_NAPTR = 35 };

enum dns_status {
	DNS_OK,
	DNS_NO_NAME,       /* NXDOMAIN */
	DNS_NO_DATA,       /* the name has no records of this type */
	/* From here on: nothing is known. */
	DNS_TIMEOUT,
	DNS_SERVER_FAILED, /* SERVFAIL */
	DNS_REFUSED,       /* REFUSED, or nobody serves at that address */
	DNS_REFERRAL,      /* the server names other servers, and does not ask them */
	DNS_MALFORMED,
	DNS_FAILED,        /* on our side */
	DNS_STATUS_COUNT,
};

static inline bool dns_status_is_failure(enum dns_status status)
{
	return status >= DNS_TIMEOUT;
}

/* "no such name (NXDOMAIN)" */
const char *dns_status_text(enum dns_status status);
const char *dns_type_name(enum dns_type type);

#define DNS_TTL_UNKNOWN UINT32_MAX

/* Names are in lower case without the last dot; "" is the root. */
struct dns_srv {
	uint16_t priority, weight, port;
	char host[DNS_NAME_MAX];
};
struct dns_naptr {
	uint16_t order, preference;
	bool leads_to_srv;  /* flag "s", no regular expression */
	char service[32];   /* upper case */
	char replacement[DNS_NAME_MAX];
};
struct dns_address {
	char host[DNS_NAME_MAX];
	uint32_t ttl_s;
	struct ip_address address;
};

struct dns_answer {
	enum dns_type type;
	enum dns_status status;
	uint32_t ttl_s;      /* the least of all that was used; of a negative answer RFC 2308 §5 */
	char alias[DNS_NAME_MAX]; /* OK without records: CNAMEs lead here, and this is to be asked */
	uint32_t count;      /* of the records asked for, in the server's order */
	uint32_t unusable;   /* records that cannot be what they should */
	uint32_t omitted;    /* beyond DNS_RECORDS_MAX */
	struct dns_srv *srvs;
	struct dns_naptr *naptrs;
	struct dns_address *addresses; /* A and AAAA: of the name */
	uint32_t extra_count;          /* SRV: of the additional section */
	struct dns_address *extras;
};

/*
 * `status` is what the header said: OK, NO_NAME or NO_DATA; what the records say may change it.
 * Fills *answer always; dns_answer_fini frees what it owns.
 */
void dns_answer_parse(struct dns_answer *answer, enum dns_type type, enum dns_status status,
		      struct span reply);
/* The same without a reply. */
void dns_answer_fail(struct dns_answer *answer, enum dns_type type, enum dns_status status);
void dns_answer_fini(struct dns_answer *answer);

/* Letters, digits, '-', '_' and dots between them, in lower case. */
[[nodiscard]] bool dns_name_is_host(const char *name);

#endif
