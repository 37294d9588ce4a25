/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes, blacklist and slow start: what takes two values to judge. */
#include "config/value.h"

#include "config/model.h"

static void check_probe(const struct config_probe *probe, struct config_report *report)
{
	char interval[VALUE_TEXT_MAX];

	if (!probe->item.at.line || probe->timeout <= probe->interval)
		return;
	value_format_duration(probe->interval, interval);
	config_error(report, CONFIG_AT(SECTION_PROBE, probe, timeout),
		     "timeout: longer than the interval; accepted: at most %s, one probe of a target "
		     "is under way at a time",
		     interval);
}

static void check_blacklist(const struct config_blacklist *blacklist, struct config_report *report)
{
	char max[VALUE_TEXT_MAX];

	if (blacklist->base <= blacklist->max)
		return;
	value_format_duration(blacklist->max, max);
	config_error(report, CONFIG_AT(SECTION_BLACKLIST, blacklist, base),
		     "base: longer than max; accepted: at most %s", max);
}

/* Some service sends there, and none of them goes by what was observed. */
static bool is_stateless(const struct config *config, uint32_t pool)
{
	const struct config_service *services = CONFIG_ITEMS(config_service, config->services);
	bool is_used = false;

	for (uint32_t i = 0; i < config->services.count; i++) {
		if (services[i].pool_index != pool)
			continue;
		if (services[i].mode == MODE_STATEFUL)
			return false;
		is_used = true;
	}
	return is_used;
}

/* As the keyword's default is.  `show config` writes defaults out; they ask for nothing. */
static bool is_default(const struct keyword *keyword, const void *item)
{
	const void *field = (const unsigned char *)item + keyword->offset;
	uint64_t value = 0;
	char why[VALUE_WHY_MAX];

	return (!keyword->unset ||
		value_parse(keyword, span_of_string(keyword->unset), &value, why)) &&
	       memcmp(field, &value, keyword->size) == 0;
}

static bool is_as_without(enum keyword_section section, const void *item)
{
	const struct keyword_table *table = keyword_tables[section];

	for (uint32_t i = 0; i < table->count; i++) {
		if (!is_default(&table->keywords[i], item))
			return false;
	}
	return true;
}

static void check_use(const struct config_pool *pool, struct config_report *report)
{
	const int slow_start = keyword_find(SECTION_POOL, SPAN("slow_start"));

	if (!is_as_without(SECTION_BLACKLIST, &pool->blacklist))
		config_error(report, pool->blacklist.item.at,
			     "blacklist: no service with transactions uses pool \"%s\", and one "
			     "without goes by Call-ID and the operator's wish alone; accepted: no "
			     "\"blacklist\"",
			     pool->name);
	if (!is_default(&keyword_tables[SECTION_POOL]->keywords[slow_start], pool))
		config_error(report, CONFIG_AT(SECTION_POOL, pool, slow_start),
			     "slow_start: no service with transactions uses pool \"%s\", and one "
			     "without goes by Call-ID and the operator's wish alone; accepted: no "
			     "\"slow_start\"",
			     pool->name);
}

void config_check_health(const struct config *config, struct config_report *report)
{
	const struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);

	for (uint32_t i = 0; i < config->pools.count; i++) {
		check_probe(&pools[i].probe, report);
		check_blacklist(&pools[i].blacklist, report);
		if (is_stateless(config, i))
			check_use(&pools[i], report);
	}
}
