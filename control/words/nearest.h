/* SPDX-License-Identifier: BSD-3-Clause */
/* The word that a misspelt one may stand for.  Knows no keywords and no commands. */
#ifndef WORDS_NEAREST_H
#define WORDS_NEAREST_H

#include "base/span.h"

/* Whether `name` may have been meant by `wanted` and more so than the best so far, whose distance
 * is *best (begin with UINT32_MAX). */
[[nodiscard]] bool word_is_nearer(struct span wanted, struct span name, unsigned int *best);

#endif
