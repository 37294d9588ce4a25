/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file that last good answers are kept in.  Written whole or not at all (a new file, then
 * rename), mode 0600, on a thread of libuv's pool: a slow disk never holds up the control thread.
 */
#ifndef RESOLVER_STORE_FILE_H
#define RESOLVER_STORE_FILE_H

#include "base/span.h"
#include "resolver/store.h"

/* After ours: it brings <sys/param.h>, which defines MIN and MAX too. */
#include <uv.h>

/* The whole file, allocated, at most STORE_TEXT_MAX.  0; -ENOENT: there is none; -errno. */
[[nodiscard]] int store_file_read(const char *path, char **text, size_t *len);
/* Makes the folder (0700) where it is missing.  0 or -errno; the old file is then unchanged. */
[[nodiscard]] int store_file_write(const char *path, struct span text);

struct store_writer;
/* Called on the loop's thread after each write; 0 or -errno. */
typedef void (*store_written_fn)(void *context, int status);

/* NULL: out of memory. */
[[nodiscard]] struct store_writer *store_writer_create(uv_loop_t *loop, const char *path,
						       store_written_fn fn, void *context);
/* Takes `text` (malloc) over.  One write at a time; of what comes meanwhile the last counts. */
void store_writer_put(struct store_writer *writer, char *text);
[[nodiscard]] bool store_writer_is_busy(const struct store_writer *writer);
/* What waits is written still, without a call: here and now, or, when a thread is writing, behind
 * that while the loop runs on.  NULL is allowed. */
void store_writer_destroy(struct store_writer *writer);

#endif
