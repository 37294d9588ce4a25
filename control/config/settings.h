/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the configuration says to the rooms of control that tell others how Tandem is: metrics, log,
 * export.  Values alone, so that the rooms need not know how a configuration looks inside.
 */
#ifndef CONFIG_SETTINGS_H
#define CONFIG_SETTINGS_H

#include "net/endpoint.h"

#define SETTINGS_METRICS_MAX 8

enum log_target { LOG_TO_STDERR, LOG_TO_JOURNALD };
enum log_format { LOG_AS_TEXT, LOG_AS_JSON };
/* Severities of RFC 5424 §6.2.1, as journald takes them too. */
enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6,
};

struct log_settings {
	uint32_t target; /* enum log_target */
	uint32_t format; /* enum log_format */
	uint32_t level;  /* enum log_level: this and what is graver */
};

struct hep_settings {
	bool is_on;
	struct endpoint server;
	uint32_t capture_id;
	uint32_t message_max; /* octets */
	uint32_t one_in;      /* so many calls one is sent */
	char node[64];        /* "": none */
	char password_file[256]; /* "": none */
};

struct config;
/* Returns how many of listens[] there are. */
uint32_t config_metrics(const struct config *config, struct endpoint listens[SETTINGS_METRICS_MAX]);
void config_log(const struct config *config, struct log_settings *settings);
void config_hep(const struct config *config, struct hep_settings *settings);
/* The first line of a file that is its owner's alone; "" when path is.  0, or -errno with a
 * sentence in error[error_size]. */
[[nodiscard]] int config_password_read(const char *path, char *password, size_t size, char *error,
				       size_t error_size);

#endif
