/* SPDX-License-Identifier: BSD-3-Clause */
/* See option_values.h. */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "generator/option_values.h"

bool option_wrong(char *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, OPTIONS_ERROR_MAX, format, arguments);
	va_end(arguments);
	return false;
}

bool option_number(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *out,
		   char *error)
{
	uint64_t value;

	if (text_parse_u64(span_of_string(text), max, &value) && value >= min) {
		*out = value;
		return true;
	}
	return option_wrong(error, "%s: '%.40s' is no whole number from %llu to %llu", name, text,
			    (unsigned long long)min, (unsigned long long)max);
}

bool option_number_u32(const char *name, const char *text, uint32_t min, uint32_t max,
		       uint32_t *out, char *error)
{
	uint64_t value;

	if (!option_number(name, text, min, max, &value, error))
		return false;
	*out = (uint32_t)value;
	return true;
}

bool option_decimal(const char *name, const char *text, double max, double *out, char *error)
{
	char *end;
	double value = strtod(text, &end);

	if (end != text && *end == '\0' && isfinite(value) && value > 0 && value <= max) {
		*out = value;
		return true;
	}
	return option_wrong(error, "%s: '%.40s' is no number above 0 and up to %.0f", name, text,
			    max);
}

bool option_choice(const char *name, const char *text, const char *const *names, uint8_t count,
		   uint8_t *out, char *error)
{
	char accepted[96] = "";

	for (uint8_t i = 0; i < count; i++) {
		if (strcmp(text, names[i]) == 0) {
			*out = i;
			return true;
		}
		snprintf(accepted + strlen(accepted), sizeof(accepted) - strlen(accepted), "%s%s",
			 i ? ", " : "", names[i]);
	}
	return option_wrong(error, "%s: '%.40s' is not known; accepted: %s", name, text, accepted);
}

bool option_mix(const char *name, const char *text, struct traffic_mix *out, char *error)
{
	const char *why = NULL;

	return traffic_mix_parse(span_of_string(text), out, &why) ||
	       option_wrong(error, "%s: '%.80s': %s", name, text, why);
}

/* The part of `text` up to the comma, which *text is moved behind; false at the end. */
static bool next_part(const char **text, struct span *part)
{
	if (!*text)
		return false;
	const char *comma = strchr(*text, ',');
	*part = span_of(*text, comma ? (size_t)(comma - *text) : strlen(*text));
	*text = comma ? comma + 1 : NULL;
	return true;
}

/* An IPv6 address alone needs no brackets. */
static bool station_parse(struct span text, uint16_t port, struct endpoint *out)
{
	struct ip_address address;

	if (ip_address_parse(text, &address))
		*out = (struct endpoint){ .address = address, .port = port };
	else if (!endpoint_parse(text, port, out))
		return false;
	return out->port && !ip_address_is_bogus(&out->address);
}

/* "ADDR:FIRST-LAST" is so many endpoints; without a dash it is one. */
static bool endpoint_range(struct span part, uint16_t port, struct endpoint *first, uint16_t *last)
{
	struct span end;
	size_t dash = span_find(part, '-');
	uint64_t number_of;

	if (!station_parse(span_of(part.data, dash), port, first))
		return false;
	*last = first->port;
	if (dash == part.len)
		return true;
	end = span_from(part, dash + 1);
	/* "192.0.2.1-9" has a dash and no port. */
	if (memchr(part.data, ':', dash) == NULL || !text_parse_u64(end, 65535, &number_of) ||
	    number_of < first->port)
		return false;
	*last = (uint16_t)number_of;
	return true;
}

bool option_endpoints(const char *name, const char *text, uint16_t port, uint32_t max,
		      struct endpoint *out, uint16_t *count, char *error)
{
	struct endpoint first;
	struct span part;
	uint16_t last;

	*count = 0;
	while (next_part(&text, &part)) {
		if (!endpoint_range(part, port, &first, &last))
			return option_wrong(
				error,
				"%s: '%.*s' is no address of a station with a port or a "
				"range of ports (192.0.2.50:5060, [2001:db8::50]:5060-5079)",
				name, (int)MIN(part.len, 60u), part.data);
		for (uint32_t p = first.port; p <= last; p++) {
			if (*count == max)
				return option_wrong(error, "%s: more than %u addresses", name, max);
			out[*count] = first;
			out[(*count)++].port = (uint16_t)p;
		}
	}
	return true;
}

bool option_endpoint(const char *name, const char *text, struct endpoint *out, char *error)
{
	if (station_parse(span_of_string(text), OPTION_PORT_SIP, out))
		return true;
	return option_wrong(error,
			    "%s: '%.60s' is no address of a station with a port (192.0.2.1:5060)",
			    name, text);
}

bool option_gateway(const char *name, const char *text, struct options_gateway *out, char *error)
{
	struct ip_address address;
	struct span part;

	while (next_part(&text, &part)) {
		if (!ip_address_parse(part, &address) || ip_address_is_bogus(&address))
			return option_wrong(error, "%s: '%.*s' is no address of a station", name,
					    (int)MIN(part.len, 60u), part.data);
		*(address.family == IP_V4 ? &out->v4 : &out->v6) = address;
	}
	return true;
}
