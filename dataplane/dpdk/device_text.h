/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading and completing `device:` strings ("net_af_xdp0,iface=eth1,queue_count=2").  Pure text.
 */
#ifndef DPDK_DEVICE_TEXT_H
#define DPDK_DEVICE_TEXT_H

#include "base/compiler.h"

#define DEVICE_TEXT_MAX 256

/* The value of `key=` among the arguments, NUL-terminated into value[size]; false: absent or too
 * long. */
[[nodiscard]] bool device_argument(const char *device, const char *key, char *value, size_t size);
/* The same as a number; `otherwise` where absent or not a number. */
[[nodiscard]] unsigned int device_argument_number(const char *device, const char *key,
						  unsigned int otherwise);
/* The part before the first comma. */
void device_name(const char *device, char *name, size_t size);
/* True when the name starts with the driver's ("net_af_xdp"). */
[[nodiscard]] bool device_is_driver(const char *device, const char *driver);

/*
 * The string of part `index` of an AF_XDP device.  A veth refuses more than one queue a device,
 * and accepts one device a queue: `queue_count=N` is opened as N devices of one queue, from
 * `start_queue` on.
 */
void device_af_xdp_part(const char *device, unsigned int index, char *out, size_t size);

/* AF_PACKET with frames that hold what the kernel delivers, segments joined and datagrams
 * reassembled; what the operator gave stays. */
#define DEVICE_AF_PACKET_FRAME 16384u
void device_af_packet_complete(const char *device, char *out, size_t size);

#endif
