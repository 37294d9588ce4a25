/* SPDX-License-Identifier: BSD-3-Clause */
/* Mapped and touched memory; see mapping.h.  Start-up only. */
#include "state/mapping.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* Since Linux 5.14; where the C library does not name it yet. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t round_up(size_t size, size_t unit)
{
	return (size + unit - 1) / unit * unit;
}

/* Maps more than is asked for and cuts off what stands over. */
static void *map_aligned(size_t size, size_t alignment, int flags)
{
	size_t whole = size + alignment - page_size();
	uint8_t *base = mmap(NULL, whole, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	if (base == MAP_FAILED)
		return NULL;
	uint8_t *aligned = (uint8_t *)round_up((uintptr_t)base, alignment);
	size_t before = (size_t)(aligned - base), after = whole - before - size;
	if (before)
		munmap(base, before);
	if (after)
		munmap(aligned + size, after);
	return aligned;
}

static bool touch(uint8_t *mapping, size_t size)
{
	if (madvise(mapping, size, MADV_POPULATE_WRITE) == 0)
		return true;
	if (errno != EINVAL)
		return false;
	for (size_t at = 0; at < size; at += page_size())
		*(volatile uint8_t *)(mapping + at) = 0;
	return true;
}

void *mapping_create(size_t size)
{
	if (!size || size > SIZE_MAX / 2)
		return NULL;
	bool large = size >= MAPPING_HUGE_PAGE;
	size = round_up(size, page_size());
	uint8_t *mapping = map_aligned(size, large ? MAPPING_HUGE_PAGE : page_size(), 0);
	if (!mapping)
		return NULL;
	/* Advice before the first touch, or the pages are small ones already. */
	if (large)
		(void)madvise(mapping, size, MADV_HUGEPAGE);
	if (!touch(mapping, size)) {
		munmap(mapping, size);
		return NULL;
	}
	return mapping;
}

void *mapping_create_untouched(size_t size)
{
	if (!size || size > SIZE_MAX / 2)
		return NULL;
	return map_aligned(round_up(size, page_size()), MAPPING_HUGE_PAGE, MAP_NORESERVE);
}

void mapping_destroy(void *mapping, size_t size)
{
	if (!mapping)
		return;
	/* The next mapping at this address would inherit the poison. */
	MEMORY_UNPOISON(mapping, round_up(size, page_size()));
	munmap(mapping, round_up(size, page_size()));
}
