/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * CURVE key pairs (RFC 26/CurveZMQ, keys as Z85 text) and the files that hold them, for both ends
 * of the control socket.  Knows no socket.
 */
#ifndef API_CURVE_KEY_H
#define API_CURVE_KEY_H

#include <stdbool.h>
#include <stddef.h>

#define CURVE_KEY_TEXT_MAX 41 /* 40 characters of Z85 and a NUL */

struct curve_key_pair {
	char public_key[CURVE_KEY_TEXT_MAX], secret_key[CURVE_KEY_TEXT_MAX];
};

/* 40 characters of Z85. */
[[nodiscard]] bool curve_key_is_text(const char *text);

/*
 * A key file has a line "public KEY" and a line "secret KEY"; empty lines and those that begin
 * with # are left out.  0, or -errno with one sentence in error[size]; a file that others may read
 * is refused (-EPERM).  The caller wipes the pair with explicit_bzero.
 */
[[nodiscard]] int curve_key_file_read(const char *path, struct curve_key_pair *pair, char *error,
				      size_t size);
/* The public key alone, of a file whose secret may be missing and whose mode does not matter. */
[[nodiscard]] int curve_key_file_read_public(const char *path, char key[CURVE_KEY_TEXT_MAX],
					     char *error, size_t size);
/* Makes a pair and its file, 0600, which must not exist yet; public_key tells the public half. */
[[nodiscard]] int curve_key_file_create(const char *path, char public_key[CURVE_KEY_TEXT_MAX],
					char *error, size_t size);

#endif
