/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where is the server of this name?  Lookups by RFC 3263 with a cache, for those that want a next
 * hop; control thread only, never on a worker, nothing blocks.
 *
 *	struct resolver *resolver = resolver_create(loop, &settings, error, sizeof(error));
 *	resolver_lookup(resolver, SPAN("example.com"), 0, found, context, &lookup);
 *	...
 *	found(context, set)                             (later, once)
 *
 * Names come from strangers: what is under way and what is kept is bounded, equal questions are
 * asked once, and failures are not kept, so that one bad moment does not outlast itself.
 */
#ifndef RESOLVER_RESOLVER_H
#define RESOLVER_RESOLVER_H

#include "resolver/locate.h"
#include "resolver/settings.h"

/* After ours: it brings <sys/param.h>, which defines MIN and MAX too. */
#include <uv.h>

#define RESOLVER_LOOKUPS_MAX  1024 /* that wait */
#define RESOLVER_QUESTIONS_MAX 64  /* asked of name servers at a time */

struct resolver;
struct resolver_lookup;

/*
 * `set` is borrowed for the call; set->status says what was found.  Its servers are in the order in
 * which they are to be tried, drawn anew for each lookup (RFC 2782).  Never called from within
 * resolver_lookup.  The lookup is over with it.
 */
typedef void (*resolver_fn)(void *context, const struct server_set *set);

/* NULL with a sentence in error[size]. */
[[nodiscard]] struct resolver *resolver_create(uv_loop_t *loop,
					       const struct resolver_settings *settings,
					       char *error, size_t size);
/* Lookups that wait are dropped without a call.  Its handles close while the loop runs on; it is
 * freed with the last of them.  NULL is allowed. */
void resolver_destroy(struct resolver *resolver);
/* Other settings from now on: what is under way is asked anew, the cache is emptied.  Not from
 * within a resolver_fn.  0, or -errno with a sentence and all is as before. */
[[nodiscard]] int resolver_configure(struct resolver *resolver,
				     const struct resolver_settings *settings, char *error,
				     size_t size);
const struct resolver_settings *resolver_settings(const struct resolver *resolver);

/*
 * The servers of a SIP URI's host part (any case, address or name; port 0: none given), over UDP.
 * 0: `fn` is called later, and *lookup (NULL: not wanted) may be cancelled until then.  -EINVAL:
 * not a host.  -EAGAIN: too many lookups wait.  -ENOMEM.
 */
[[nodiscard]] int resolver_lookup(struct resolver *resolver, struct span host, uint16_t port,
				  resolver_fn fn, void *context, struct resolver_lookup **lookup);
/* The same for any request.  `known` as of locate_create, to live until `fn` is called; with it or
 * with is_srv the cache is neither asked nor filled. */
[[nodiscard]] int resolver_locate(struct resolver *resolver, const struct locate_request *request,
				  const struct server_set *known, resolver_fn fn, void *context,
				  struct resolver_lookup **lookup);
void resolver_cancel(struct resolver_lookup *lookup);

/* Uniform in [0, below), not predictable outside; a server_random_fn, its context is not used. */
uint32_t resolver_random(void *context, uint32_t below);

struct resolver_counters {
	uint64_t lookups, from_cache, questions, failures;
	uint32_t waiting, cached;
};
struct resolver_counters resolver_counters(const struct resolver *resolver);
/* The name servers in use, as text. */
void resolver_servers(const struct resolver *resolver, char *text, size_t size);

#endif
