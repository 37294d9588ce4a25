/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Edits of a message: a bounded list of "replace these octets by those", applied in one pass,
 * either in place (the head moves into the headroom or towards the body; the body stays where it
 * is) or while copying to another buffer.  Inserted text lives in the list's own scratch, so that
 * moving the message cannot change it.
 *
 * Knows no SIP grammar: who composes the text is proxy/ and sip/build.h.
 */
#ifndef SIP_EDIT_H
#define SIP_EDIT_H

#include "base/span.h"
#include "base/text.h"

#define SIP_EDITS_MAX      40
#define SIP_EDIT_TEXT_MAX  4096

struct sip_edit {
	uint32_t offset;   /* in the message before any edit */
	uint32_t removed;  /* octets removed there */
	uint32_t text;     /* offset of the inserted text in the scratch */
	uint32_t inserted; /* its length */
};

struct sip_edit_list {
	uint32_t count;
	uint32_t text_len;
	bool overflow; /* too many edits, too much text, or edits that overlap */
	struct sip_edit edits[SIP_EDITS_MAX]; /* sorted by offset; same offset: in order of adding */
	char text[SIP_EDIT_TEXT_MAX];
};

static inline void sip_edit_init(struct sip_edit_list *list)
{
	list->count = 0;
	list->text_len = 0;
	list->overflow = false;
}

/* Replaces `removed` octets at `offset` by a copy of `text`.  Removals must not overlap. */
void sip_edit_replace(struct sip_edit_list *list, uint32_t offset, uint32_t removed,
		      struct span text);
static inline void sip_edit_insert(struct sip_edit_list *list, uint32_t offset, struct span text)
{
	sip_edit_replace(list, offset, 0, text);
}
static inline void sip_edit_remove(struct sip_edit_list *list, uint32_t offset, uint32_t removed)
{
	sip_edit_replace(list, offset, removed, SPAN_EMPTY);
}

/* Writer over the free scratch; commit what was written as one edit.  Saves a copy. */
struct text_writer sip_edit_open(struct sip_edit_list *list);
void sip_edit_commit(struct sip_edit_list *list, const struct text_writer *w, uint32_t offset,
		     uint32_t removed);

/* Length of the message after the edits. */
[[nodiscard]] uint32_t sip_edit_length(const struct sip_edit_list *list, uint32_t len);

/*
 * Applies the edits to bytes[0..len).  Octets before `bytes` (headroom) and after bytes + len
 * (tailroom) may be used; headroom first.  On success *out is the new start and *out_len the new
 * length.  False, and nothing changed, when the list overflowed or the room does not suffice.
 */
[[nodiscard]] bool sip_edit_apply(const struct sip_edit_list *list, char *bytes, uint32_t len,
				  uint32_t headroom, uint32_t tailroom, char **out,
				  uint32_t *out_len);

/* Writes the edited message to `out` (not overlapping).  Returns its length, or 0 when the list
 * overflowed or `size` does not suffice. */
[[nodiscard]] uint32_t sip_edit_copy(const struct sip_edit_list *list, const char *bytes,
				     uint32_t len, char *out, uint32_t size);

#endif
