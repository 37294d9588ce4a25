/* SPDX-License-Identifier: BSD-3-Clause */
/* Targets as an agent sends them; see rows.h. */
#include "agents/rows.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "balance/interface.h"
#include "config/value.h"

#define PORT_DEFAULT 5060

struct row_reader {
	const struct balance_snapshot *snapshot;
	size_t index;
	char *why;
	size_t size;
};

static bool refuse(const struct row_reader *r, const char *format, ...) PRINTF_LIKE(2, 3);
static bool refuse(const struct row_reader *r, const char *format, ...)
{
	va_list arguments;
	int used = snprintf(r->why, r->size, "target number %zu: ", r->index + 1);

	va_start(arguments, format);
	if (used > 0 && (size_t)used < r->size)
		vsnprintf(r->why + used, r->size - (size_t)used, format, arguments);
	va_end(arguments);
	return false;
}

static bool name_is_valid(const char *name, size_t len)
{
	return len > 0 && len < BALANCE_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       len;
}

static bool take_name(const struct row_reader *r, const json_t *row, struct target_spec *spec)
{
	const json_t *value = json_object_get(row, "name");
	const char *name = json_string_value(value);

	if (!name || !name_is_valid(name, json_string_length(value)))
		return refuse(r, "name is missing or no name; accepted: 1 to %d letters, digits, "
				 "'.', '_', '-'", BALANCE_NAME_MAX - 1);
	snprintf(spec->name, sizeof(spec->name), "%s", name);
	return true;
}

static bool take_uri(const struct row_reader *r, const json_t *row, struct target_spec *spec)
{
	const char *uri = json_string_value(json_object_get(row, "uri"));
	char why[VALUE_WHY_MAX];
	struct span host;
	uint16_t port;

	if (!uri || strlen(uri) >= sizeof(spec->uri))
		return refuse(r, "uri is missing or too long; accepted: sip:ADDRESS:PORT");
	if (!value_split_uri(span_of_string(uri), &host, &port, why))
		return refuse(r, "uri: %s", why);
	if (!ip_address_parse(host, &spec->endpoint.address))
		return refuse(r, "uri: '%.80s' has no address; accepted: sip:ADDRESS:PORT", uri);
	if (ip_address_is_bogus(&spec->endpoint.address))
		return refuse(r, "uri: '%.80s' is unspecified, loopback, multicast or reserved", uri);
	spec->endpoint.port = port ? port : PORT_DEFAULT;
	snprintf(spec->uri, sizeof(spec->uri), "%s", uri);
	if (!r->snapshot)
		return true;
	if (balance_is_own_address(r->snapshot, &spec->endpoint.address))
		return refuse(r, "uri: '%.80s' is Tandem's own address", uri);
	if (balance_egress_find(r->snapshot, &spec->endpoint.address) == BALANCE_NONE)
		return refuse(r, "uri: no interface leads to '%.80s'", uri);
	return true;
}

static bool take_number(const struct row_reader *r, const json_t *row, const char *key,
			uint32_t max, uint32_t absent, uint32_t *number)
{
	const json_t *value = json_object_get(row, key);

	*number = absent;
	if (!value)
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    json_integer_value(value) > (json_int_t)max)
		return refuse(r, "%s is no number; accepted: 0 to %u", key, max);
	*number = (uint32_t)json_integer_value(value);
	return true;
}

static bool take_row(const struct row_reader *r, const json_t *row, struct target_spec *spec)
{
	uint32_t priority, weight;

	if (!json_is_object(row))
		return refuse(r, "is no object; accepted: {name, uri, priority, weight}");
	if (!take_name(r, row, spec) || !take_uri(r, row, spec) ||
	    !take_number(r, row, "priority", UINT16_MAX, 0, &priority) ||
	    !take_number(r, row, "weight", UINT16_MAX, 1, &weight) ||
	    !take_number(r, row, "calls_max", UINT32_MAX, 0, &spec->calls_max) ||
	    !take_number(r, row, "rate_max", UINT32_MAX, 0, &spec->rate_max))
		return false;
	spec->priority = (uint16_t)priority;
	spec->weight = (uint16_t)weight;
	return true;
}

static int compare_names(const void *a, const void *b)
{
	const struct target_spec *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int compare_endpoints(const void *a, const void *b)
{
	const struct target_spec *const *x = a, *const *y = b;

	return memcmp(&(*x)->endpoint, &(*y)->endpoint, sizeof((*x)->endpoint));
}

/* Two of one name would be one target, two of one address would be two for one server. */
static int refuse_twins(const struct target_spec *specs, uint32_t count, char *why, size_t size)
{
	const struct target_spec **order = calloc(count + 1, sizeof(*order));
	int status = 0;

	if (!order)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		order[i] = &specs[i];
	qsort(order, count, sizeof(*order), compare_names);
	for (uint32_t i = 1; i < count && status == 0; i++) {
		if (compare_names(&order[i - 1], &order[i]) != 0)
			continue;
		snprintf(why, size, "two targets have the name '%s'", order[i]->name);
		status = -EINVAL;
	}
	qsort(order, count, sizeof(*order), compare_endpoints);
	for (uint32_t i = 1; i < count && status == 0; i++) {
		if (compare_endpoints(&order[i - 1], &order[i]) != 0)
			continue;
		snprintf(why, size, "targets '%s' and '%s' have one address", order[i - 1]->name,
			 order[i]->name);
		status = -EINVAL;
	}
	free(order);
	return status;
}

int agent_rows_take(const json_t *rows, const struct balance_snapshot *snapshot,
		    struct target_spec **specs, uint32_t *count, char *why, size_t size)
{
	struct row_reader reader = { .snapshot = snapshot, .why = why, .size = size };
	size_t total = json_array_size(rows);
	int status = 0;

	*specs = NULL;
	*count = 0;
	if (total > AGENT_ROWS_MAX) {
		snprintf(why, size, "%zu targets; accepted: at most %d a pool", total, AGENT_ROWS_MAX);
		return -EINVAL;
	}
	struct target_spec *list = calloc(total + 1, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (; reader.index < total && status == 0; reader.index++) {
		if (!take_row(&reader, json_array_get(rows, reader.index), &list[reader.index]))
			status = -EINVAL;
	}
	if (status == 0)
		status = refuse_twins(list, (uint32_t)total, why, size);
	if (status < 0) {
		free(list);
		return status;
	}
	*specs = list;
	*count = (uint32_t)total;
	return 0;
}
