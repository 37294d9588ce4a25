/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names for what the compiler offers: branch hints, layout, sanitizer poisoning.
 * Not a portability layer: gcc 12 and clang 14 on x86-64 are the only compilers.
 */
#ifndef BASE_COMPILER_H
#define BASE_COMPILER_H

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CACHE_LINE_SIZE 64

#define LIKELY(x)       __builtin_expect(!!(x), 1)
#define UNLIKELY(x)     __builtin_expect(!!(x), 0)
#define ALWAYS_INLINE   inline __attribute__((always_inline))
#define NO_INLINE       __attribute__((noinline))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))
#define ARRAY_SIZE(a)   (sizeof(a) / sizeof((a)[0]))
#define PREFETCH_R(p)   __builtin_prefetch((p), 0, 3)
#define PREFETCH_W(p)   __builtin_prefetch((p), 1, 3)

#define MIN(a, b)                                                                                  \
	__extension__({                                                                       \
		__typeof__(a) min_a_ = (a);                                                        \
		__typeof__(b) min_b_ = (b);                                                        \
		min_a_ < min_b_ ? min_a_ : min_b_;                                                 \
	})
#define MAX(a, b)                                                                                  \
	__extension__({                                                                       \
		__typeof__(a) max_a_ = (a);                                                        \
		__typeof__(b) max_b_ = (b);                                                        \
		max_a_ > max_b_ ? max_a_ : max_b_;                                                 \
	})

/* Freed slots and blocks of our own pools are poisoned by hand under ASan: without that a use
 * after free inside a pool is invisible to it. */
#if defined(__SANITIZE_ADDRESS__)
#define BASE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BASE_ASAN 1
#endif
#endif

#ifdef BASE_ASAN
void __asan_poison_memory_region(void const volatile *addr, size_t size);
void __asan_unpoison_memory_region(void const volatile *addr, size_t size);
#define MEMORY_POISON(p, n)   __asan_poison_memory_region((p), (n))
#define MEMORY_UNPOISON(p, n) __asan_unpoison_memory_region((p), (n))
#else
#define MEMORY_POISON(p, n)   ((void)(p), (void)(n))
#define MEMORY_UNPOISON(p, n) ((void)(p), (void)(n))
#endif

#endif
