/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Publishing: a new snapshot out of the configuration and the target set is built and handed to the
 * workers; the one before is freed when no worker can read it any more.  One change of hands is
 * under way at a time: what is asked for meanwhile waits, and is one snapshot then.  Decides
 * nothing: what the configuration is, reload.c says, and who the targets are, the target set.
 * Control thread only; never waits.
 */
#ifndef RELOAD_PUBLISH_H
#define RELOAD_PUBLISH_H

#include "config/config.h"

struct control;

/* Called after each publication with the snapshot that runs now; what is known by index of the one
 * before is to be renewed, what is known by id may stay.  The one before still exists. */
typedef void (*control_published_fn)(void *context, const struct balance_snapshot *snapshot);

#define PUBLISH_HOOKS_MAX 16
#define PUBLISH_WHY_MAX   160

struct publisher {
	struct config_identity identity;
	struct target_registry *registry;
	struct target_set *targets;
	/* Handed over, but some worker may still read it; NULL: none. */
	const struct balance_snapshot *retiring;
	bool is_retired; /* no worker does; what they answered by it may still lie in a ring */
	uint32_t closing_retry_s; /* of all snapshots from now on; 0: tandemd goes on */
	bool is_wanted;
	char why[PUBLISH_WHY_MAX];
	uint32_t hook_count;
	struct {
		control_published_fn fn;
		void *context;
	} hooks[PUBLISH_HOOKS_MAX];
};

/* Sets up registry and target set, with the targets of control->config.  Who has targets from
 * elsewhere before the first snapshot puts them in then.  0, or -errno and a sentence. */
[[nodiscard]] int publish_prepare(struct control *control, char *error, size_t size);
/* Builds the first snapshot, control->snapshot, out of control->config, publisher.identity and what
 * the target set holds by now, prepared first if it was not.  0, or -errno and a sentence. */
[[nodiscard]] int publish_open(struct control *control, char *error, size_t size);
/* After the data plane has stopped. */
void publish_close(struct control *control);

/*
 * A new snapshot is wanted: it is built and published in one of the next passes of the loop, once
 * for all that ask until then.  `why` is one or two words for the events that tell what changed
 * ("DNS", "agent carriers").  When it cannot be built, an event says so and the old one stays.
 */
void control_publish_soon(struct control *control, const char *why);

/* To be called before the loop runs; there is room for all that do. */
void control_on_publish(struct control *control, control_published_fn fn, void *context);

/* Is there room for another snapshot now?  The one before has to be retired. */
[[nodiscard]] bool publish_is_ready(const struct control *control);
/* Builds what would be published: `config` with the publisher's targets and `identity`.  0, or
 * -errno with a sentence. */
[[nodiscard]] int publish_build(struct control *control, const struct config *config,
				const struct config_identity *identity,
				const struct target_set *targets,
				const struct balance_snapshot **snapshot, char *error, size_t size);
/* Hands it to the workers, tells of what changed and calls the hooks.  publish_is_ready. */
void publish_now(struct control *control, const struct balance_snapshot *snapshot, const char *why);

/* A pass of the loop, after dataplane_poll. */
void publish_poll(struct control *control);

#endif
