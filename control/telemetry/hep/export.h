/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The way of SIP messages to Homer: takes the copies that workers made (dataplane_mirror), encodes
 * them as HEPv3 and sends them over UDP by the kernel's network, from a thread of its own.
 *
 * A thread, since at the rates that workers reach a datagram each message is too much for the
 * control thread beside what else it does, and nothing here touches what control owns: copies come
 * out of rings that have this thread alone as their reader, and the server is an address, never a
 * name.  It never waits for the server: what its socket does not take is dropped and counted.
 */
#ifndef TELEMETRY_HEP_EXPORT_H
#define TELEMETRY_HEP_EXPORT_H

#include "dataplane.h"

struct hep_export_config {
	struct dataplane *dataplane;
	struct endpoint server;
	uint32_t capture_id;
	uint32_t message_max;      /* octets of a SIP message; what is longer is cut */
	uint32_t one_in;  /* of the calls is sent, by Call-ID; 1: all */
	char password[64];         /* "": none */
	char node[64];             /* "": none */
};

/* All from the start on. */
struct hep_export_stats {
	uint64_t sent, sent_octets;
	uint64_t dropped_ring;     /* the worker's ring was full */
	uint64_t dropped_socket;   /* the socket's buffer was full, or the network refused */
	uint64_t dropped_encoding; /* did not fit a packet */
	uint64_t cut;              /* sent without their end */
};

struct hep_export;

/* NULL with one sentence in error[size]. */
[[nodiscard]] struct hep_export *hep_export_start(const struct hep_export_config *config,
						  char *error, size_t size);
/* Before dataplane_stop.  What the rings still hold is sent.  NULL is allowed. */
void hep_export_stop(struct hep_export *hep);
/* Any thread. */
void hep_export_stats_read(const struct hep_export *hep, struct hep_export_stats *stats);

#endif
