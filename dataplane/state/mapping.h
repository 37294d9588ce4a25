/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that is all there from the start: mapped, aligned and touched at creation, so that the
 * packet path meets no page fault.  Transparent huge pages are advised; pages of hugetlbfs are
 * left to the packet buffers.  For start-up only.
 */
#ifndef STATE_MAPPING_H
#define STATE_MAPPING_H

#include "base/compiler.h"

#define MAPPING_HUGE_PAGE ((size_t)2 << 20)

/* `size` zero octets, touched, aligned to a page (to 2 MiB from 2 MiB on).  NULL: out of
 * memory. */
[[nodiscard]] void *mapping_create(size_t size);
/* The same aligned to 2 MiB and not touched: pages appear when they are used first. */
[[nodiscard]] void *mapping_create_untouched(size_t size);
/* Lifts any poison and unmaps; `size` as it was asked for.  NULL: nothing. */
void mapping_destroy(void *mapping, size_t size);

#endif
