/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control socket's file: making way for it before a bind, asking whether somebody answers on
 * it before a connect.  Knows ipc://PATH; leaves every other endpoint alone.
 */
#ifndef API_ENDPOINT_H
#define API_ENDPOINT_H

#include <stddef.h>

/* A path on Linux, its NUL included: sun_path. */
#define API_ENDPOINT_PATH_MAX 108

/* PATH of ipc://PATH, or NULL. */
const char *api_endpoint_path(const char *endpoint);

/* Tries to connect to the file.  0: somebody answers; -ENOENT: no such file; -ECONNREFUSED: a file
 * that nobody answers on; else what connect said. */
[[nodiscard]] int api_endpoint_try(const char *path);

/*
 * Makes the directory when it is missing (its parent must exist) and removes a socket that nobody
 * answers on.  0, or -errno with a sentence in error[size]; -EADDRINUSE when somebody answers.
 * A file that is no socket is never removed.
 */
[[nodiscard]] int api_endpoint_prepare(const char *path, char *error, size_t size);

#endif
