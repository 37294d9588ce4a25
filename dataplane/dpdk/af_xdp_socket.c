/* SPDX-License-Identifier: BSD-3-Clause */
/* See af_xdp_socket.h.  Control thread. */
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/compiler.h"
#include "dpdk/af_xdp_socket.h"

#define SEND_BUFFER (16 << 20)

void af_xdp_widen_sockets(void)
{
	const int size = SEND_BUFFER;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	/* They are found among ours. */
	for (int fd = 3; fd < (int)MIN(limit.rlim_cur, (rlim_t)4096); fd++) {
		socklen_t len = sizeof(int);
		int domain;

		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_XDP)
			(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	}
}
