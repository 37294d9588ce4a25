/* SPDX-License-Identifier: BSD-3-Clause */
/* Model to settings; see settings.h. */
#include "config/settings.h"

#include <errno.h>
#include <stdio.h>

#include "config/key_file.h"
#include "config/model.h"

uint32_t config_metrics(const struct config *config, struct endpoint listens[SETTINGS_METRICS_MAX])
{
	const struct config_listen *from = CONFIG_ITEMS(config_listen, config->control.metrics);
	uint32_t count = MIN(config->control.metrics.count, (uint32_t)SETTINGS_METRICS_MAX);

	for (uint32_t i = 0; i < count; i++)
		listens[i] = from[i].endpoint;
	return count;
}

void config_log(const struct config *config, struct log_settings *settings)
{
	*settings = (struct log_settings){
		.target = config->log.target,
		.format = config->log.format,
		.level = config->log.level,
	};
}

void config_hep(const struct config *config, struct hep_settings *settings)
{
	const struct config_hep *from = &config->telemetry.hep;

	*settings = (struct hep_settings){
		.is_on = from->server.address.family != IP_NONE,
		.server = from->server,
		.capture_id = from->capture_id,
		.message_max = (uint32_t)from->message_max,
		.one_in = from->sample,
	};
	static_assert(sizeof(settings->node) == sizeof(from->node));
	static_assert(sizeof(settings->password_file) == sizeof(from->password_file));
	memcpy(settings->node, from->node, sizeof(settings->node));
	memcpy(settings->password_file, from->password_file, sizeof(settings->password_file));
}

int config_password_read(const char *path, char *password, size_t size, char *error,
			 size_t error_size)
{
	char text[512];
	size_t len = 0;
	struct span line;
	int status;

	password[0] = '\0';
	if (!*path)
		return 0;
	status = key_file_read(path, text, sizeof(text), &len, error, error_size);
	if (status < 0)
		return status;
	line = span_of(text, len);
	line = span_trim(span_of(text, span_find(line, '\n')));
	if (line.len == 0 || line.len >= size) {
		snprintf(error, error_size, "the password file %s wants one line of 1 to %zu octets",
			 path, size - 1);
		return -EINVAL;
	}
	memcpy(password, line.data, line.len);
	password[line.len] = '\0';
	explicit_bzero(text, sizeof(text));
	return 0;
}
