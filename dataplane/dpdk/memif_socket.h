/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The socket file of a net_memif server: one that a killed process left behind keeps the driver
 * from starting, and its error would be taken for missing privileges.  Control thread.
 */
#ifndef DPDK_MEMIF_SOCKET_H
#define DPDK_MEMIF_SOCKET_H

#include "base/compiler.h"

/* Removes the file that a server's `device:` string names when nobody listens on it.  0: it is
 * free, or the device has no such file; -EADDRINUSE: somebody listens; or -errno. */
[[nodiscard]] int memif_socket_free(const char *device);

#endif
