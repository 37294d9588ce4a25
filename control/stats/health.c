/* SPDX-License-Identifier: BSD-3-Clause */
/* What was observed of targets, for `show targets`, and `show blacklist`; see stats.h. */
#include <string.h>

#include "api/json_text.h"
#include "stats/stats.h"
#include "targets/admin.h"

static json_t *seconds(uint64_t us)
{
	return json_integer((json_int_t)(us / 1000000));
}

/* Rounded up: what returns in 0.3 s has not returned. */
static json_t *seconds_until(tick_t at, tick_t now)
{
	if (at == TICK_NEVER)
		return json_null();
	return json_integer((json_int_t)((MAX(at, now) - now + 999999) / 1000000));
}

static json_t *text_or_null(const char *text)
{
	return *text ? json_text(text) : json_null();
}

/* What the latest probe brought; null: none has ended yet. */
static json_t *answer_of(const struct prober *p)
{
	if (!p->last)
		return json_null();
	if (p->last_status)
		return json_sprintf("%u", p->last_status);
	return json_string(p->was_unreachable ? "icmp" : "silence");
}

static json_t *probe_of(const struct health_record *record, tick_t now)
{
	const struct prober *p = &record->prober;

	if (!p->is_on)
		return json_null();
	return json_pack("{s:s, s:o, s:i, s:i, s:o, s:o, s:o, s:I, s:I, s:I}", "state",
			 p->is_down ? "down" : "up", "answer", answer_of(p), "good", (int)p->good, "bad", (int)p->bad,
			 "status", p->last_status ? json_integer(p->last_status) : json_null(),
			 "delay_us", p->last_status ? json_integer(p->last_delay_us) : json_null(),
			 "ago_s", p->last ? seconds(now - p->last) : json_null(), "sent",
			 (json_int_t)p->count, "answered", (json_int_t)p->answered, "unanswered",
			 (json_int_t)p->unanswered);
}

static const char *entry_state_name(enum blacklist_state state)
{
	static const char *const names[] = {
		[BLACKLIST_CLEAR] = "clear",
		[BLACKLIST_LISTED] = "listed",
		[BLACKLIST_HALF_OPEN] = "half-open",
	};
	return names[state];
}

static double share_of(const struct health_record *record)
{
	uint32_t withheld = __atomic_load_n(&record->status->withheld, __ATOMIC_RELAXED);

	return (double)(TARGET_WEIGHT_WHOLE - MIN(withheld, TARGET_WEIGHT_WHOLE)) /
	       TARGET_WEIGHT_WHOLE;
}

/* "slow start", "full", "" */
static const char *load_word(const struct health_record *record, tick_t now)
{
	if (share_is_starting(&record->share, now))
		return share_is_full(&record->share) ? "slow start, full" : "slow start";
	return share_is_full(&record->share) ? "full" : "";
}

json_t *stats_target_observed(const struct control *control, uint64_t id)
{
	const struct health_record *record = health_find(control->health, id);
	tick_t now = dataplane_now(control->dataplane);
	char why[HEALTH_WHY_MAX];

	if (!record)
		return json_null();
	health_why(record, why);
	return json_pack("{s:o, s:o, s:o, s:f, s:s, s:I, s:o, s:s, s:I, s:o}", "why",
			 text_or_null(*why ? why : load_word(record, now)), "since_s",
			 seconds(now - MIN(record->since, now)), "returns_s",
			 seconds_until(health_returns(record), now), "share", share_of(record), "load",
			 load_word(record, now), "first_answer_us",
			 (json_int_t)record->traffic.delay_us, "probe", probe_of(record, now),
			 "blacklist", entry_state_name(record->entry.state), "listed",
			 (json_int_t)record->entry.times, "cause",
			 record->entry.state == BLACKLIST_CLEAR ?
				 json_null() :
				 json_string(blacklist_cause_name(record->entry.cause)));
}

static bool is_wanted(const struct control *control, const struct health_record *record,
		      const struct stats_blacklist_filter *filter)
{
	const char *pool = control->snapshot->pools[record->pool].name;

	if (record->entry.state == BLACKLIST_CLEAR)
		return false;
	if (filter->pool && strcmp(filter->pool, pool) != 0)
		return false;
	if (filter->cause && strcmp(filter->cause, blacklist_cause_name(record->entry.cause)) != 0)
		return false;
	return !filter->target || strcmp(filter->target, record->target->name) == 0;
}

static json_t *entry_row(const struct control *control, const struct health_record *record,
			 tick_t now)
{
	const struct blacklist_entry *entry = &record->entry;

	return json_pack("{s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:I, s:I, s:s}", "pool",
			 json_text(control->snapshot->pools[record->pool].name), "target",
			 json_text(record->target->name), "state", entry_state_name(entry->state),
			 "cause", blacklist_cause_name(entry->cause), "reason",
			 json_text(entry->reason), "since_s", seconds(now - MIN(entry->since, now)),
			 "returns_s",
			 entry->state == BLACKLIST_LISTED ? seconds_until(entry->until, now) :
							    json_null(),
			 "in_a_row", (json_int_t)entry->row, "listed", (json_int_t)entry->times,
			 "admin", target_admin_name(target_admin_read(record->target)));
}

json_t *stats_show_blacklist(const struct control *control,
			     const struct stats_blacklist_filter *filter)
{
	const struct balance_snapshot *snapshot = control->snapshot;
	tick_t now = dataplane_now(control->dataplane);
	json_t *rows = json_array();

	for (uint32_t i = 0; i < snapshot->target_count; i++) {
		const struct health_record *record =
			health_find(control->health, snapshot->targets[i].id);
		if (record && record->target && is_wanted(control, record, filter))
			json_array_append_new(rows, entry_row(control, record, now));
	}
	return json_pack("{s:o}", "blacklist", rows);
}
