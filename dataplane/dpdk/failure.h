/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Why the data plane did not start: one sentence for the operator and an errno.
 * The first sentence wins: what fails deepest knows best.
 */
#ifndef DPDK_FAILURE_H
#define DPDK_FAILURE_H

#include "base/compiler.h"

struct failure {
	char text[320];
};

/* Keeps the sentence unless there is one; returns -code. */
int failure_put(struct failure *failure, int code, const char *format, ...) PRINTF_LIKE(3, 4);

#endif
