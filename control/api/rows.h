/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters of listing commands: rows of an answer that stay.  Each returns how many do. */
#ifndef API_ROWS_H
#define API_ROWS_H

#include <jansson.h>

#include "base/compiler.h"

typedef bool (*rows_wanted_fn)(const json_t *row, const char *value);

size_t rows_keep(json_t *body, const char *key, rows_wanted_fn wanted, const char *value);
/* Those whose text member is `value`; in any case. */
size_t rows_keep_text(json_t *body, const char *key, const char *member, const char *value);
size_t rows_keep_number(json_t *body, const char *key, const char *member, uint64_t value);

#endif
