/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Start and end of DPDK's environment, once a process: arguments out of the configuration, logs
 * kept off the operator's screen but at hand for the sentence that explains a failure.
 * The calling thread becomes the main lcore, which is the control plane's: it never polls.
 */
#ifndef DPDK_EAL_H
#define DPDK_EAL_H

#include "dataplane.h"
#include "dpdk/failure.h"

/* `heap`: octets that DPDK's own heap must hold. */
[[nodiscard]] int eal_start(const struct dataplane_config *config, size_t heap,
			    struct failure *failure);
/* Only after a start that succeeded; DPDK cannot be started again in the process. */
void eal_stop(void);

/* The first line that DPDK has logged since the last call of eal_log_forget, without a newline; ""
 * when there is none. */
const char *eal_log_first(void);
void eal_log_forget(void);

/* True for a PCI address such as 0000:3b:00.1 at the start of a device string. */
[[nodiscard]] bool eal_device_is_pci(const char *device);

#endif
