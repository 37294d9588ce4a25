/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Timers: the values in force of a section, and what goes wrong with those that are shorter than
 * the RFCs ask for.  Nothing shorter is refused but what the RFCs forbid; it is told what it costs.
 */
#include "balance/timers.h"
#include "config/model.h"
#include "config/value.h"

/* A timer in the model and in the snapshot's set. */
struct pair {
	size_t from, to;
};
#define PAIR(member)                                                                               \
	{ offsetof(struct config_timers, member), offsetof(struct balance_timers, member##_ms) }

static const struct pair pairs[] = {
	PAIR(t1),      PAIR(t2),      PAIR(t4),	     PAIR(timer_a), PAIR(timer_b), PAIR(timer_c),
	PAIR(timer_d), PAIR(timer_e), PAIR(timer_f), PAIR(timer_g), PAIR(timer_h), PAIR(timer_i),
	PAIR(timer_j), PAIR(timer_k), PAIR(timer_l), PAIR(timer_m),
};
static_assert(ARRAY_SIZE(pairs) * sizeof(uint32_t) == sizeof(struct balance_timers));

static uint64_t given_us(const struct config_timers *timers, const struct pair *pair)
{
	return *(const uint64_t *)(const void *)((const unsigned char *)timers + pair->from);
}

/* Rounded up: never early. */
static uint32_t to_ms(uint64_t us)
{
	return (uint32_t)((us + 999) / 1000);
}

struct balance_timers config_timers_of(const struct config *config, const struct config_timers *own)
{
	struct balance_timers set = { .t1_ms = 0 };

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		uint64_t us = own ? given_us(own, &pairs[i]) : 0;
		if (us == 0)
			us = given_us(&config->timers, &pairs[i]);
		*(uint32_t *)(void *)((unsigned char *)&set + pairs[i].to) = to_ms(us);
	}
	balance_timers_resolve(&set);
	return set;
}

/* What a timer must not be shorter than, and what happens when it is. */
enum floor { FLOOR_T1, FLOOR_T1_OR_T2, FLOOR_T4, FLOOR_64_T1 };
struct rule {
	const char *keyword;
	struct pair pair;
	enum floor floor;
	const char *harm;
};
#define RULE(member, floor, harm) { #member, PAIR(member), floor, harm }

static const struct rule rules[] = {
	RULE(timer_a, FLOOR_T1,
	     "an INVITE is sent again before its response can have come (RFC 3261 §17.1.1.2)"),
	RULE(timer_b, FLOOR_64_T1,
	     "an INVITE is given up while the target may still answer it, and the next target may "
	     "get the call too (RFC 3261 §17.1.1.2)"),
	RULE(timer_d, FLOOR_64_T1,
	     "a target that repeats its refusal for longer gets no ACK (RFC 3261 §17.1.1.2)"),
	RULE(timer_e, FLOOR_T1_OR_T2,
	     "a request is sent again before its response can have come (RFC 3261 §17.1.2.2)"),
	RULE(timer_f, FLOOR_64_T1,
	     "a request is given up while the target may still answer it (RFC 3261 §17.1.2.2)"),
	RULE(timer_g, FLOOR_T1_OR_T2,
	     "a refusal is sent again before its ACK can have come (RFC 3261 §17.2.1)"),
	RULE(timer_h, FLOOR_64_T1,
	     "a refusal is not repeated any more while the caller still waits for it (RFC 3261 "
	     "§17.2.1)"),
	RULE(timer_i, FLOOR_T4, "late copies of an ACK meet no transaction (RFC 3261 §17.2.1)"),
	RULE(timer_j, FLOOR_64_T1,
	     "a request that the caller repeats later is forwarded a second time (RFC 3261 §17.2.2)"),
	RULE(timer_k, FLOOR_T4,
	     "late copies of a response count as strays (RFC 3261 §17.1.2.2)"),
	RULE(timer_l, FLOOR_64_T1,
	     "an INVITE that the caller repeats later is placed as a second call (RFC 6026 §7.1)"),
	RULE(timer_m, FLOOR_64_T1,
	     "a 2xx that the target repeats later does not reach the caller, who then sends no ACK "
	     "(RFC 6026 §7.2)"),
};

static uint32_t floor_of(const struct balance_timers *set, enum floor floor, const char **name)
{
	switch (floor) {
	case FLOOR_T1:
		*name = "t1";
		return set->t1_ms;
	case FLOOR_T1_OR_T2:
		*name = set->t1_ms < set->t2_ms ? "t1" : "t2";
		return MIN(set->t1_ms, set->t2_ms);
	case FLOOR_T4:
		*name = "t4";
		return set->t4_ms;
	default:
		*name = "64*t1";
		return 64 * set->t1_ms;
	}
}

static bool is_given(enum keyword_section section, const struct config_timers *timers,
		     const char *keyword)
{
	return timers->item.given & 1u << keyword_find(section, span_of_string(keyword));
}

/* Where a section says something about a timer: at its own keyword, or at the T1 or T4 that it is
 * measured by.  False: this section says nothing, so that the fault is another's. */
static bool place_of(enum keyword_section section, const struct config_timers *timers,
		     const char *keyword, enum floor floor, struct config_position *at)
{
	const char *base = floor == FLOOR_T4 ? "t4" : "t1";

	if (!is_given(section, timers, keyword))
		keyword = base;
	if (!is_given(section, timers, keyword))
		return false;
	*at = timers->item.field[keyword_find(section, span_of_string(keyword))];
	return true;
}

/* False: T1 and T2 contradict each other, and the rest means nothing. */
static bool check_base(enum keyword_section section, const struct config_timers *timers,
		       const struct balance_timers *set, struct config_report *report)
{
	const char *keyword = is_given(section, timers, "t2") ? "t2" : "t1";
	struct config_position at;
	char t1[VALUE_TEXT_MAX], t2[VALUE_TEXT_MAX];

	value_format_duration(set->t1_ms * 1000ull, t1);
	value_format_duration(set->t2_ms * 1000ull, t2);
	if (!place_of(section, timers, keyword, FLOOR_T1, &at))
		return true;
	if (set->t2_ms < set->t1_ms) {
		config_error(report, at,
			     "timers: t2 (%s) is shorter than t1 (%s); accepted: t2 of at least t1",
			     t2, t1);
		return false;
	}
	if (is_given(section, timers, "t1") && set->t1_ms < balance_timers_default.t1_ms) {
		(void)place_of(section, timers, "t1", FLOOR_T1, &at);
		config_warn(report, at,
			    "t1: %s is below 500ms; in closed networks alone, where all neighbours "
			    "have the same (RFC 3261 §17.1.1.1, RFC 4321 §1.6)",
			    t1);
	}
	return true;
}

static void check_section(const struct config *config, enum keyword_section section,
			  const struct config_timers *timers, struct config_report *report)
{
	if (timers->item.bad || config->timers.item.bad)
		return;
	const struct balance_timers set =
		config_timers_of(config, section == SECTION_TIMERS ? NULL : timers);
	if (!check_base(section, timers, &set, report))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *rule = &rules[i];
		const char *name;
		char is[VALUE_TEXT_MAX], least[VALUE_TEXT_MAX];
		struct config_position at;
		uint32_t floor = floor_of(&set, rule->floor, &name);
		uint32_t ms = *(const uint32_t *)(const void *)((const unsigned char *)&set +
								rule->pair.to);
		if (ms >= floor || !place_of(section, timers, rule->keyword, rule->floor, &at))
			continue;
		value_format_duration(ms * 1000ull, is);
		value_format_duration(floor * 1000ull, least);
		config_warn(report, at, "%s: %s is shorter than %s (%s): %s", rule->keyword, is, name,
			    least, rule->harm);
	}
}

/* RFC 4321 §1.6: a request to a pool must not take longer than its caller waits. */
static void check_pool_against(const struct config *config, const struct config_service *service,
			       struct config_report *report)
{
	if (service->pool_index >= config->pools.count)
		return;
	const struct config_pool *pool =
		&CONFIG_ITEMS(config_pool, config->pools)[service->pool_index];
	if (pool->timers.item.at.line == 0 || pool->timers.item.bad || service->timers.item.bad)
		return;
	const uint32_t waits = 64 * config_timers_of(config, &service->timers).t1_ms;
	const uint32_t takes = config_timers_of(config, &pool->timers).timer_f_ms;
	char waits_text[VALUE_TEXT_MAX], takes_text[VALUE_TEXT_MAX];

	if (takes <= waits)
		return;
	value_format_duration(waits * 1000ull, waits_text);
	value_format_duration(takes * 1000ull, takes_text);
	config_warn(report, pool->timers.item.at,
		    "timers: a non-INVITE may take %s here, but the callers of service \"%s\" wait "
		    "for 64*t1, %s: later answers are lost unless they have the same timers (RFC "
		    "4321 §1.6)",
		    takes_text, service->name, waits_text);
}

void config_check_timers(const struct config *config, struct config_report *report)
{
	const struct config_service *services = CONFIG_ITEMS(config_service, config->services);
	const struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);

	check_section(config, SECTION_TIMERS, &config->timers, report);
	for (uint32_t i = 0; i < config->services.count; i++)
		check_section(config, SECTION_SERVICE_TIMERS, &services[i].timers, report);
	for (uint32_t i = 0; i < config->pools.count; i++)
		check_section(config, SECTION_POOL_TIMERS, &pools[i].timers, report);
	for (uint32_t i = 0; i < config->services.count; i++)
		check_pool_against(config, &services[i], report);
}
