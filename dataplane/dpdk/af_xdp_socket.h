/* SPDX-License-Identifier: BSD-3-Clause */
/* The sockets that DPDK's AF_XDP driver opens and does not show.  Control thread. */
#ifndef DPDK_AF_XDP_SOCKET_H
#define DPDK_AF_XDP_SOCKET_H

/*
 * Gives all of this process a wide send buffer.  In copy mode an AF_XDP socket charges what it sends
 * to that buffer, of some 90 packets by default, until the receiver has taken it, and the driver
 * spins while it is full: a slow peer would stop the worker.  What is refused stays as it is.
 */
void af_xdp_widen_sockets(void);

#endif
