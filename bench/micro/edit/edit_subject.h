/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The edits of a message that is forwarded, as lists of sip/edit.h, on messages of the corpus
 * (parse/corpus.h), each with its own texts: those that the engine itself inserted when it was
 * given the message at the start.  Composing the texts (branch, hint, tokens) is not part of it.
 */
#ifndef BENCH_EDIT_SUBJECT_H
#define BENCH_EDIT_SUBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum edit_kind {
	EDIT_VIA_PUSH,     /* INVITE: our Via row */
	EDIT_RECORD_ROUTE, /* INVITE: our two Record-Route rows (RFC 5658) */
	EDIT_BOTH,         /* INVITE: both, one insertion as the engine makes it */
	EDIT_FORWARD,      /* INVITE: all that the engine does: both, Max-Breadth, Max-Forwards less
	                      one, received and rport in the Via received */
	EDIT_VIA_POP,      /* 200: the top Via row removed */
	EDIT_KINDS,
};

/* Where the edited message goes. */
enum edit_place {
	EDIT_IN_HEADROOM, /* in place, and all that is inserted fits in front */
	EDIT_IN_MBUF,     /* in place, with the headroom of a received mbuf: the rest moves back */
	EDIT_TO_COPY,     /* to another buffer */
	EDIT_PLACES,
};

/* Makes the messages and their texts.  False, after a line on stderr: out of memory, or an edit
 * does not give the octets that the engine gave. */
bool edit_open(void);
size_t edit_copies(void);
size_t edit_message_len(enum edit_kind kind);
/* Octets put in and taken out by one edit. */
size_t edit_text_len(enum edit_kind kind);
/* Builds the list of edits and applies it; then the message is put back as it was.  Returns the
 * length of the edited message. */
uint32_t edit_run(enum edit_kind kind, enum edit_place place, size_t copy);
/* The putting back alone: what has to be subtracted. */
uint32_t edit_put_back(enum edit_kind kind, enum edit_place place, size_t copy);

#ifdef __cplusplus
}
#endif

#endif
