/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One timer changed while tandemd runs, as if the file had said so.
 */
#include <errno.h>

#include "config/model.h"
#include "config/value.h"

static_assert(CONFIG_VALUE_TEXT_MAX == VALUE_TEXT_MAX);

static void put_value(uint64_t us, const struct keyword *keyword, char *text)
{
	if (us)
		value_format_duration(us, text);
	else
		snprintf(text, VALUE_TEXT_MAX, "%s", keyword->unset_means);
}

void config_timer_put_back(struct config *config)
{
	config->timers = config->timers_before;
}

int config_timer_set(struct config *config, const char *name, const char *value,
		     char before[CONFIG_VALUE_TEXT_MAX], char after[CONFIG_VALUE_TEXT_MAX],
		     char *error, size_t size)
{
	struct config_timers *timers = &config->timers;
	struct config_report report = { .file = "" };
	char why[VALUE_WHY_MAX];
	int index = keyword_find(SECTION_TIMERS, span_of_string(name));

	config->timers_before = config->timers;
	if (index < 0) {
		char names[256];
		keyword_list_names(SECTION_TIMERS, names, sizeof(names));
		snprintf(error, size, "there is no timer '%.40s'; accepted: %s", name, names);
		return -ENOENT;
	}
	const struct keyword *keyword = &keyword_tables[SECTION_TIMERS]->keywords[index];
	uint64_t *field = (uint64_t *)(void *)((unsigned char *)timers + keyword->offset);
	put_value(*field, keyword, before);
	if (!value_parse(keyword, span_of_string(value), field, why)) {
		snprintf(error, size, "%s: %s", name, why);
		return -EINVAL;
	}
	timers->item.given |= 1u << index;
	timers->item.field[index] = (struct config_position){ 0 };
	config_check_timers(config, &report);
	if (report.errors.count) {
		config_timer_put_back(config);
		snprintf(error, size, "%s", report.errors.list[0].text);
		return -EINVAL;
	}
	put_value(*field, keyword, after);
	return 0;
}
