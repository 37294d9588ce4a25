/* SPDX-License-Identifier: BSD-3-Clause */
/* Text of unknown origin as a JSON string. */
#ifndef API_JSON_TEXT_H
#define API_JSON_TEXT_H

#include <jansson.h>

/* A JSON string; where the text is no UTF-8, every byte outside ASCII becomes '?'.  NULL: out of
 * memory. */
json_t *json_text(const char *text);

#endif
