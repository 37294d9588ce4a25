/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Questions about addresses that the snapshot answers: which interface leads there, may requests
 * be sent there, is it ourselves, which service listens, which target is this.  Pure.
 */
#ifndef BALANCE_INTERFACE_H
#define BALANCE_INTERFACE_H

#include "balance/snapshot.h"

/* The egress interface: the longest of the on-link networks and peer ranges (the latter only where
 * the interface has a gateway of that family), else the first gateway of the family.
 * BALANCE_NONE: no way. */
[[nodiscard]] uint16_t balance_egress_find(const struct balance_snapshot *snapshot,
					   const struct ip_address *address);

/* True when `address` is in the interface's peers, or, when it lists none, on one of its on-link
 * networks. */
[[nodiscard]] bool balance_is_peer(const struct balance_snapshot *snapshot, uint16_t interface,
				   const struct ip_address *address);

/* True when a target had this address of late. */
[[nodiscard]] bool balance_was_target(const struct balance_snapshot *snapshot,
				      const struct ip_address *address);

/* True when `address` is one of any interface's own. */
[[nodiscard]] bool balance_is_own_address(const struct balance_snapshot *snapshot,
					  const struct ip_address *address);

/* True when requests to `endpoint` would reach Tandem's SIP: an own address, and a port that some
 * service listens on or that is an interface's sip_port. */
[[nodiscard]] bool balance_is_own_endpoint(const struct balance_snapshot *snapshot,
					   const struct endpoint *endpoint);

/* Our sent-by address on an interface: its first address of that family.  False: none. */
[[nodiscard]] bool balance_own_endpoint(const struct balance_snapshot *snapshot, uint16_t interface,
					uint8_t family, struct endpoint *out);

/* The service for a request received at `local` from `source`: a service whose from-pool has a
 * target with the source's address wins over one without `from`.
 * BALANCE_NONE: none listens. */
[[nodiscard]] uint16_t balance_service_find(const struct balance_snapshot *snapshot,
					    const struct endpoint *local,
					    const struct endpoint *source);

/* The first target with this endpoint, any pool; BALANCE_NONE: none.  A port of 0 matches by
 * address alone. */
[[nodiscard]] uint16_t balance_target_find(const struct balance_snapshot *snapshot,
					   const struct endpoint *endpoint);

/* The target with this stable id, looked for from index `hint` on, all around; BALANCE_NONE: none. */
[[nodiscard]] uint16_t balance_target_by_id(const struct balance_snapshot *snapshot, uint64_t id,
					    uint16_t hint);

/* An IP literal, or a name of `hosts:` (compared without case).  False: unknown. */
[[nodiscard]] bool balance_host_find(const struct balance_snapshot *snapshot, struct span host,
				     struct ip_address *address);

#endif
