/* SPDX-License-Identifier: BSD-3-Clause */
/* A member of an answer as text in a cell; see field.h. */
#include "ctl/field.h"

#include <stdio.h>
#include <string.h>

const json_t *field_find(const json_t *object, const char *path)
{
	char key[64];

	for (;;) {
		size_t len = strcspn(path, ".");
		if (len >= sizeof(key))
			return NULL;
		memcpy(key, path, len);
		key[len] = '\0';
		object = json_object_get(object, key);
		if (!path[len])
			return object;
		path += len + 1;
	}
}

static void format_octets(double octets, char text[FIELD_TEXT_MAX])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (octets >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		octets /= 1024;
		unit++;
	}
	snprintf(text, FIELD_TEXT_MAX, unit ? "%.1f %s" : "%.0f %s", octets, units[unit]);
}

static void format_seconds(json_int_t s, char text[FIELD_TEXT_MAX])
{
	char days[32] = "";

	if (s >= 86400)
		snprintf(days, sizeof(days), "%lldd ", (long long)(s / 86400));
	snprintf(text, FIELD_TEXT_MAX, "%s%02d:%02d:%02d", days, (int)(s / 3600 % 24),
		 (int)(s / 60 % 60), (int)(s % 60));
}

static void format_list(const json_t *list, char text[FIELD_TEXT_MAX])
{
	size_t i, at = 0;
	const json_t *item;

	snprintf(text, FIELD_TEXT_MAX, "-");
	json_array_foreach(list, i, item) {
		const char *word = json_string_value(item);
		int len = snprintf(text + at, FIELD_TEXT_MAX - at, "%s%s", i ? "," : "",
				   word ? word : "?");
		at += (size_t)len;
		if (at >= FIELD_TEXT_MAX)
			return;
	}
}

static void format_text(const json_t *value, char text[FIELD_TEXT_MAX])
{
	if (json_is_string(value))
		snprintf(text, FIELD_TEXT_MAX, "%s",
			 json_string_length(value) ? json_string_value(value) : "-");
	else if (json_is_integer(value))
		snprintf(text, FIELD_TEXT_MAX, "%lld", (long long)json_integer_value(value));
}

const char *field_format(const json_t *object, const char *path, enum field_kind kind,
			 char text[FIELD_TEXT_MAX])
{
	const json_t *value = field_find(object, path);

	snprintf(text, FIELD_TEXT_MAX, "-");
	if (!value || json_is_null(value))
		return text;
	switch (kind) {
	case FIELD_TEXT:
		format_text(value, text);
		break;
	case FIELD_COUNT:
		snprintf(text, FIELD_TEXT_MAX, "%lld", (long long)json_integer_value(value));
		break;
	case FIELD_REAL:
		snprintf(text, FIELD_TEXT_MAX, "%.1f", json_number_value(value));
		break;
	case FIELD_US:
		snprintf(text, FIELD_TEXT_MAX, "%.1f", json_number_value(value) / 1000);
		break;
	case FIELD_PERCENT:
		snprintf(text, FIELD_TEXT_MAX, "%.1f%%", json_number_value(value) * 100);
		break;
	case FIELD_OCTETS:
		format_octets(json_number_value(value), text);
		break;
	case FIELD_MS: {
		json_int_t ms = json_integer_value(value);
		int is_whole = ms % 1000 == 0;
		snprintf(text, FIELD_TEXT_MAX, "%lld%s", (long long)(is_whole ? ms / 1000 : ms),
			 is_whole ? "s" : "ms");
		break;
	}
	case FIELD_SECONDS:
		format_seconds(json_integer_value(value), text);
		break;
	case FIELD_YES_NO:
		snprintf(text, FIELD_TEXT_MAX, "%s", json_is_true(value) ? "yes" : "no");
		break;
	case FIELD_LIST:
		format_list(value, text);
		break;
	}
	return text;
}
