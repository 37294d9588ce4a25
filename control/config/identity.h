/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Parts of the identity that the checks and the tests need; the rest is in config.h.
 */
#ifndef CONFIG_IDENTITY_H
#define CONFIG_IDENTITY_H

#include "config/config.h"

/* Number of an instance's name: decimal digits are the number itself (1 to 65535), anything else
 * is hashed to one.  False: out of range. */
[[nodiscard]] bool identity_instance(const char *name, uint16_t *instance);

/* The text of a key file.  0, or -EINVAL and a sentence that begins with the line number. */
[[nodiscard]] int identity_parse_keys(struct span text, struct config_identity *identity,
				      char *error, size_t size);

#endif
