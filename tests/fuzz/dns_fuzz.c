/* SPDX-License-Identifier: BSD-3-Clause */
/* Fuzz target: replies of name servers, by the first octet as answers to each type of question, and
 * what the procedure of RFC 3263 makes of them. */
#include <stdlib.h>

#include "resolver/locate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct dns_answer *answer)
{
	assert(answer->status < DNS_STATUS_COUNT);
	assert(answer->count <= DNS_RECORDS_MAX && answer->extra_count <= DNS_RECORDS_MAX);
	if (answer->status != DNS_OK)
		assert(answer->count == 0 && !answer->alias[0]);
	for (uint32_t i = 0; answer->type == DNS_SRV && i < answer->count; i++)
		assert(!answer->srvs[i].host[0] || dns_name_is_host(answer->srvs[i].host));
}

/* The same reply to every question. */
static void locate_with(const char *data, size_t size)
{
	struct locate_request request;
	struct locate_question question;
	struct dns_answer answer;

	if (!locate_request_init(&request, SPAN("example.com"), 0))
		abort();
	struct locate *locate = locate_create(&request, NULL);
	assert(locate);
	for (int asked = 0; asked < 4 * LOCATE_HOSTS_MAX + 64 && locate_next(locate, &question);
	     asked++) {
		dns_answer_parse(&answer, question.type, DNS_OK, span_of(data, size));
		check(&answer);
		locate_answer(locate, question.id, &answer);
		dns_answer_fini(&answer);
	}
	if (locate_is_done(locate)) {
		struct server_set *set = locate_result(locate);
		assert(set && set->count <= SERVERS_MAX);
		server_set_share_weights(set);
		free(set);
	}
	locate_destroy(locate);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum dns_type types[] = { DNS_A, DNS_AAAA, DNS_SRV, DNS_NAPTR };
	static const enum dns_status statuses[] = { DNS_OK, DNS_NO_NAME, DNS_NO_DATA };
	struct dns_answer answer;

	if (size < 1)
		return 0;
	/* Of its own size, so that a byte too many is seen. */
	char *copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data + 1, size - 1);
	dns_answer_parse(&answer, types[data[0] & 3], statuses[(data[0] >> 2) % 3],
			 span_of(copy, size - 1));
	check(&answer);
	dns_answer_fini(&answer);
	locate_with(copy, size - 1);
	free(copy);
	return 0;
}
