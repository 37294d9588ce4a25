/* SPDX-License-Identifier: BSD-3-Clause */
/* See failure.h.  Control thread. */
#include <stdarg.h>
#include <stdio.h>

#include "dpdk/failure.h"

int failure_put(struct failure *failure, int code, const char *format, ...)
{
	va_list arguments;

	if (failure->text[0] == '\0') {
		va_start(arguments, format);
		vsnprintf(failure->text, sizeof(failure->text), format, arguments);
		va_end(arguments);
	}
	return code > 0 ? -code : code;
}
