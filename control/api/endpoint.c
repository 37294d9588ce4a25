/* SPDX-License-Identifier: BSD-3-Clause */
/* The control socket's file; see endpoint.h. */
#include "api/endpoint.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define ENDPOINT_SCHEME "ipc://"

static_assert(sizeof(((struct sockaddr_un *)0)->sun_path) == API_ENDPOINT_PATH_MAX,
	      "longest path of a socket");

const char *api_endpoint_path(const char *endpoint)
{
	size_t len = sizeof(ENDPOINT_SCHEME) - 1;

	return strncmp(endpoint, ENDPOINT_SCHEME, len) == 0 ? endpoint + len : NULL;
}

int api_endpoint_try(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int result = 0;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* EAGAIN: it listens, and its backlog is full. */
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 && errno != EAGAIN)
		result = -errno;
	close(fd);
	return result;
}

static int endpoint_make_directory(const char *path, char *error, size_t size)
{
	char directory[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return 0;
	snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path), path);
	if (mkdir(directory, 0755) == 0 || errno == EEXIST)
		return 0;
	int status = -errno;
	snprintf(error, size, "cannot make the directory %s for the control socket: %s", directory,
		 strerror(-status));
	return status;
}

static int endpoint_remove_stale(const char *path, char *error, size_t size)
{
	struct stat info;
	int status = 0;

	if (lstat(path, &info) == 0 && !S_ISSOCK(info.st_mode)) {
		snprintf(error, size, "%s is there already, and is no socket", path);
		return -EEXIST;
	}
	if (unlink(path) < 0 && errno != ENOENT) {
		status = -errno;
		snprintf(error, size, "cannot replace the control socket %s: %s", path,
			 strerror(-status));
	}
	return status;
}

int api_endpoint_prepare(const char *path, char *error, size_t size)
{
	int status = api_endpoint_try(path);

	switch (status) {
	case 0:
		snprintf(error, size, "the control socket %s is in use: another tandemd answers on it",
			 path);
		return -EADDRINUSE;
	case -ENAMETOOLONG:
		snprintf(error, size, "the control socket's path is longer than %zu octets: %s",
			 sizeof(((struct sockaddr_un *)0)->sun_path) - 1, path);
		return status;
	case -ENOENT:
		return endpoint_make_directory(path, error, size);
	case -ECONNREFUSED:
	case -EPROTOTYPE:
		return endpoint_remove_stale(path, error, size);
	default:
		snprintf(error, size, "cannot use the control socket %s: %s", path,
			 strerror(-status));
		return status;
	}
}
