/* SPDX-License-Identifier: BSD-3-Clause */
/* Locating servers; see locate.h. */
#include "resolver/locate.h"

#include <stdio.h>
#include <stdlib.h>

#define ID_NAPTR 1
#define ID_SRV   2
#define ID_HOSTS 16 /* and two for each host: IPv6, IPv4 */

enum stage { STAGE_NAPTR, STAGE_SRV, STAGE_HOSTS, STAGE_DONE };

enum { FAMILY_V6, FAMILY_V4, FAMILIES };
static const enum dns_type family_types[FAMILIES] = { DNS_AAAA, DNS_A };
static const uint8_t family_numbers[FAMILIES] = { IP_V6, IP_V4 };

/* What is known of a host's addresses of one family. */
struct family {
	bool is_asked, is_answered;
	uint8_t aliases; /* CNAMEs followed */
	enum dns_status status;
	uint32_t count;
	struct ip_address *addresses;
	char name[DNS_NAME_MAX]; /* to ask for: the host, or what its CNAMEs lead to */
};

struct host {
	char name[DNS_NAME_MAX];
	struct family families[FAMILIES];
};

struct locate {
	struct locate_request request;
	const struct server_set *known;
	enum stage stage;
	bool is_asked;               /* the question of this stage, NAPTR or SRV */
	char name[DNS_NAME_MAX];     /* that it is about */
	uint8_t aliases;
	uint32_t candidate_count, candidate; /* names of SRV records, in order of preference */
	char candidates[LOCATE_NAPTRS_MAX][DNS_NAME_MAX];
	bool is_fallback;            /* the hosts are the name itself */
	uint32_t srv_count, host_count, hosts_open;
	struct dns_srv *srvs;
	struct host *hosts;
	uint32_t ttl_s, absent_ttl_s; /* the least of what was found, and of what was not */
	uint32_t unusable, omitted;
	struct ip_address literal;   /* family IP_NONE: the name is none */
	enum servers_status status;  /* when it is over without hosts */
	enum dns_status cause;
	enum dns_type asked;
	bool out_of_memory;
};

bool locate_request_init(struct locate_request *request, struct span host, uint16_t port)
{
	struct ip_address address;

	*request = (struct locate_request){ .port = port };
	if (host.len && host.data[host.len - 1] == '.')
		host.len--;
	if (host.len == 0 || host.len > 253)
		return false;
	for (size_t i = 0; i < host.len; i++)
		request->name[i] = char_lower(host.data[i]);
	return ip_address_parse(host, &address) || dns_name_is_host(request->name);
}

static void finish(struct locate *locate, enum servers_status status, enum dns_status cause,
		   enum dns_type asked)
{
	locate->stage = STAGE_DONE;
	locate->status = status;
	locate->cause = cause;
	locate->asked = asked;
}

/* What is not there does not make shorter what is: hosts rarely have both families. */
static void shorten(struct locate *locate, const struct dns_answer *answer)
{
	uint32_t *ttl_s = answer->status == DNS_OK ? &locate->ttl_s : &locate->absent_ttl_s;

	*ttl_s = MIN(*ttl_s, answer->ttl_s);
}

static void ask(struct locate *locate, enum stage stage, const char *name)
{
	locate->stage = stage;
	locate->is_asked = false;
	locate->aliases = 0;
	memmove(locate->name, name, strlen(name) + 1);
}

static void add_host(struct locate *locate, const char *name)
{
	struct host *host = &locate->hosts[locate->host_count++];

	strcpy(host->name, name);
	for (int f = 0; f < FAMILIES; f++)
		strcpy(host->families[f].name, name);
}

/* The addresses of the name itself (RFC 3263 §4.2). */
static void ask_for_addresses(struct locate *locate)
{
	locate->hosts = calloc(1, sizeof(*locate->hosts));
	if (!locate->hosts) {
		locate->out_of_memory = true;
		finish(locate, SERVERS_FAILED, DNS_FAILED, DNS_A);
		return;
	}
	add_host(locate, locate->request.name);
	locate->is_fallback = true;
	locate->stage = STAGE_HOSTS;
	locate->hosts_open = FAMILIES;
}

static void ask_for_srv(struct locate *locate)
{
	ask(locate, STAGE_SRV, locate->candidates[locate->candidate]);
}

static void use_default_srv(struct locate *locate)
{
	locate->candidate_count = 1;
	snprintf(locate->candidates[0], DNS_NAME_MAX, "_sip._udp.%.240s", locate->request.name);
	ask_for_srv(locate);
}

static void begin(struct locate *locate)
{
	const struct locate_request *request = &locate->request;

	/* RFC 3263 §4.1: a transport that is asked for; sips means TLS.  UDP is all there is. */
	if (request->is_sips || request->transport == LOCATE_OTHER)
		finish(locate, SERVERS_UNSUPPORTED, DNS_OK, DNS_NAPTR);
	else if (ip_address_parse(span_of_string(request->name), &locate->literal))
		finish(locate, SERVERS_FOUND, DNS_OK, DNS_A);
	else if (request->is_srv)
		ask(locate, STAGE_SRV, request->name);
	else if (request->port)
		ask_for_addresses(locate);
	else if (request->transport == LOCATE_UDP)
		use_default_srv(locate);
	else
		ask(locate, STAGE_NAPTR, request->name);
}

struct locate *locate_create(const struct locate_request *request, const struct server_set *known)
{
	struct locate *locate = calloc(1, sizeof(*locate));

	if (!locate)
		return NULL;
	locate->request = *request;
	locate->known = known;
	locate->ttl_s = locate->absent_ttl_s = DNS_TTL_UNKNOWN;
	begin(locate);
	return locate;
}

void locate_destroy(struct locate *locate)
{
	if (!locate)
		return;
	for (uint32_t i = 0; i < locate->host_count; i++) {
		for (int f = 0; f < FAMILIES; f++)
			free(locate->hosts[i].families[f].addresses);
	}
	free(locate->hosts);
	free(locate->srvs);
	free(locate);
}

bool locate_is_done(const struct locate *locate)
{
	return locate->stage == STAGE_DONE;
}

bool locate_next(struct locate *locate, struct locate_question *question)
{
	if (locate->stage == STAGE_NAPTR || locate->stage == STAGE_SRV) {
		bool is_srv = locate->stage == STAGE_SRV;
		if (locate->is_asked)
			return false;
		locate->is_asked = true;
		question->id = is_srv ? ID_SRV : ID_NAPTR;
		question->type = is_srv ? DNS_SRV : DNS_NAPTR;
		strcpy(question->name, locate->name);
		return true;
	}
	if (locate->stage != STAGE_HOSTS)
		return false;
	for (uint32_t i = 0; i < FAMILIES * locate->host_count; i++) {
		struct family *family = &locate->hosts[i / FAMILIES].families[i % FAMILIES];
		if (family->is_asked)
			continue;
		family->is_asked = true;
		question->id = ID_HOSTS + i;
		question->type = family_types[i % FAMILIES];
		strcpy(question->name, family->name);
		return true;
	}
	return false;
}

/* A CNAME that led out of the reply: the same is asked of where it leads. */
static bool follow_alias(struct locate *locate, const struct dns_answer *answer)
{
	if (answer->status != DNS_OK || !answer->alias[0])
		return false;
	shorten(locate, answer);
	if (++locate->aliases > LOCATE_ALIASES_MAX) {
		finish(locate, SERVERS_FAILED, DNS_MALFORMED, answer->type);
		return true;
	}
	strcpy(locate->name, answer->alias);
	locate->is_asked = false;
	return true;
}

static bool naptr_is_before(const struct dns_naptr *a, const struct dns_naptr *b)
{
	return a->order != b->order ? a->order < b->order : a->preference < b->preference;
}

/* RFC 3263 §4.1: services other than those that are spoken here are discarded. */
static bool naptr_is_usable(const struct dns_naptr *naptr)
{
	return naptr->leads_to_srv && strcmp(naptr->service, "SIP+D2U") == 0;
}

static void answer_naptr(struct locate *locate, const struct dns_answer *answer)
{
	const struct dns_naptr *last = NULL;

	if (follow_alias(locate, answer))
		return;
	shorten(locate, answer);
	/* The best, then the best of those behind it, and so on. */
	while (locate->candidate_count < LOCATE_NAPTRS_MAX) {
		const struct dns_naptr *best = NULL;
		for (uint32_t i = 0; i < answer->count; i++) {
			const struct dns_naptr *naptr = &answer->naptrs[i];
			if (naptr_is_usable(naptr) && (!last || naptr_is_before(last, naptr)) &&
			    (!best || naptr_is_before(naptr, best)))
				best = naptr;
		}
		if (!best)
			break;
		strcpy(locate->candidates[locate->candidate_count++], best->replacement);
		last = best;
	}
	if (locate->candidate_count)
		ask_for_srv(locate);
	else
		use_default_srv(locate);
}

/* No SRV records: the next replacement, then the addresses of the name. */
static void pass_over_srv(struct locate *locate, const struct dns_answer *answer)
{
	shorten(locate, answer);
	locate->unusable += answer->unusable;
	if (locate->request.is_srv)
		finish(locate, SERVERS_NONE, answer->unusable ? DNS_OK : answer->status, DNS_SRV);
	else if (++locate->candidate < locate->candidate_count)
		ask_for_srv(locate);
	else
		ask_for_addresses(locate);
}

static struct host *find_host(struct locate *locate, const char *name)
{
	for (uint32_t i = 0; i < locate->host_count; i++) {
		if (strcmp(locate->hosts[i].name, name) == 0)
			return &locate->hosts[i];
	}
	return NULL;
}

/* Some servers repeat a host's addresses for each record that names it. */
static bool has_address(const struct family *family, const struct ip_address *address)
{
	for (uint32_t i = 0; i < family->count; i++) {
		if (ip_address_equal(&family->addresses[i], address))
			return true;
	}
	return false;
}

/* Addresses that came with the SRV records need no question (RFC 2782). */
static void take_extras(struct locate *locate, const struct dns_answer *answer)
{
	for (uint32_t i = 0; i < answer->extra_count; i++) {
		const struct dns_address *extra = &answer->extras[i];
		struct host *host = find_host(locate, extra->host);
		if (!host)
			continue;
		struct family *family =
			&host->families[extra->address.family == IP_V6 ? FAMILY_V6 : FAMILY_V4];
		if (has_address(family, &extra->address))
			continue;
		struct ip_address *more = realloc(family->addresses,
						  (family->count + 1) * sizeof(*more));
		if (!more) {
			locate->out_of_memory = true;
			return;
		}
		family->addresses = more;
		family->addresses[family->count++] = extra->address;
		family->is_asked = family->is_answered = true;
		family->status = DNS_OK;
		locate->ttl_s = MIN(locate->ttl_s, extra->ttl_s);
	}
}

static int srv_compare(const void *left, const void *right)
{
	const struct dns_srv *a = left, *b = right;

	if (a->priority != b->priority)
		return (int)a->priority - (int)b->priority;
	int order = strcmp(a->host, b->host);
	return order ? order : (int)a->port - (int)b->port;
}

/* The most preferred records stay when there are too many hosts. */
static void list_hosts(struct locate *locate)
{
	uint32_t kept = 0;

	qsort(locate->srvs, locate->srv_count, sizeof(locate->srvs[0]), srv_compare);
	for (uint32_t i = 0; i < locate->srv_count; i++) {
		/* "." beside others says nothing. */
		if (!locate->srvs[i].host[0]) {
			locate->unusable++;
			continue;
		}
		if (!find_host(locate, locate->srvs[i].host)) {
			if (locate->host_count == LOCATE_HOSTS_MAX) {
				locate->omitted++;
				continue;
			}
			add_host(locate, locate->srvs[i].host);
		}
		locate->srvs[kept++] = locate->srvs[i];
	}
	locate->srv_count = kept;
}

static void count_open(struct locate *locate)
{
	locate->hosts_open = 0;
	for (uint32_t i = 0; i < FAMILIES * locate->host_count; i++)
		locate->hosts_open +=
			!locate->hosts[i / FAMILIES].families[i % FAMILIES].is_answered;
	if (locate->hosts_open == 0)
		finish(locate, SERVERS_FOUND, DNS_OK, DNS_SRV);
}

static void answer_srv(struct locate *locate, const struct dns_answer *answer)
{
	if (follow_alias(locate, answer))
		return;
	if (dns_status_is_failure(answer->status)) {
		finish(locate, SERVERS_FAILED, answer->status, DNS_SRV);
		return;
	}
	if (answer->count == 0) {
		pass_over_srv(locate, answer);
		return;
	}
	shorten(locate, answer);
	locate->unusable += answer->unusable;
	locate->omitted += answer->omitted;
	/* RFC 2782: the service is decidedly not available at this domain. */
	if (answer->count == 1 && !answer->srvs[0].host[0] && answer->unusable == 0) {
		finish(locate, SERVERS_REFUSED, DNS_OK, DNS_SRV);
		return;
	}
	locate->srvs = calloc(answer->count, sizeof(*locate->srvs));
	locate->hosts = calloc(MIN(answer->count, (uint32_t)LOCATE_HOSTS_MAX),
			       sizeof(*locate->hosts));
	if (!locate->srvs || !locate->hosts) {
		locate->out_of_memory = true;
		finish(locate, SERVERS_FAILED, DNS_FAILED, DNS_SRV);
		return;
	}
	memcpy(locate->srvs, answer->srvs, answer->count * sizeof(*locate->srvs));
	locate->srv_count = answer->count;
	list_hosts(locate);
	take_extras(locate, answer);
	locate->stage = STAGE_HOSTS;
	count_open(locate);
}

static void keep_addresses(struct locate *locate, struct family *family,
			   const struct dns_answer *answer)
{
	family->addresses = calloc(answer->count, sizeof(*family->addresses));
	if (!family->addresses) {
		locate->out_of_memory = true;
		return;
	}
	for (uint32_t i = 0; i < answer->count; i++)
		family->addresses[i] = answer->addresses[i].address;
	family->count = answer->count;
}

static void answer_host(struct locate *locate, struct family *family,
			const struct dns_answer *answer)
{
	shorten(locate, answer);
	family->status = answer->status;
	if (answer->status == DNS_OK && answer->alias[0]) {
		if (++family->aliases <= LOCATE_ALIASES_MAX) {
			strcpy(family->name, answer->alias);
			family->is_asked = false;
			return;
		}
		family->status = DNS_MALFORMED;
	} else if (answer->count) {
		keep_addresses(locate, family, answer);
	}
	family->is_answered = true;
	if (--locate->hosts_open == 0)
		finish(locate, SERVERS_FOUND, DNS_OK, DNS_A);
}

void locate_answer(struct locate *locate, uint32_t id, const struct dns_answer *answer)
{
	if (locate->stage == STAGE_NAPTR && id == ID_NAPTR) {
		answer_naptr(locate, answer);
	} else if (locate->stage == STAGE_SRV && id == ID_SRV) {
		answer_srv(locate, answer);
	} else if (locate->stage == STAGE_HOSTS && id >= ID_HOSTS &&
		   id - ID_HOSTS < FAMILIES * locate->host_count) {
		uint32_t i = id - ID_HOSTS;
		struct family *family = &locate->hosts[i / FAMILIES].families[i % FAMILIES];
		if (family->is_asked && !family->is_answered)
			answer_host(locate, family, answer);
	}
}

static uint16_t default_port(const struct locate_request *request)
{
	return request->port ? request->port : LOCATE_DEFAULT_PORT;
}

static void add_server(struct server_set *set, const char *host, const struct dns_srv *srv,
		       const struct ip_address *address, uint32_t room)
{
	if (set->count == room) {
		set->omitted++;
		return;
	}
	struct server *server = &set->servers[set->count++];
	strcpy(server->host, host);
	server->priority = srv->priority;
	server->weight = srv->weight;
	server->endpoint = (struct endpoint){ .address = *address, .port = srv->port };
}

/* Addresses that were known before stand in for those that could not be asked for. */
static uint32_t add_known(const struct locate *locate, struct server_set *set,
			  const struct host *host, int f, const struct dns_srv *srv, uint32_t room)
{
	uint32_t added = 0, known = locate->known ? locate->known->count : 0;

	for (uint32_t i = 0; i < known; i++) {
		const struct server *server = &locate->known->servers[i];
		if (server->endpoint.address.family != family_numbers[f] ||
		    strcmp(server->host, host->name) != 0)
			continue;
		add_server(set, host->name, srv, &server->endpoint.address, room);
		added++;
	}
	return added;
}

/* False: none of the host's addresses is known, and none may be said not to exist. */
static bool add_host_servers(const struct locate *locate, struct server_set *set,
			     const struct host *host, const struct dns_srv *srv, uint32_t room,
			     enum dns_status *cause)
{
	uint32_t added = 0;
	bool has_failed = false;

	for (int f = 0; f < FAMILIES; f++) {
		const struct family *family = &host->families[f];
		for (uint32_t i = 0; i < family->count; i++, added++)
			add_server(set, host->name, srv, &family->addresses[i], room);
		if (!dns_status_is_failure(family->status))
			continue;
		set->is_partial = has_failed = true;
		*cause = family->status;
		added += add_known(locate, set, host, f, srv, room);
	}
	if (added == 0 && !has_failed) {
		set->unusable++;
		*cause = host->families[FAMILY_V4].status;
	}
	return added || !has_failed;
}

static void add_servers(const struct locate *locate, struct server_set *set, uint32_t room)
{
	const struct dns_srv alone = { .port = default_port(&locate->request) };
	bool all_known = true;

	if (locate->is_fallback)
		all_known = add_host_servers(locate, set, &locate->hosts[0], &alone, room,
					     &set->cause);
	for (uint32_t i = 0; i < locate->srv_count; i++) {
		const struct dns_srv *srv = &locate->srvs[i];
		for (uint32_t h = 0; h < locate->host_count; h++) {
			const struct host *host = &locate->hosts[h];
			if (strcmp(host->name, srv->host) == 0)
				all_known &= add_host_servers(locate, set, host, srv, room,
							      &set->cause);
		}
	}
	set->asked = DNS_A;
	if (set->count == 0)
		set->status = all_known ? SERVERS_NONE : SERVERS_FAILED;
}

struct server_set *locate_result(const struct locate *locate)
{
	uint32_t room = SERVERS_MAX;

	if (locate->out_of_memory)
		return NULL;
	if (locate->host_count == 0)
		room = 1;
	struct server_set *set = server_set_create(room);
	if (!set)
		return NULL;
	set->status = locate->status;
	set->cause = locate->cause;
	set->asked = locate->asked;
	set->ttl_s = locate->ttl_s;
	set->records = locate->srv_count;
	set->unusable = locate->unusable;
	set->omitted = locate->omitted;
	if (locate->status == SERVERS_FOUND && locate->literal.family != IP_NONE) {
		const struct dns_srv alone = { .port = default_port(&locate->request) };
		char text[ENDPOINT_TEXT_MAX];
		add_server(set, ip_address_to_string(&locate->literal, text), &alone,
			   &locate->literal, room);
	} else if (locate->status == SERVERS_FOUND) {
		add_servers(locate, set, room);
	}
	if (set->status == SERVERS_NONE)
		set->ttl_s = MIN(locate->ttl_s, locate->absent_ttl_s);
	if (locate->srv_count && set->count)
		server_set_unify(set);
	struct server_set *fitting = realloc(set, sizeof(*set) + set->count * sizeof(set->servers[0]));
	return fitting ? fitting : set;
}
