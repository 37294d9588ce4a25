/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operator's YAML file, checked, as what the data plane takes: a snapshot and a
 * struct dataplane_config.  Not the model itself ("config/model.h") nor the table of keywords
 * ("config/keyword.h"); no running state but the target statuses that outlive snapshots.
 * Control thread only.  No global state.
 *
 *	struct config_report report;
 *	struct config *config;
 *	int rc = config_load(path, &config, &report);
 *	config_report_print(&report, stderr);           (errors and warnings)
 *	config_identity_load(config, time(NULL), &identity, error, sizeof(error));
 *	registry = target_registry_create();
 *	config_dataplane(config, &identity, &dataplane_config);
 *	targets = target_set_create();
 *	config_targets_apply(config, targets);
 *	build = (struct config_build){ &identity, registry, targets, .version = 1 };
 *	config_snapshot_build(config, &build, &snapshot, error, sizeof(error));
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdio.h>

#include "balance/snapshot.h"
#include "dataplane.h"
#include "targets/set.h"

/* As many are told in one go; the rest are counted. */
#define CONFIG_MISTAKES_MAX 20

struct config_position {
	uint32_t line, column; /* from 1; column in characters; 0, 0: the file as a whole */
};

struct config_mistake {
	struct config_position at;
	char text[384]; /* what is wrong, what is accepted; one line */
};

struct config_mistakes {
	uint32_t count;   /* in list[], sorted by position */
	uint32_t omitted; /* more that did not fit; they stand further down in the file */
	struct config_mistake list[CONFIG_MISTAKES_MAX];
};

struct config_report {
	char file[256]; /* as given to config_load */
	struct config_mistakes errors, warnings;
};

struct config;

/*
 * Reads and checks a file.  0: *config is set, report->warnings may not be empty.  -EINVAL: the
 * report tells what is wrong.  -ENOMEM, or -errno when the file cannot be read: the report has
 * that as its one error.  *config is NULL on failure.  The report needs no initialisation and
 * owns nothing.
 */
[[nodiscard]] int config_load(const char *path, struct config **config,
			      struct config_report *report);
/* The same for text in memory; `name` stands for the file in the report. */
[[nodiscard]] int config_load_text(const char *name, struct span text, struct config **config,
				   struct config_report *report);
/* NULL is allowed. */
void config_destroy(struct config *config);

/* "file:line:column: text" a line; warnings say "warning: " before the text. */
void config_report_print(const struct config_report *report, FILE *out);

/* ZeroMQ endpoint of the control API: control.socket or its default. */
const char *config_control_socket(const struct config *config);
const char *config_state_dir(const struct config *config);
uint64_t config_shutdown_ms(const struct config *config);

/* Remote operators; false: none are configured.  The pointers are the configuration's. */
struct config_remote_view {
	const char *listens[4];
	uint32_t listen_count;
	char key_file[512];       /* given, or in the state directory */
	bool key_file_is_given;   /* otherwise it is made on first use */
	uint32_t client_count;
};
[[nodiscard]] bool config_remote(const struct config *config, struct config_remote_view *view);
struct config_remote_client_view {
	const char *name, *key;
	bool may_change; /* access: all */
};
struct config_remote_client_view config_remote_client(const struct config *config, uint32_t index);

/* Agents. */
enum agent_provides { AGENT_PROVIDES_TARGETS = 1 << 0 };
struct config_agent_view {
	const char *name;
	const char *command[33]; /* ends with NULL */
	uint32_t provides;       /* enum agent_provides */
	uint32_t pool_count;
};
uint32_t config_agent_count(const struct config *config);
void config_agent(const struct config *config, uint32_t index, struct config_agent_view *view);
const char *config_agent_pool(const struct config *config, uint32_t index, uint32_t pool);
/* The configuration in force as YAML, defaults written out; loads to the same configuration.
 * Holds no secret. */
void config_print(const struct config *config, FILE *out);

/* What a pool says of probes, blacklist and slow start.  False: there is no such pool; then no
 * target of it is probed, listed or started slowly. */
struct health_settings;
bool config_pool_health(const struct config *config, const char *pool,
			struct health_settings *settings);

/*
 * Who this instance is: keys, instance number, epoch.  With `cluster` the keys come from
 * cluster.key_file, else from "keys" in the state directory, which is made on first use (folder
 * 0700, file 0600, appearing whole or not at all).  config/README.md has the file's format.
 * `epoch` has to change with every start of the process: seconds of the wall clock.
 */
struct config_identity {
	uint16_t instance;
	uint32_t epoch;
	struct hash_key branch_key, hint_key, call_key, tag_key;
	uint32_t route_key_count;
	struct balance_route_key route_keys[BALANCE_ROUTE_KEYS_MAX];
};

/* 0, or -errno with one sentence for the operator in error[size]. */
[[nodiscard]] int config_identity_load(const struct config *config, uint32_t epoch,
				       struct config_identity *identity, char *error, size_t size);
/*
 * The same while calls are up, with the epoch of before; no file is made.  The route keys may be
 * others, as long as an id keeps its secret; with another master secret: -EBUSY and a sentence.
 */
[[nodiscard]] int config_identity_reload(const struct config *config,
					 const struct config_identity *before,
					 struct config_identity *identity, char *error,
					 size_t size);
/* Writes a new key file (0600) that must not exist yet.  0, or -errno and a sentence. */
[[nodiscard]] int config_key_file_create(const char *path, char *error, size_t size);

/*
 * Target statuses by stable id.  A status lives as long as the registry, so that health, load and
 * the operator's wish survive a reload, even one that takes the target away and a later one that
 * brings it back.  To be destroyed after the data plane has stopped.
 */
struct target_registry;
[[nodiscard]] struct target_registry *target_registry_create(void); /* NULL: out of memory */
void target_registry_destroy(struct target_registry *registry);     /* NULL is allowed */
/* The target's status, made on first sight (ready, up), and the number by which snapshots know it
 * (slot may be NULL).  NULL: out of memory, or 65,535 different targets since the start. */
[[nodiscard]] struct target_status *target_registry_find(struct target_registry *registry,
							 uint64_t id, uint16_t *slot);
/* Tells the two apart: as many targets as can be were seen, and only they are found. */
[[nodiscard]] bool target_registry_is_full(const struct target_registry *registry);
/* The pool's, by name.  NULL: out of memory. */
[[nodiscard]] struct pool_status *target_registry_pool(struct target_registry *registry,
						       const char *name);
/*
 * Sets of timers by index, for the same reason: a transaction refers to its set by the index, and
 * keeps the timers that it began with when the configuration changes.  Equal sets are one.
 * BALANCE_NONE: out of memory, or 65,535 different sets since the start.
 */
[[nodiscard]] uint16_t target_registry_timers(struct target_registry *registry,
					      const struct balance_timers *set);
[[nodiscard]] bool target_registry_timers_are_full(const struct target_registry *registry);
/* How many, and all of them, until the next is added. */
uint32_t target_registry_timer_sets(const struct target_registry *registry,
				    const struct balance_timers **sets);
/* The stable id: a hash of the two names, equal on all instances. */
[[nodiscard]] uint64_t target_registry_id(struct span pool, struct span target);

/* What the configuration's pools list, into the set, and nothing of pools that it has no more.  0
 * or -ENOMEM, the set then being half done. */
[[nodiscard]] int config_targets_apply(const struct config *config, struct target_set *set);

/* What a snapshot is built of, besides the configuration. */
struct config_build {
	const struct config_identity *identity;
	struct target_registry *registry;
	const struct target_set *targets;
	/* The one that it follows, whose services and pools keep their indices; NULL: none. */
	const struct balance_snapshot *before;
	uint64_t version;
	uint32_t closing_retry_s; /* as in the snapshot; 0: tandemd goes on */
	uint64_t now_ms; /* of any clock that goes on evenly: when something is retired */
	/* Does anything still refer to this retired service?  Asked when its time is up; NULL: no. */
	bool (*is_in_use)(void *context, uint16_t service);
	void *context;
};

/*
 * One block of memory, freed by config_snapshot_destroy once retired.  It refers to the registry's
 * statuses but not to `config`, nor to the set or the snapshot before.  0, or with a sentence in
 * error[size]: -ENOMEM; -ENOSPC: too many targets, or no index is left for a service or a pool
 * because what may still be referred to has them, or as many targets or sets of timers as the
 * registry can hold were seen.
 */
[[nodiscard]] int config_snapshot_build(const struct config *config,
					const struct config_build *build,
					const struct balance_snapshot **snapshot, char *error,
					size_t size);
void config_snapshot_destroy(const struct balance_snapshot *snapshot); /* NULL is allowed */

/* What differs between two configurations, keyword by keyword, in the order of the reference. */
struct config_difference {
	const char *path;      /* "pools[switches].failover.attempts", "hosts[sw1.example.com]" */
	const char *before;    /* as YAML; NULL: was not there */
	const char *after;     /* as YAML; NULL: is not there any more */
	struct config_position at; /* in the file of `after`; 0, 0: it is not there */
	bool needs_restart;    /* tandemd cannot take it over while it runs */
};
typedef void (*config_difference_fn)(void *context, const struct config_difference *difference);
/* False: out of memory, and not all were told. */
[[nodiscard]] bool config_differences(const struct config *before, const struct config *after,
				      config_difference_fn tell, void *context);

/* The same of the route keys: "keys.route[ID]" signs or verifies. */
void config_identity_differences(const struct config_identity *before,
				 const struct config_identity *after, config_difference_fn tell,
				 void *context);

/* A timer of the section `timers`, T1 and T2 included, until the configuration is loaded anew.
 * `before` gets the value that it had, as text.  0; -ENOENT: there is no such timer; -EINVAL: the
 * value cannot be, or does not go with the others; with a sentence. */
#define CONFIG_VALUE_TEXT_MAX 64
[[nodiscard]] int config_timer_set(struct config *config, const char *name, const char *value,
				   char before[CONFIG_VALUE_TEXT_MAX],
				   char after[CONFIG_VALUE_TEXT_MAX], char *error, size_t size);

/* Takes back the last config_timer_set that returned 0. */
void config_timer_put_back(struct config *config);

/* How DNS is asked. */
struct resolver_settings;
void config_resolver(const struct config *config, struct resolver_settings *settings);
/* The pools that take targets from SRV records, by number; NULL: no more.  *name: of the records. */
const char *config_srv_pool(const struct config *config, uint32_t number, const char **name);

/* Everything dataplane_start wants.  `huge: auto` is decided here by the free hugepages. */
void config_dataplane(const struct config *config, const struct config_identity *identity,
		      struct dataplane_config *dataplane);

/* Generated from the table of keywords. */
void config_print_reference(FILE *out); /* Markdown */
void config_print_manual(FILE *out);    /* the same as tandem.yaml(5), roff */
void config_print_schema(FILE *out);    /* JSON Schema, draft 2020-12 */

#endif
