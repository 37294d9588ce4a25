/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arguments that say what is looked for: a text, an address, a verdict's reason, a target, a
 * service.  One that was left out is "any".  False, with a sentence in why[size].
 */
#ifndef API_MATCH_ARGS_H
#define API_MATCH_ARGS_H

#include <jansson.h>

#include "balance/snapshot.h"

[[nodiscard]] bool match_args_text(const json_t *args, const char *key, char *text, size_t text_size,
				   char *why, size_t size);
[[nodiscard]] bool match_args_address(const json_t *args, const char *key,
				      struct ip_address *address, char *why, size_t size);
/* enum verdict_reason by its name, in any case, with - for _ if one likes. */
[[nodiscard]] bool match_args_reason(const json_t *args, const char *key, uint8_t *reason, char *why,
				     size_t size);
/* *target, *service: an index, BALANCE_NONE where none is asked for. */
[[nodiscard]] bool match_args_target(const struct balance_snapshot *snapshot, const json_t *args,
				     const char *key, uint16_t *target, char *why, size_t size);
[[nodiscard]] bool match_args_service(const struct balance_snapshot *snapshot, const json_t *args,
				      const char *key, uint16_t *service, char *why, size_t size);

#endif
