/* SPDX-License-Identifier: BSD-3-Clause */
/* The file of last good answers; see store_file.h. */
#include "resolver/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct store_writer {
	uv_loop_t *loop;
	uv_work_t work;
	store_written_fn fn;
	void *context;
	char *writing, *waiting; /* texts */
	int status;              /* of the write that ended */
	bool is_closing;
	char path[PATH_MAX];
};

static int read_all(int fd, size_t size, char **text, size_t *len)
{
	size_t used = 0;
	char *bytes = malloc(size + 1);

	if (!bytes)
		return -ENOMEM;
	while (used < size) {
		ssize_t got = read(fd, bytes + used, size - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int error = errno;
			free(bytes);
			return -error;
		}
		if (got == 0)
			break;
		used += (size_t)got;
	}
	bytes[used] = '\0';
	*text = bytes;
	*len = used;
	return 0;
}

int store_file_read(const char *path, char **text, size_t *len)
{
	/* Not blocking: a FIFO in the file's place must not hang the start. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
	struct stat status;
	int rc;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		rc = -errno;
	else if (!S_ISREG(status.st_mode))
		rc = -EINVAL;
	else if (status.st_mode & 022) /* others could make targets */
		rc = -EPERM;
	else if (status.st_size > (off_t)STORE_TEXT_MAX)
		rc = -EFBIG;
	else
		rc = read_all(fd, (size_t)status.st_size, text, len);
	close(fd);
	return rc;
}

static bool write_all(int fd, struct span text)
{
	while (text.len) {
		ssize_t put = write(fd, text.data, text.len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		text = span_from(text, (size_t)put);
	}
	return true;
}

/* "/a/b/c" -> "/a/b" */
static void folder_of(const char *path, char folder[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	if (!slash)
		snprintf(folder, PATH_MAX, ".");
	else
		snprintf(folder, PATH_MAX, "%.*s", len ? (int)len : 1, path);
}

static void folder_sync(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

int store_file_write(const char *path, struct span text)
{
	char temporary[PATH_MAX], folder[PATH_MAX];
	int error = 0;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= sizeof(temporary))
		return -ENAMETOOLONG;
	folder_of(path, folder);
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return -errno;
	int fd = mkostemp(temporary, O_CLOEXEC); /* 0600 */
	if (fd < 0)
		return -errno;
	if (!write_all(fd, text) || fsync(fd) < 0)
		error = errno;
	if (close(fd) < 0 && !error)
		error = errno;
	if (!error && rename(temporary, path) < 0)
		error = errno;
	if (error) {
		unlink(temporary);
		return -error;
	}
	folder_sync(folder);
	return 0;
}

struct store_writer *store_writer_create(uv_loop_t *loop, const char *path, store_written_fn fn,
					 void *context)
{
	struct store_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	writer->loop = loop;
	writer->fn = fn;
	writer->context = context;
	writer->work.data = writer;
	snprintf(writer->path, sizeof(writer->path), "%s", path);
	return writer;
}

/* On a thread of the pool: touches nothing that the loop's thread may touch meanwhile. */
static void write_here(uv_work_t *work)
{
	struct store_writer *writer = work->data;

	writer->status = store_file_write(writer->path, span_of_string(writer->writing));
}

static void write_next(struct store_writer *writer);

static void write_ended(uv_work_t *work, int status)
{
	struct store_writer *writer = work->data;

	free(writer->writing);
	writer->writing = NULL;
	if (writer->is_closing) {
		/* What came after it was put there by store_writer_destroy, and is newer. */
		if (writer->waiting)
			(void)store_file_write(writer->path, span_of_string(writer->waiting));
		free(writer->waiting);
		free(writer);
		return;
	}
	writer->fn(writer->context, status < 0 ? status : writer->status);
	write_next(writer);
}

static void write_next(struct store_writer *writer)
{
	if (!writer->waiting || writer->writing)
		return;
	writer->writing = writer->waiting;
	writer->waiting = NULL;
	int status = uv_queue_work(writer->loop, &writer->work, write_here, write_ended);
	if (status == 0)
		return;
	free(writer->writing);
	writer->writing = NULL;
	writer->fn(writer->context, status);
}

void store_writer_put(struct store_writer *writer, char *text)
{
	free(writer->waiting);
	writer->waiting = text;
	write_next(writer);
}

bool store_writer_is_busy(const struct store_writer *writer)
{
	return writer->writing;
}

void store_writer_destroy(struct store_writer *writer)
{
	if (!writer)
		return;
	writer->is_closing = true;
	if (writer->writing)
		return; /* the end of that write sees to the rest */
	if (writer->waiting)
		(void)store_file_write(writer->path, span_of_string(writer->waiting));
	free(writer->waiting);
	free(writer);
}
