/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Key files on disk: read with suspicion, made whole or not at all.  What the text means is
 * identity.c's.
 */
#ifndef CONFIG_KEY_FILE_H
#define CONFIG_KEY_FILE_H

#include <stddef.h>

/* The file's bytes.  -EPERM when others may read it.  Else -errno; a sentence in error[]. */
[[nodiscard]] int key_file_read(const char *path, char *text, size_t text_size, size_t *len,
				char *error, size_t size);
/* Makes `folder` (0700, its last component) and `path` in it where they are missing.  When two
 * processes try, one file results, and both return 0. */
[[nodiscard]] int key_file_provide(const char *folder, const char *path, char *error, size_t size);

#endif
