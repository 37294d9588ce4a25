/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of an SRV name's answers; see srv_name.h. */
#include "resolver/srv_name.h"

#include <stdio.h>
#include <stdlib.h>

const char *srv_state_name(enum srv_state state)
{
	static const char *const names[] = {
		[SRV_NEW] = "asking", [SRV_DISK] = "disk",       [SRV_FRESH] = "fresh",
		[SRV_STALE] = "stale", [SRV_REFUSED] = "refused", [SRV_EMPTY] = "empty",
	};
	return names[state];
}

const char *srv_age_text(int64_t ms, char text[32])
{
	long long s = MAX(ms, (int64_t)0) / 1000;

	if (s < 120)
		snprintf(text, 32, "%lld s", s);
	else if (s < 2 * 3600)
		snprintf(text, 32, "%lld min", s / 60);
	else if (s < 2 * 86400)
		snprintf(text, 32, "%lld h", s / 3600);
	else
		snprintf(text, 32, "%lld d", s / 86400);
	return text;
}

static uint32_t kept_count(const struct srv_name *srv)
{
	return srv->kept ? srv->kept->count : 0;
}

static const char *plural(uint32_t count)
{
	return count == 1 ? "" : "s";
}

/* "SRV records: no such name (NXDOMAIN)" */
static void describe_failure(const struct server_set *set, char error[SRV_TEXT_MAX])
{
	if (set->status == SERVERS_NONE && set->unreachable)
		snprintf(error, SRV_TEXT_MAX,
			 "no interface leads to any of the %u address%s of its %u SRV record%s",
			 set->unreachable, set->unreachable == 1 ? "" : "es", set->records,
			 plural(set->records));
	else if (set->status == SERVERS_NONE && (set->records || set->unusable))
		snprintf(error, SRV_TEXT_MAX, "none of its SRV records has a host with an address");
	else
		snprintf(error, SRV_TEXT_MAX, "%s: %s",
			 set->asked == DNS_SRV ? "SRV records" : "addresses of its hosts",
			 dns_status_text(set->cause));
}

static void change_init(struct srv_change *change)
{
	*change = (struct srv_change){ .has_targets_changed = false };
}

static void tell(struct srv_change *change, const char *name, const char *text)
{
	change->is_worth_telling = true;
	snprintf(change->text, sizeof(change->text), "%.200s: %.300s", name, text);
}

/* The last good set stays.  Told once for a row of failures. */
static void fail(struct srv_name *srv, const struct server_set *set,
		 const struct resolver_settings *settings, const struct srv_moment *moment,
		 struct srv_change *change)
{
	char text[2 * SRV_TEXT_MAX], age[32];
	uint32_t retry = ttl_retry_ms(++srv->failures, settings, moment->chance), ttl = ttl_of(set, settings);

	describe_failure(set, srv->error);
	/* An authoritative answer says itself how long it holds. */
	srv->next_ms = moment->now_ms + (ttl ? ttl_refresh_ms(ttl, moment->chance) : retry);
	if (kept_count(srv)) {
		srv->state = SRV_STALE;
		snprintf(text, sizeof(text), "%.200s; its %u target%s of %s ago stay%s", srv->error,
			 kept_count(srv), plural(kept_count(srv)),
			 srv_age_text(moment->wall_ms - srv->answered_ms, age),
			 kept_count(srv) == 1 ? "s" : "");
	} else {
		if (set->status == SERVERS_NONE)
			srv->state = SRV_EMPTY;
		snprintf(text, sizeof(text), "%.200s; there is no target", srv->error);
	}
	if (srv->failures == 1)
		tell(change, srv->name, text);
}

static void tell_difference(struct srv_name *srv, bool was_failing, struct srv_change *change)
{
	const struct server_difference *d = &change->difference;
	char text[SRV_TEXT_MAX], before[64] = "";

	if (!change->has_targets_changed && !was_failing)
		return;
	if (was_failing)
		snprintf(before, sizeof(before), "answered again; ");
	snprintf(text, sizeof(text), "%s%u target%s: %u added, %u removed, %u changed", before,
		 kept_count(srv), plural(kept_count(srv)), d->added, d->removed, d->changed);
	tell(change, srv->name, text);
}

/* What does not keep the answer from being used, but should be seen. */
static void note_faults(struct srv_name *srv, const struct server_set *set)
{
	srv->error[0] = '\0';
	if (set->is_partial)
		snprintf(srv->error, sizeof(srv->error),
			 "addresses of some hosts: %s; known ones stay", dns_status_text(set->cause));
	else if (set->omitted)
		snprintf(srv->error, sizeof(srv->error), "%u more than can be kept were left out",
			 set->omitted);
	else if (set->unusable)
		snprintf(srv->error, sizeof(srv->error),
			 "%u of its records or hosts cannot be used", set->unusable);
}

static bool take(struct srv_name *srv, const struct server_set *set,
		 const struct resolver_settings *settings, const struct srv_moment *moment,
		 struct srv_change *change)
{
	struct server_set *copy = server_set_copy(set);
	bool was_failing = srv->failures != 0, is_refused = set->status == SERVERS_REFUSED;
	enum srv_state before = srv->state;

	if (!copy)
		return false;
	change->difference = server_set_difference(srv->kept, copy);
	change->has_targets_changed = change->difference.added || change->difference.removed ||
				      change->difference.changed;
	free(srv->kept);
	srv->kept = copy;
	srv->answered_ms = moment->wall_ms;
	srv->ttl_ms = ttl_of(set, settings);
	srv->answers++;
	srv->failures = 0;
	note_faults(srv, set);
	srv->state = is_refused ? SRV_REFUSED : SRV_FRESH;
	uint32_t wait = ttl_refresh_ms(srv->ttl_ms, moment->chance);
	if (set->is_partial)
		wait = MIN(wait, ttl_retry_ms(4, settings, moment->chance));
	srv->next_ms = moment->now_ms + wait;
	if (is_refused && before != SRV_REFUSED)
		tell(change, srv->name, "its one SRV record has the target \".\": there is no such "
					"service, and no target");
	else if (!is_refused)
		tell_difference(srv, was_failing, change);
	return true;
}

bool srv_name_answer(struct srv_name *srv, const struct server_set *set,
		     const struct resolver_settings *settings, const struct srv_moment *moment,
		     struct srv_change *change)
{
	static const struct server_set nothing = { .status = SERVERS_FAILED, .cause = DNS_FAILED,
						   .asked = DNS_SRV, .ttl_s = DNS_TTL_UNKNOWN };

	change_init(change);
	srv->attempts++;
	srv->unreachable = set->unreachable;
	srv->unusable = set->unusable;
	srv->omitted = set->omitted;
	if (set->status != SERVERS_FOUND && set->status != SERVERS_REFUSED) {
		fail(srv, set, settings, moment, change);
		return true;
	}
	if (take(srv, set, settings, moment, change))
		return true;
	fail(srv, &nothing, settings, moment, change);
	return false;
}

void srv_name_restore(struct srv_name *srv, struct server_set *set, int64_t answered_ms,
		      uint32_t ttl_ms)
{
	free(srv->kept);
	srv->kept = set;
	srv->state = SRV_DISK;
	srv->answered_ms = answered_ms;
	srv->ttl_ms = ttl_ms;
}

void srv_name_fini(struct srv_name *srv)
{
	free(srv->kept);
	srv->kept = NULL;
}
