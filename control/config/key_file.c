/* SPDX-License-Identifier: BSD-3-Clause */
/* See key_file.h. */
#include "config/key_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "config/config.h"

static int fail(int error_number, const char *doing, const char *path, char *error, size_t size)
{
	snprintf(error, size, "cannot %s %s: %s", doing, path, strerror(error_number));
	return -error_number;
}

static ssize_t read_full(int fd, char *bytes, size_t size)
{
	size_t used = 0;
	while (used < size) {
		ssize_t got = read(fd, bytes + used, size - used);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		used += (size_t)got;
	}
	return (ssize_t)used;
}

int key_file_read(const char *path, char *text, size_t text_size, size_t *len, char *error,
		  size_t size)
{
	/* Not blocking: a FIFO in the file's place must not hang the start. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail(errno, "open the key file", path, error, size);
	struct stat status;
	int rc = 0;
	ssize_t got = 0;
	if (fstat(fd, &status) < 0) {
		rc = fail(errno, "examine the key file", path, error, size);
	} else if (!S_ISREG(status.st_mode)) {
		rc = fail(EINVAL, "use as a key file", path, error, size);
	} else if (status.st_mode & 077) {
		snprintf(error, size,
			 "the key file %s has mode %04o and its keys may be known; make it 0600",
			 path, (unsigned int)status.st_mode & 07777);
		rc = -EPERM;
	} else if ((got = read_full(fd, text, text_size)) < 0) {
		rc = fail(errno, "read the key file", path, error, size);
	} else if ((size_t)got == text_size) {
		rc = fail(EFBIG, "use as a key file", path, error, size);
	}
	close(fd);
	if (rc == 0)
		*len = (size_t)got;
	return rc;
}

static void put_secret(struct text_writer *w, const unsigned char bytes[32])
{
	for (size_t i = 0; i < 32; i++)
		text_put_hex(w, bytes[i], 2);
	text_put_char(w, '\n');
}

/* The text of a new key file.  False with errno: the kernel gave no randomness. */
static bool make_keys(char *text, size_t text_size, size_t *len)
{
	unsigned char secrets[2][32];
	/* Up to 256 bytes come whole or not at all (getrandom(2)). */
	ssize_t got;
	do {
		got = getrandom(secrets, sizeof(secrets), 0);
	} while (got < 0 && errno == EINTR);
	if (got != sizeof(secrets))
		return false;
	struct text_writer w = text_writer_of(text, text_size);
	text_put(&w, SPAN("# Keys of Tandem.  Secret: whoever knows them can forge routes.\n"
			  "# master: branches, hints, tags, the choice of targets.  Never change "
			  "it while calls last.\n"
			  "# route: signs Record-Route.  The first signs, all verify.\n"));
	text_put(&w, SPAN("master "));
	put_secret(&w, secrets[0]);
	text_put(&w, SPAN("route 1 "));
	put_secret(&w, secrets[1]);
	explicit_bzero(secrets, sizeof(secrets));
	*len = text_written(&w).len;
	return !w.overflow;
}

static bool write_full(int fd, const char *bytes, size_t len)
{
	while (len) {
		ssize_t put = write(fd, bytes, len);
		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		bytes += put;
		len -= (size_t)put;
	}
	return true;
}

static void sync_folder_of(const char *path)
{
	char folder[PATH_MAX];
	snprintf(folder, sizeof(folder), "%s", path);
	char *slash = strrchr(folder, '/');
	if (!slash)
		snprintf(folder, sizeof(folder), ".");
	else
		slash[slash == folder] = '\0';
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

int config_key_file_create(const char *path, char *error, size_t size)
{
	char text[1024], temporary[PATH_MAX];
	size_t len;
	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= sizeof(temporary))
		return fail(ENAMETOOLONG, "make the key file", path, error, size);
	if (!make_keys(text, sizeof(text), &len))
		return fail(errno, "draw random keys for", path, error, size);
	/* mkostemp makes it 0600.  link() refuses to replace: the name never stands for half a
	 * file, nor for other keys than those that were there first. */
	int rc = 0;
	int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		rc = fail(errno, "make the key file", path, error, size);
		explicit_bzero(text, sizeof(text));
		return rc;
	}
	if (!write_full(fd, text, len) || fsync(fd) < 0)
		rc = fail(errno, "write the key file", path, error, size);
	else if (link(temporary, path) < 0)
		rc = fail(errno, "make the key file", path, error, size);
	close(fd);
	unlink(temporary);
	explicit_bzero(text, sizeof(text));
	if (rc == 0)
		sync_folder_of(path);
	return rc;
}

int key_file_provide(const char *folder, const char *path, char *error, size_t size)
{
	if (access(path, F_OK) == 0)
		return 0;
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return fail(errno, "make the state directory", folder, error, size);
	int rc = config_key_file_create(path, error, size);
	return rc == -EEXIST ? 0 : rc;
}
