/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The message that is to be explained, and the path it takes in: what the operator left out is
 * chosen so that the message reaches the first service that fits.  Pure.
 */
#ifndef API_EXPLAIN_MESSAGE_H
#define API_EXPLAIN_MESSAGE_H

#include "balance/snapshot.h"
#include "base/text.h"

struct explain_path {
	struct endpoint source, local;
	uint16_t interface;
};

/* Each text may be NULL.  False, with a sentence in why[size]. */
[[nodiscard]] bool explain_path_find(const struct balance_snapshot *snapshot, const char *source,
				     const char *local, const char *interface,
				     struct explain_path *path, char *why, size_t size);

/* A plausible INVITE from path->source to path->local. */
void explain_message_put(struct text_writer *w, const struct explain_path *path,
			 struct span call_id);

/* `message` with its first Call-ID replaced.  False: it has none, or no room. */
[[nodiscard]] bool explain_message_put_with_call_id(struct text_writer *w, struct span message,
						    struct span call_id);

/* A word of printable bytes, as a header's value can hold it. */
[[nodiscard]] bool explain_call_id_is_usable(struct span call_id);

#endif
