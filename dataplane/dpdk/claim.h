/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One process a kernel device: AF_XDP's driver takes the XDP program off the interface when it
 * closes, also when another process put it there, and that one receives nothing from then on.
 * So a device is claimed before the driver is asked.  The claim is a name of the network
 * namespace and goes with the process, however it ends.  Control thread.
 */
#ifndef DPDK_CLAIM_H
#define DPDK_CLAIM_H

#include "base/compiler.h"

/* The claim, to be closed to give it up; -EADDRINUSE: another process has it; or -errno. */
[[nodiscard]] int claim_take(const char *kernel_device);

#endif
