/* SPDX-License-Identifier: BSD-3-Clause */
/* CURVE key pairs and their files; see curve_key.h. */
#include "api/curve_key.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define KEY_FILE_MAX 1024

bool curve_key_is_text(const char *text)
{
	unsigned char key[32];

	return strlen(text) == CURVE_KEY_TEXT_MAX - 1 && zmq_z85_decode(key, text);
}

static int fail(int error_number, const char *doing, const char *path, char *error, size_t size)
{
	snprintf(error, size, "cannot %s %s: %s", doing, path, strerror(error_number));
	return -error_number;
}

/* The whole file as text[KEY_FILE_MAX].  `is_secret`: nobody else may read it. */
static int file_read(const char *path, bool is_secret, char *text, char *error, size_t size)
{
	/* Not blocking: a FIFO in the file's place must not hang the start. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	ssize_t len;
	int rc = 0;

	if (fd < 0)
		return fail(errno, "open the key file", path, error, size);
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		rc = fail(EINVAL, "use as a key file", path, error, size);
	} else if (is_secret && (status.st_mode & 077)) {
		snprintf(error, size,
			 "the key file %s has mode %04o and its secret may be known; make it 0600",
			 path, (unsigned int)status.st_mode & 07777);
		rc = -EPERM;
	} else if ((len = read(fd, text, KEY_FILE_MAX)) < 0 || len == KEY_FILE_MAX) {
		rc = fail(len < 0 ? errno : EFBIG, "read the key file", path, error, size);
	} else {
		text[len] = '\0';
	}
	close(fd);
	return rc;
}

/* One line "WORD KEY" into the key that the word names.  False: neither that nor a comment. */
static bool line_take(char *line, struct curve_key_pair *pair)
{
	char *state = NULL, *word = strtok_r(line, " \t\r", &state);
	char *key = word ? strtok_r(NULL, " \t\r", &state) : NULL;

	if (!word || word[0] == '#')
		return true;
	if (!key || strtok_r(NULL, " \t\r", &state) || !curve_key_is_text(key))
		return false;
	if (strcmp(word, "public") == 0 && !pair->public_key[0])
		memcpy(pair->public_key, key, CURVE_KEY_TEXT_MAX);
	else if (strcmp(word, "secret") == 0 && !pair->secret_key[0])
		memcpy(pair->secret_key, key, CURVE_KEY_TEXT_MAX);
	else
		return false;
	return true;
}

static int text_take(char *text, const char *path, struct curve_key_pair *pair, char *error,
		     size_t size)
{
	unsigned int number = 0;

	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		number++;
		if (line_take(line, pair))
			continue;
		snprintf(error, size,
			 "%s:%u: accepted: one line \"public KEY\" and one \"secret KEY\" of 40 "
			 "characters Z85 each, and comments that begin with #",
			 path, number);
		return -EINVAL;
	}
	return 0;
}

static int pair_read(const char *path, bool is_secret, struct curve_key_pair *pair, char *error,
		     size_t size)
{
	char text[KEY_FILE_MAX + 1];
	int rc = file_read(path, is_secret, text, error, size);

	memset(pair, 0, sizeof(*pair));
	if (rc == 0)
		rc = text_take(text, path, pair, error, size);
	explicit_bzero(text, sizeof(text));
	return rc;
}

int curve_key_file_read(const char *path, struct curve_key_pair *pair, char *error, size_t size)
{
	char derived[CURVE_KEY_TEXT_MAX];
	int rc = pair_read(path, true, pair, error, size);

	if (rc < 0)
		return rc;
	if (!pair->secret_key[0]) {
		snprintf(error, size, "%s has no line \"secret KEY\"", path);
		return -EINVAL;
	}
	if (zmq_curve_public(derived, pair->secret_key) < 0)
		return fail(zmq_errno(), "use as a key file", path, error, size);
	if (pair->public_key[0] && strcmp(derived, pair->public_key) != 0) {
		snprintf(error, size, "%s: its public key is not that of its secret key", path);
		return -EINVAL;
	}
	memcpy(pair->public_key, derived, sizeof(derived));
	return 0;
}

int curve_key_file_read_public(const char *path, char key[CURVE_KEY_TEXT_MAX], char *error,
			       size_t size)
{
	struct curve_key_pair pair;
	int rc = pair_read(path, false, &pair, error, size);

	explicit_bzero(pair.secret_key, sizeof(pair.secret_key));
	if (rc == 0 && !pair.public_key[0]) {
		snprintf(error, size, "%s has no line \"public KEY\"", path);
		rc = -EINVAL;
	}
	memcpy(key, pair.public_key, CURVE_KEY_TEXT_MAX);
	return rc;
}

/* link() refuses to replace: the name never stands for half a file, nor for another key than the
 * one that was there first. */
static int file_place(const char *path, const char *text, char *error, size_t size)
{
	char temporary[PATH_MAX];
	size_t len = strlen(text);
	int rc = 0;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= sizeof(temporary))
		return fail(ENAMETOOLONG, "make the key file", path, error, size);
	int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return fail(errno, "make the key file", path, error, size);
	if (write(fd, text, len) != (ssize_t)len || fsync(fd) < 0)
		rc = fail(errno ? errno : EIO, "write the key file", path, error, size);
	else if (link(temporary, path) < 0)
		rc = fail(errno, "make the key file", path, error, size);
	close(fd);
	unlink(temporary);
	return rc;
}

int curve_key_file_create(const char *path, char public_key[CURVE_KEY_TEXT_MAX], char *error,
			  size_t size)
{
	struct curve_key_pair pair;
	char text[KEY_FILE_MAX];

	if (zmq_curve_keypair(pair.public_key, pair.secret_key) < 0)
		return fail(zmq_errno(), "make the key file", path, error, size);
	snprintf(text, sizeof(text),
		 "# CURVE keys of Tandem's control socket.  Secret: whoever has this file is its "
		 "owner.\npublic %s\nsecret %s\n",
		 pair.public_key, pair.secret_key);
	int rc = file_place(path, text, error, size);
	memcpy(public_key, pair.public_key, CURVE_KEY_TEXT_MAX);
	explicit_bzero(text, sizeof(text));
	explicit_bzero(&pair, sizeof(pair));
	return rc;
}
