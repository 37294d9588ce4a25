/* SPDX-License-Identifier: BSD-3-Clause */
/* Edits of a message; see edit.h. */
#include "sip/edit.h"

/* Two edits collide when their removals share an octet, or when one inserts inside the other's
 * removal.  At the edge of a removal there is no doubt about the order. */
static bool edits_collide(const struct sip_edit *a, uint64_t offset, uint64_t removed)
{
	uint64_t a_end = (uint64_t)a->offset + a->removed, end = offset + removed;

	if (a->removed && removed)
		return offset < a_end && a->offset < end;
	return a->removed ? a->offset < offset && offset < a_end
			  : offset < a->offset && a->offset < end;
}

static void edit_add(struct sip_edit_list *list, const struct sip_edit *edit)
{
	if (list->count == SIP_EDITS_MAX) {
		list->overflow = true;
		return;
	}
	for (uint32_t i = 0; i < list->count; i++) {
		if (edits_collide(&list->edits[i], edit->offset, edit->removed)) {
			list->overflow = true;
			return;
		}
	}
	uint32_t at = list->count++;
	for (; at > 0 && list->edits[at - 1].offset > edit->offset; at--)
		list->edits[at] = list->edits[at - 1];
	list->edits[at] = *edit;
}

void sip_edit_replace(struct sip_edit_list *list, uint32_t offset, uint32_t removed,
		      struct span text)
{
	if (list->overflow || (removed == 0 && text.len == 0))
		return;
	if (text.len > SIP_EDIT_TEXT_MAX - list->text_len) {
		list->overflow = true;
		return;
	}
	if (text.len)
		memcpy(list->text + list->text_len, text.data, text.len);
	edit_add(list, &(struct sip_edit){ .offset = offset,
					   .removed = removed,
					   .text = list->text_len,
					   .inserted = (uint32_t)text.len });
	list->text_len += (uint32_t)text.len;
}

struct text_writer sip_edit_open(struct sip_edit_list *list)
{
	return text_writer_of(list->text + list->text_len, SIP_EDIT_TEXT_MAX - list->text_len);
}

void sip_edit_commit(struct sip_edit_list *list, const struct text_writer *w, uint32_t offset,
		     uint32_t removed)
{
	/* A writer opened before another edit was added would share its octets. */
	if (w->overflow || w->start != list->text + list->text_len)
		list->overflow = true;
	if (list->overflow)
		return;
	uint32_t inserted = (uint32_t)(w->at - w->start);
	if (removed == 0 && inserted == 0)
		return;
	edit_add(list, &(struct sip_edit){ .offset = offset,
					   .removed = removed,
					   .text = list->text_len,
					   .inserted = inserted });
	list->text_len += inserted;
}

uint32_t sip_edit_length(const struct sip_edit_list *list, uint32_t len)
{
	for (uint32_t i = 0; i < list->count; i++)
		len += list->edits[i].inserted - list->edits[i].removed;
	return len;
}

/* A part of the message that stays, and by how much it moves: right when above 0. */
struct segment {
	uint32_t from, len;
	int64_t shift;
};

/*
 * The parts between the edits, in order, and the last one's fate told by `tail_shift`.  A part
 * moves by tail_shift less the growth of all edits behind it.  False when an edit lies outside
 * the message.
 */
static bool segments_find(const struct sip_edit_list *list, uint32_t len, int64_t tail_shift,
			  struct segment segments[SIP_EDITS_MAX + 1])
{
	uint64_t from = 0;

	for (uint32_t i = 0; i < list->count; i++) {
		const struct sip_edit *edit = &list->edits[i];
		uint64_t end = (uint64_t)edit->offset + edit->removed;
		if (end > len)
			return false;
		/* An insertion may follow a removal at the same offset. */
		uint64_t to = MAX(from, (uint64_t)edit->offset);
		segments[i] =
			(struct segment){ .from = (uint32_t)from, .len = (uint32_t)(to - from) };
		from = MAX(from, end);
	}
	segments[list->count] = (struct segment){ .from = (uint32_t)from,
						  .len = len - (uint32_t)from,
						  .shift = tail_shift };
	for (uint32_t i = list->count; i-- > 0;)
		segments[i].shift =
			segments[i + 1].shift + list->edits[i].removed - list->edits[i].inserted;
	return true;
}

static void segment_move(char *bytes, const struct segment *segment)
{
	if (segment->len)
		memmove(bytes + segment->from + segment->shift, bytes + segment->from,
			segment->len);
}

bool sip_edit_apply(const struct sip_edit_list *list, char *bytes, uint32_t len, uint32_t headroom,
		    uint32_t tailroom, char **out, uint32_t *out_len)
{
	struct segment segments[SIP_EDITS_MAX + 1];
	int64_t growth = (int64_t)(int32_t)(sip_edit_length(list, len) - len);
	int64_t tail_shift = growth > headroom ? growth - headroom : 0;

	if (list->overflow || tail_shift > tailroom ||
	    !segments_find(list, len, tail_shift, segments))
		return false;
	/*
	 * Parts keep their order and end up disjoint.  One that moves right can only reach octets of
	 * the parts behind it: those that move right too have left already, and those that do not
	 * start at or behind their own destination, which lies behind this one's.  The same holds
	 * mirrored for those that move left, and the insertions fill what no part occupies.
	 */
	for (uint32_t i = list->count + 1; i-- > 0;) {
		if (segments[i].shift > 0)
			segment_move(bytes, &segments[i]);
	}
	for (uint32_t i = 0; i <= list->count; i++) {
		if (segments[i].shift < 0)
			segment_move(bytes, &segments[i]);
	}
	for (uint32_t i = 0; i < list->count; i++) {
		const struct sip_edit *edit = &list->edits[i];
		char *end = bytes + segments[i + 1].from + segments[i + 1].shift;
		if (edit->inserted)
			memcpy(end - edit->inserted, list->text + edit->text, edit->inserted);
	}
	*out = bytes + segments[0].shift;
	*out_len = (uint32_t)(len + growth);
	return true;
}

uint32_t sip_edit_copy(const struct sip_edit_list *list, const char *bytes, uint32_t len, char *out,
		       uint32_t size)
{
	struct segment segments[SIP_EDITS_MAX + 1];
	uint32_t at = 0;

	if (list->overflow || sip_edit_length(list, len) > size ||
	    !segments_find(list, len, 0, segments))
		return 0;
	for (uint32_t i = 0; i <= list->count; i++) {
		if (segments[i].len)
			memcpy(out + at, bytes + segments[i].from, segments[i].len);
		at += segments[i].len;
		if (i < list->count && list->edits[i].inserted) {
			memcpy(out + at, list->text + list->edits[i].text, list->edits[i].inserted);
			at += list->edits[i].inserted;
		}
	}
	return at;
}
