/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files share that list the keywords: a file for a section, or for a few that belong
 * together, with the keywords in the order in which the reference prints them.
 */
#ifndef CONFIG_KEYWORDS_H
#define CONFIG_KEYWORDS_H

#include "config/keyword.h"
#include "config/model.h"

#define MS 1000ull
#define SECONDS 1000000ull
#define MINUTES (60 * SECONDS)
#define HOURS (60 * MINUTES)
#define MIB (1024ull * 1024)

#define FIELD(type, member)                                                                        \
	.offset = offsetof(struct type, member), .size = sizeof(((struct type *)0)->member)
#define CHOICES(table) .choices = (table), .choice_count = ARRAY_SIZE(table)

/* A section: where it stands, the struct that it fills, its keywords, a sentence on it. */
#define KEYWORD_TABLE(name, section_path, type, table, text)                                       \
	static_assert(ARRAY_SIZE(table) <= KEYWORDS_MAX);                                          \
	const struct keyword_table name = {                                                        \
		.path = (section_path), .help = (text), .struct_size = sizeof(struct type),        \
		.keywords = (table), .count = ARRAY_SIZE(table)                                    \
	};

extern const struct keyword_table keywords_root;
extern const struct keyword_table keywords_dataplane;
extern const struct keyword_table keywords_cluster;
extern const struct keyword_table keywords_interface;
extern const struct keyword_table keywords_timers;
extern const struct keyword_table keywords_service;
extern const struct keyword_table keywords_service_timers;
extern const struct keyword_table keywords_pool;
extern const struct keyword_table keywords_pool_timers;
extern const struct keyword_table keywords_target;
extern const struct keyword_table keywords_failover;
extern const struct keyword_table keywords_probe;
extern const struct keyword_table keywords_blacklist;
extern const struct keyword_table keywords_resolver;
extern const struct keyword_table keywords_control;
extern const struct keyword_table keywords_log;
extern const struct keyword_table keywords_telemetry;
extern const struct keyword_table keywords_hep;
extern const struct keyword_table keywords_remote;
extern const struct keyword_table keywords_remote_client;
extern const struct keyword_table keywords_agent;

#endif
