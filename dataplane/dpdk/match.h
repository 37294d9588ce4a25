/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What filters of traces and captures look for in a message: as few lines of it as will do, before
 * and without parsing.  Judges nothing: of a malformed message there is nothing to be found.
 */
#ifndef DPDK_MATCH_H
#define DPDK_MATCH_H

#include "base/span.h"

/* The method of a request line, or of a response's CSeq; empty: there is none. */
[[nodiscard]] struct span match_method(struct span message);
/* Its Call-ID; empty: it has none. */
[[nodiscard]] struct span match_call_id(struct span message);

/* The UDP payload of a frame, and where it goes; a fragment but the first has no ports and no
 * payload.  False: no IP packet. */
struct match_frame {
	struct span payload;       /* empty: not UDP, or not the first fragment */
	const uint8_t *source, *destination; /* addresses */
	uint8_t family;            /* enum ip_family */
	uint16_t source_port, destination_port; /* 0: none */
};
[[nodiscard]] bool match_frame_of(const uint8_t *frame, uint32_t len, struct match_frame *out);

#endif
