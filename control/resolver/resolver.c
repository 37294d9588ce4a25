/* SPDX-License-Identifier: BSD-3-Clause */
/* Lookups, driven over the DNS client; see resolver.h. */
#include "resolver/resolver.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "resolver/cache.h"
#include "resolver/dns_client.h"
#include "resolver/ttl.h"

/* One procedure of RFC 3263 under way, for all lookups that ask the same. */
struct search {
	struct resolver *resolver;
	struct search *next, **link;
	struct locate_request request;
	struct locate *locate;
	struct question *questions;
	struct resolver_lookup *lookups;
	bool is_shared; /* its result is kept, and other lookups may join */
};

/* A question of a search that a name server was asked. */
struct question {
	struct search *search;
	struct question *next, **link;
	struct dns_query *query;
};

struct resolver_lookup {
	struct resolver *resolver;
	struct resolver_lookup *next, **link; /* of a search, or of `ready` */
	resolver_fn fn;
	void *context;
	struct search *search;  /* NULL: in `ready` */
	struct server_set *set; /* in `ready` */
};

struct resolver {
	uv_loop_t *loop;
	struct resolver_settings settings;
	struct dns_client *client;
	struct search *searches;
	struct resolver_lookup *ready;
	uv_timer_t soon; /* tells those in `ready` */
	uint32_t questions_open;
	bool is_pumping;
	struct resolver_counters counters;
	struct cache cache;
};

#define LIST_PUT(item, list)                                                                       \
	do {                                                                                       \
		(item)->next = *(list);                                                            \
		(item)->link = (list);                                                             \
		if ((item)->next)                                                                  \
			(item)->next->link = &(item)->next;                                        \
		*(list) = (item);                                                                  \
	} while (0)
#define LIST_TAKE(item)                                                                            \
	do {                                                                                       \
		*(item)->link = (item)->next;                                                      \
		if ((item)->next)                                                                  \
			(item)->next->link = (item)->link;                                         \
	} while (0)

uint32_t resolver_random(void *, uint32_t below)
{
	return arc4random_uniform(below);
}

static void resolver_pump(struct resolver *resolver);
static void resolver_soon(uv_timer_t *timer);

/* Ends. */

static void lookup_free(struct resolver_lookup *lookup)
{
	lookup->resolver->counters.waiting--;
	LIST_TAKE(lookup);
	free(lookup->set);
	free(lookup);
}

static void question_free(struct question *question)
{
	question->search->resolver->questions_open--;
	LIST_TAKE(question);
	free(question);
}

static void search_free(struct search *search)
{
	while (search->questions) {
		dns_query_cancel(search->questions->query);
		question_free(search->questions);
	}
	LIST_TAKE(search);
	locate_destroy(search->locate);
	free(search);
}

static void lookup_tell(struct resolver_lookup *lookup, const struct server_set *set)
{
	static const struct server_set nothing = { .status = SERVERS_FAILED, .cause = DNS_FAILED,
						   .ttl_s = DNS_TTL_UNKNOWN };
	struct server_set *copy = set ? server_set_copy(set) : NULL;
	resolver_fn fn = lookup->fn;
	void *context = lookup->context;

	if (copy && !server_set_order(copy, resolver_random, NULL)) {
		free(copy);
		copy = NULL;
	}
	/* Gone before it is told: whoever hears of it may ask again at once. */
	lookup_free(lookup);
	fn(context, copy ? copy : &nothing);
	free(copy);
}

static void search_end(struct search *search)
{
	struct resolver *resolver = search->resolver;
	struct server_set *set = locate_result(search->locate);
	struct resolver_lookup *lookups = search->lookups;

	if (!set || set->status == SERVERS_FAILED)
		resolver->counters.failures++;
	else if (search->is_shared && !set->is_partial)
		cache_put(&resolver->cache, &search->request, set, uv_now(resolver->loop),
			  ttl_of(set, &resolver->settings));
	/* A list of its own: a lookup that is told may cancel others of this search. */
	search->lookups = NULL;
	if (lookups)
		lookups->link = &lookups;
	for (struct resolver_lookup *l = lookups; l; l = l->next)
		l->search = NULL;
	search_free(search);
	while (lookups)
		lookup_tell(lookups, set);
	free(set);
}

static void resolver_tell_ready(struct resolver *resolver)
{
	while (resolver->ready) {
		struct server_set *set = resolver->ready->set;
		resolver->ready->set = NULL;
		lookup_tell(resolver->ready, set);
		free(set);
	}
}

/* Questions. */

static void question_answered(void *context, uint32_t id, const struct dns_answer *answer)
{
	struct question *question = context;
	struct search *search = question->search;
	struct resolver *resolver = search->resolver;

	question_free(question);
	locate_answer(search->locate, id, answer);
	if (locate_is_done(search->locate))
		search_end(search);
	resolver_pump(resolver);
}

/* False: no memory for it; the search has been told so. */
static bool search_ask(struct search *search, const struct locate_question *asked)
{
	struct resolver *resolver = search->resolver;
	struct question *question = calloc(1, sizeof(*question));

	if (question)
		question->query = dns_client_ask(resolver->client, asked->type, asked->name,
						 question_answered, question, asked->id);
	if (!question || !question->query) {
		struct dns_answer answer;
		free(question);
		dns_answer_fail(&answer, asked->type, DNS_FAILED);
		locate_answer(search->locate, asked->id, &answer);
		return false;
	}
	question->search = search;
	LIST_PUT(question, &search->questions);
	resolver->questions_open++;
	resolver->counters.questions++;
	return true;
}

/* Asks as much as may be asked at a time. */
static void resolver_pump(struct resolver *resolver)
{
	struct locate_question question;

	if (resolver->is_pumping)
		return;
	resolver->is_pumping = true;
	for (struct search *search = resolver->searches, *next; search; search = next) {
		next = search->next;
		while (resolver->questions_open < RESOLVER_QUESTIONS_MAX &&
		       locate_next(search->locate, &question))
			(void)search_ask(search, &question);
		if (locate_is_done(search->locate)) {
			search_end(search);
			/* Whoever was told may have changed the list. */
			next = resolver->searches;
		}
	}
	resolver->is_pumping = false;
}

/* Lookups. */

static struct resolver_lookup *lookup_create(struct resolver *resolver, resolver_fn fn,
					     void *context, struct resolver_lookup **list)
{
	struct resolver_lookup *lookup = calloc(1, sizeof(*lookup));

	if (!lookup)
		return NULL;
	lookup->resolver = resolver;
	lookup->fn = fn;
	lookup->context = context;
	LIST_PUT(lookup, list);
	resolver->counters.waiting++;
	resolver->counters.lookups++;
	return lookup;
}

static struct resolver_lookup *lookup_ready(struct resolver *resolver, struct server_set *set,
					    resolver_fn fn, void *context)
{
	struct resolver_lookup *lookup = set ? lookup_create(resolver, fn, context,
							     &resolver->ready) : NULL;

	if (!lookup) {
		free(set);
		return NULL;
	}
	lookup->set = set;
	uv_timer_start(&resolver->soon, resolver_soon, 0, 0);
	return lookup;
}

static bool request_equal(const struct locate_request *a, const struct locate_request *b)
{
	return a->port == b->port && a->transport == b->transport && a->is_sips == b->is_sips &&
	       strcmp(a->name, b->name) == 0;
}

static struct search *search_find(struct resolver *resolver, const struct locate_request *request)
{
	struct search *search = resolver->searches;

	while (search && !(search->is_shared && request_equal(&search->request, request)))
		search = search->next;
	return search;
}

static struct search *search_create(struct resolver *resolver, const struct locate_request *request,
				    const struct server_set *known, bool is_shared)
{
	struct search *search = calloc(1, sizeof(*search));

	if (!search)
		return NULL;
	search->locate = locate_create(request, known);
	if (!search->locate) {
		free(search);
		return NULL;
	}
	search->resolver = resolver;
	search->request = *request;
	search->is_shared = is_shared;
	LIST_PUT(search, &resolver->searches);
	return search;
}

static struct resolver_lookup *lookup_search(struct resolver *resolver,
					     const struct locate_request *request,
					     const struct server_set *known, bool is_shared,
					     resolver_fn fn, void *context)
{
	struct search *search = is_shared ? search_find(resolver, request) : NULL;
	struct resolver_lookup *lookup;

	if (!search)
		search = search_create(resolver, request, known, is_shared);
	if (!search)
		return NULL;
	if (locate_is_done(search->locate)) { /* an address, or nothing that we speak */
		struct server_set *set = locate_result(search->locate);
		search_free(search);
		return lookup_ready(resolver, set, fn, context);
	}
	lookup = lookup_create(resolver, fn, context, &search->lookups);
	if (lookup)
		lookup->search = search;
	else if (!search->lookups)
		search_free(search);
	return lookup;
}

int resolver_locate(struct resolver *resolver, const struct locate_request *request,
		    const struct server_set *known, resolver_fn fn, void *context,
		    struct resolver_lookup **out)
{
	bool is_shared = !known && !request->is_srv;
	const struct server_set *kept = NULL;
	struct resolver_lookup *lookup;

	if (resolver->counters.waiting >= RESOLVER_LOOKUPS_MAX)
		return -EAGAIN;
	if (is_shared)
		kept = cache_find(&resolver->cache, request, uv_now(resolver->loop));
	if (kept) {
		lookup = lookup_ready(resolver, server_set_copy(kept), fn, context);
		resolver->counters.from_cache += lookup != NULL;
	} else {
		lookup = lookup_search(resolver, request, known, is_shared, fn, context);
	}
	if (!lookup)
		return -ENOMEM;
	if (out)
		*out = lookup;
	/* Asking may fail at once, and whoever asked has no lookup in hand yet. */
	if (lookup->search)
		uv_timer_start(&resolver->soon, resolver_soon, 0, 0);
	return 0;
}

int resolver_lookup(struct resolver *resolver, struct span host, uint16_t port, resolver_fn fn,
		    void *context, struct resolver_lookup **lookup)
{
	struct locate_request request;

	if (!locate_request_init(&request, host, port))
		return -EINVAL;
	return resolver_locate(resolver, &request, NULL, fn, context, lookup);
}

void resolver_cancel(struct resolver_lookup *lookup)
{
	struct search *search = lookup->search;

	lookup_free(lookup);
	if (search && !search->lookups)
		search_free(search);
}

/* As a whole. */

static void resolver_soon(uv_timer_t *timer)
{
	resolver_tell_ready(timer->data);
	resolver_pump(timer->data);
}

static void resolver_closed(uv_handle_t *handle)
{
	free(handle->data);
}

struct resolver *resolver_create(uv_loop_t *loop, const struct resolver_settings *settings,
				 char *error, size_t size)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));

	if (!resolver) {
		snprintf(error, size, "out of memory for the resolver");
		return NULL;
	}
	resolver->client = dns_client_create(loop, settings, error, size);
	if (!resolver->client) {
		free(resolver);
		return NULL;
	}
	resolver->loop = loop;
	resolver->settings = *settings;
	arc4random_buf(&resolver->cache.key, sizeof(resolver->cache.key));
	uv_timer_init(loop, &resolver->soon);
	resolver->soon.data = resolver;
	return resolver;
}

void resolver_destroy(struct resolver *resolver)
{
	if (!resolver)
		return;
	while (resolver->ready)
		lookup_free(resolver->ready);
	while (resolver->searches) {
		struct search *search = resolver->searches;
		while (search->lookups)
			lookup_free(search->lookups);
		search_free(search);
	}
	cache_clear(&resolver->cache);
	dns_client_destroy(resolver->client);
	uv_close((uv_handle_t *)&resolver->soon, resolver_closed);
}

int resolver_configure(struct resolver *resolver, const struct resolver_settings *settings,
		       char *error, size_t size)
{
	int status = dns_client_configure(resolver->client, settings, error, size);

	if (status < 0)
		return status;
	resolver->settings = *settings;
	cache_clear(&resolver->cache);
	return 0;
}

const struct resolver_settings *resolver_settings(const struct resolver *resolver)
{
	return &resolver->settings;
}

struct resolver_counters resolver_counters(const struct resolver *resolver)
{
	struct resolver_counters counters = resolver->counters;

	counters.cached = cache_count(&resolver->cache);
	return counters;
}

void resolver_servers(const struct resolver *resolver, char *text, size_t size)
{
	dns_client_servers(resolver->client, text, size);
}
