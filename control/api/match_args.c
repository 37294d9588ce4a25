/* SPDX-License-Identifier: BSD-3-Clause */
/* Arguments that say what is looked for; see match_args.h. */
#include "api/match_args.h"

#include <stdio.h>

#include "api/commands.h"
#include "base/verdict.h"
#include "targets/admin.h"

bool match_args_text(const json_t *args, const char *key, char *text, size_t text_size, char *why,
		     size_t size)
{
	const char *given = api_arg_string(args, key);

	text[0] = '\0';
	if (!given)
		return true;
	if (given[0] && strlen(given) < text_size) {
		memcpy(text, given, strlen(given) + 1);
		return true;
	}
	snprintf(why, size, "'%s' has 1 to %zu octets", key, text_size - 1);
	return false;
}

bool match_args_address(const json_t *args, const char *key, struct ip_address *address, char *why,
			size_t size)
{
	const char *given = api_arg_string(args, key);

	*address = (struct ip_address){ .family = IP_NONE };
	if (!given || ip_address_parse(span_of_string(given), address))
		return true;
	snprintf(why, size, "'%s' is no address: '%.60s'; accepted: 192.0.2.1, 2001:db8::1", key,
		 given);
	return false;
}

static bool is_reason(const char *name, const char *given)
{
	for (; *name && *given; name++, given++) {
		char c = *given == '-' ? '_' : char_lower(*given);
		if (char_lower(*name) != c)
			return false;
	}
	return !*name && !*given;
}

bool match_args_reason(const json_t *args, const char *key, uint8_t *reason, char *why, size_t size)
{
	const char *given = api_arg_string(args, key);

	*reason = VERDICT_REASON_NONE;
	if (!given)
		return true;
	for (unsigned int r = VERDICT_REASON_NONE + 1; r < VERDICT_REASON_COUNT; r++) {
		if (!is_reason(verdict_reasons[r].name, given))
			continue;
		*reason = (uint8_t)r;
		return true;
	}
	snprintf(why, size, "there is no reason '%.60s'; 'show drops --all' lists them", given);
	return false;
}

bool match_args_target(const struct balance_snapshot *snapshot, const json_t *args, const char *key,
		       uint16_t *target, char *why, size_t size)
{
	const char *given = api_arg_string(args, key);

	*target = BALANCE_NONE;
	if (!given)
		return true;
	switch (target_find(snapshot, given, target)) {
	case TARGET_FOUND:
		return true;
	case TARGET_AMBIGUOUS:
		snprintf(why, size, "more than one pool has a target '%.60s': say POOL/TARGET",
			 given);
		return false;
	case TARGET_UNKNOWN:
		break;
	}
	snprintf(why, size, "there is no target '%.130s'", given);
	return false;
}

bool match_args_service(const struct balance_snapshot *snapshot, const json_t *args, const char *key,
			uint16_t *service, char *why, size_t size)
{
	const char *given = api_arg_string(args, key);

	*service = BALANCE_NONE;
	for (uint32_t i = 0; given && i < snapshot->service_count; i++) {
		if (!snapshot->services[i].is_retired &&
		    strcmp(snapshot->services[i].name, given) == 0)
			*service = (uint16_t)i;
	}
	if (!given || *service != BALANCE_NONE)
		return true;
	snprintf(why, size, "there is no service '%.60s'", given);
	return false;
}
