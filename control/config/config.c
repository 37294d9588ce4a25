/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Loading: file to text, text to a checked configuration; its memory; simple questions to it.
 */
#include "config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/model.h"

/* A configuration with 65,535 targets is about 5 MB. */
#define FILE_SIZE_MAX (16u << 20)

void *config_alloc(struct config *config, size_t count, size_t size)
{
	size_t total;
	if (__builtin_mul_overflow(count, size, &total) ||
	    __builtin_add_overflow(total, sizeof(struct config_block), &total))
		return NULL;
	struct config_block *block = calloc(1, total);
	if (!block)
		return NULL;
	block->next = config->blocks;
	config->blocks = block;
	return block->bytes;
}

void config_destroy(struct config *config)
{
	if (!config)
		return;
	for (struct config_block *block = config->blocks, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(config);
}

static struct config_position field_position(const struct config_item *item, uint32_t index)
{
	return item->given & 1u << index ? item->field[index] : item->at;
}

static uint32_t field_index(enum keyword_section section, size_t offset)
{
	const struct keyword_table *table = keyword_tables[section];
	for (uint32_t i = 0; i < table->count; i++) {
		if (table->keywords[i].type != KEYWORD_NOT_BUILT &&
		    table->keywords[i].offset == offset)
			return i;
	}
	assert(!"a field without keyword");
	return 0;
}

struct config_position config_field_at(enum keyword_section section, const struct config_item *item,
				       size_t offset)
{
	return field_position(item, field_index(section, offset));
}

bool config_field_is_bad(enum keyword_section section, const struct config_item *item,
			 size_t offset)
{
	return item->bad & 1u << field_index(section, offset);
}

static void report_init(struct config_report *report, const char *name)
{
	memset(report, 0, sizeof(*report));
	snprintf(report->file, sizeof(report->file), "%s", name);
}

static int fail(struct config_report *report, int error, const char *what)
{
	config_error(report, (struct config_position){ 0 }, "%s: %s", what, strerror(error));
	return -error;
}

static int load(struct span text, struct config **out, struct config_report *report)
{
	struct config *config = calloc(1, sizeof(*config));
	if (!config)
		return fail(report, ENOMEM, "cannot load the configuration");
	if (!config_decode(config, text, report) || !config_check(config, report)) {
		config_destroy(config);
		return fail(report, ENOMEM, "cannot load the configuration");
	}
	if (report->errors.count) {
		config_destroy(config);
		return -EINVAL;
	}
	*out = config;
	return 0;
}

int config_load_text(const char *name, struct span text, struct config **config,
		     struct config_report *report)
{
	*config = NULL;
	report_init(report, name);
	return load(text.data ? text : SPAN(""), config, report);
}

/* The whole file, allocated; grows with what is read, since a pipe has no size to ask for. */
static int read_all(int fd, char **bytes, size_t *len)
{
	size_t size = 1 << 16, used = 0;
	char *buffer = malloc(size);
	if (!buffer)
		return -ENOMEM;
	for (;;) {
		ssize_t got = read(fd, buffer + used, size - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || used + (size_t)got > FILE_SIZE_MAX) {
			int error = got < 0 ? errno : EFBIG;
			free(buffer);
			return -error;
		}
		if (got == 0)
			break;
		used += (size_t)got;
		if (used < size)
			continue;
		char *larger = realloc(buffer, size * 2);
		if (!larger) {
			free(buffer);
			return -ENOMEM;
		}
		buffer = larger;
		size *= 2;
	}
	*bytes = buffer;
	*len = used;
	return 0;
}

int config_load(const char *path, struct config **config, struct config_report *report)
{
	*config = NULL;
	report_init(report, path);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return fail(report, errno, "cannot open the file");
	char *bytes = NULL;
	size_t len = 0;
	int rc = read_all(fd, &bytes, &len);
	close(fd);
	if (rc < 0)
		return fail(report, -rc, "cannot read the file");
	rc = load(span_of(bytes, len), config, report);
	free(bytes);
	return rc;
}

const char *config_control_socket(const struct config *config)
{
	return config->control.socket;
}

uint64_t config_shutdown_ms(const struct config *config)
{
	return tick_to_ms(config->shutdown_timeout);
}

const char *config_state_dir(const struct config *config)
{
	return config->state_dir;
}
