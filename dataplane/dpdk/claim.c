/* SPDX-License-Identifier: BSD-3-Clause */
/* See claim.h.  Control thread. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dpdk/claim.h"

int claim_take(const char *kernel_device)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	int claim = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int length, error;

	if (claim < 0)
		return -errno;
	/* A leading NUL: no file, nothing that could be left behind. */
	length = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "tandem-device-%s",
			  kernel_device);
	if (bind(claim, (struct sockaddr *)&name,
		 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length)) == 0)
		return claim;
	error = errno;
	close(claim);
	return -error;
}
