/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Targets as an agent sends them, judged as strictly as those of the configuration: from JSON rows
 * to what the target set takes.  Pure.
 */
#ifndef AGENTS_ROWS_H
#define AGENTS_ROWS_H

#include <jansson.h>

#include "balance/snapshot.h"
#include "targets/set.h"

#define AGENT_ROWS_MAX 4096

/*
 * rows: [{name, uri, priority?, weight?, calls_max?, rate_max?}].  `snapshot` tells which addresses
 * are our own and where interfaces lead; NULL: that is not asked.  0 and *specs, to be freed (NULL
 * for none); -EINVAL with one sentence in why[size]: the whole list is refused; -ENOMEM.
 */
[[nodiscard]] int agent_rows_take(const json_t *rows, const struct balance_snapshot *snapshot,
				  struct target_spec **specs, uint32_t *count, char *why,
				  size_t size);

#endif
