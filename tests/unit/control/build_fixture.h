/* SPDX-License-Identifier: BSD-3-Clause */
/* A snapshot out of a configuration alone, for tests that want no other target. */
#ifndef TESTS_BUILD_FIXTURE_H
#define TESTS_BUILD_FIXTURE_H

#include <errno.h>

#include "config/config.h"

/* With the sentence in error[size] when the snapshot cannot be built. */
static inline int build_fixture_told(const struct config *config,
				     const struct config_identity *identity,
				     struct target_registry *registry, uint64_t version,
				     const struct balance_snapshot **snapshot, char *error,
				     size_t size)
{
	struct target_set *targets = target_set_create();
	const struct config_build build = {
		.identity = identity,
		.registry = registry,
		.targets = targets,
		.version = version,
	};
	int rc = targets ? config_targets_apply(config, targets) : -ENOMEM;

	*snapshot = NULL;
	if (rc == 0)
		rc = config_snapshot_build(config, &build, snapshot, error, size);
	target_set_destroy(targets);
	return rc;
}

static inline int build_fixture(const struct config *config, const struct config_identity *identity,
				struct target_registry *registry, uint64_t version,
				const struct balance_snapshot **snapshot)
{
	char error[256];

	return build_fixture_told(config, identity, registry, version, snapshot, error,
				  sizeof(error));
}

#endif
