/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What differs between two configurations, through the table of keywords: values are compared as
 * they are printed, entries of lists by their names, hosts by theirs.
 */
#include <stdlib.h>

#include "config/model.h"

#define DIFFERENCE_PATH_MAX 512

struct compare {
	config_difference_fn tell;
	void *context;
	bool failed; /* out of memory */
};

/* Where two sections stand. */
struct place {
	const struct place *outer;
	const char *keyword;
	const char *name; /* of an entry of a list, or NULL */
};

/* An entry of a list. */
struct entry {
	const char *name;
	const void *item;
};

static void compare_sections(struct compare *compare, enum keyword_section section,
			     const struct place *place, const struct config_item *before,
			     const struct config_item *after);

static void put_place(const struct place *place, struct text_writer *w)
{
	if (place->outer) {
		put_place(place->outer, w);
		text_put_char(w, '.');
	}
	text_put(w, span_of_string(place->keyword));
	if (!place->name)
		return;
	text_put_char(w, '[');
	text_put(w, span_of_string(place->name));
	text_put_char(w, ']');
}

static void tell(struct compare *compare, const struct place *place, const char *before,
		 const char *after, struct config_position at, bool reloadable)
{
	char path[DIFFERENCE_PATH_MAX];
	struct text_writer w = text_writer_of(path, sizeof(path) - 1);

	put_place(place, &w);
	*w.at = '\0';
	const struct config_difference difference = {
		.path = path,
		.before = before,
		.after = after,
		.at = at,
		.needs_restart = !reloadable,
	};
	compare->tell(compare->context, &difference);
}

/* What `print` puts, without blanks around it.  NULL: out of memory. */
static char *text_of(struct compare *compare, const struct keyword *keyword, const void *field)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out) {
		config_print_field(keyword, field, out);
		if (fclose(out) != 0) {
			free(text);
			text = NULL;
		}
	}
	if (!text) {
		compare->failed = true;
		return NULL;
	}
	struct span trimmed = span_trim(span_of(text, size));
	memmove(text, trimmed.data, trimmed.len);
	text[trimmed.len] = '\0';
	return text;
}

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static void compare_values(struct compare *compare, enum keyword_section section,
			   const struct keyword *keyword, const struct place *place,
			   const struct config_item *before, const struct config_item *after)
{
	char *old = text_of(compare, keyword, (const unsigned char *)before + keyword->offset);
	char *new = text_of(compare, keyword, (const unsigned char *)after + keyword->offset);

	if (old && new && strcmp(old, new) != 0)
		tell(compare, place, or_null(old), or_null(new),
		     config_field_at(section, after, keyword->offset), keyword->reloadable);
	free(old);
	free(new);
}

/* ---- entries of lists */

/* "{uri: "sip:192.0.2.1", weight: 2}": what the file gives. */
static char *entry_text(struct compare *compare, enum keyword_section section,
			const struct config_item *item)
{
	const struct keyword_table *table = keyword_tables[section];
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	const char *separator = "{";

	if (!out) {
		compare->failed = true;
		return NULL;
	}
	for (uint32_t i = 0; i < table->count; i++) {
		const struct keyword *keyword = &table->keywords[i];
		if (keyword->type == KEYWORD_NOT_BUILT || !(item->given & 1u << i) ||
		    strcmp(keyword->name, "name") == 0)
			continue;
		fprintf(out, "%s%s: ", separator, keyword->name);
		separator = ", ";
		if (keyword->type == KEYWORD_LIST || keyword->type == KEYWORD_MAP) {
			fputs("...", out);
			continue;
		}
		char *value = text_of(compare, keyword,
				      (const unsigned char *)item + keyword->offset);
		fputs(value ? value : "", out);
		free(value);
	}
	fputs(separator[0] == '{' ? "{}" : "}", out);
	if (fclose(out) == 0)
		return text;
	free(text);
	compare->failed = true;
	return NULL;
}

static const char *item_name(enum keyword_section section, const void *item)
{
	int index = keyword_find(section, SPAN("name"));

	return index < 0 ? "" :
			   (const char *)item + keyword_tables[section]->keywords[index].offset;
}

static int entry_compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* By name.  NULL: out of memory. */
static struct entry *entries_of(struct compare *compare, enum keyword_section section,
				const struct config_list *list)
{
	size_t size = keyword_tables[section]->struct_size;
	struct entry *entries = calloc(list->count + 1, sizeof(*entries));

	if (!entries) {
		compare->failed = true;
		return NULL;
	}
	for (uint32_t i = 0; i < list->count; i++) {
		entries[i].item = (const unsigned char *)list->items + i * size;
		entries[i].name = item_name(section, entries[i].item);
	}
	qsort(entries, list->count, sizeof(*entries), entry_compare);
	return entries;
}

static void tell_entry(struct compare *compare, const struct keyword *keyword,
		       const struct place *outer, const struct entry *entry, bool is_added)
{
	const struct place place = { outer->outer, outer->keyword, entry->name };
	const struct config_item *item = entry->item;
	char *text = entry_text(compare, keyword->section, item);

	if (text)
		tell(compare, &place, is_added ? NULL : text, is_added ? text : NULL,
		     is_added ? item->at : (struct config_position){ 0 }, keyword->reloadable);
	free(text);
}

/* Snapshots know interfaces by their number, and so do packets that are under way. */
static void compare_order(struct compare *compare, const struct keyword *keyword,
			  const struct place *place, const struct config_list *before,
			  const struct config_list *after)
{
	size_t size = keyword_tables[keyword->section]->struct_size;

	if (keyword->reloadable || before->count != after->count)
		return;
	for (uint32_t i = 0; i < before->count; i++) {
		const struct config_item *old =
			(const void *)((const unsigned char *)before->items + i * size);
		const struct config_item *new =
			(const void *)((const unsigned char *)after->items + i * size);
		if (strcmp(item_name(keyword->section, old), item_name(keyword->section, new)) == 0)
			continue;
		tell(compare, place, "another order", "this order", new->at, false);
		return;
	}
}

static void compare_lists(struct compare *compare, const struct keyword *keyword,
			  const struct place *place, const struct config_list *before,
			  const struct config_list *after)
{
	struct entry *old = entries_of(compare, keyword->section, before);
	struct entry *new = entries_of(compare, keyword->section, after);
	uint32_t i = 0, j = 0, same = 0;

	while (old && new && (i < before->count || j < after->count)) {
		int order = i == before->count ? 1 :
			    j == after->count  ? -1 :
						 strcmp(old[i].name, new[j].name);
		if (order < 0) {
			tell_entry(compare, keyword, place, &old[i++], false);
		} else if (order > 0) {
			tell_entry(compare, keyword, place, &new[j++], true);
		} else {
			const struct place inner = { place->outer, place->keyword, new[j].name };
			compare_sections(compare, keyword->section, &inner, old[i++].item,
					 new[j++].item);
			same++;
		}
	}
	if (same == before->count)
		compare_order(compare, keyword, place, before, after);
	free(old);
	free(new);
}

/* ---- hosts */

static int host_compare(const void *a, const void *b)
{
	const struct config_host *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static const struct config_host **hosts_of(struct compare *compare, const struct config_list *list)
{
	const struct config_host *hosts = CONFIG_ITEMS(config_host, *list);
	const struct config_host **sorted = calloc(list->count + 1, sizeof(*sorted));

	compare->failed |= !sorted;
	for (uint32_t i = 0; sorted && i < list->count; i++)
		sorted[i] = &hosts[i];
	if (sorted)
		qsort(sorted, list->count, sizeof(*sorted), host_compare);
	return sorted;
}

static void compare_host(struct compare *compare, const struct keyword *keyword,
			 const struct place *outer, const struct config_host *before,
			 const struct config_host *after)
{
	const struct place place = { outer->outer, outer->keyword,
				     before ? before->name : after->name };
	char old[ENDPOINT_TEXT_MAX], new[ENDPOINT_TEXT_MAX];

	if (before && after && ip_address_equal(&before->address, &after->address))
		return;
	tell(compare, &place, before ? ip_address_to_string(&before->address, old) : NULL,
	     after ? ip_address_to_string(&after->address, new) : NULL,
	     after ? after->at : (struct config_position){ 0 }, keyword->reloadable);
}

static void compare_hosts(struct compare *compare, const struct keyword *keyword,
			  const struct place *place, const struct config_list *before,
			  const struct config_list *after)
{
	const struct config_host **old = hosts_of(compare, before);
	const struct config_host **new = hosts_of(compare, after);
	uint32_t i = 0, j = 0;

	while (old && new && (i < before->count || j < after->count)) {
		int order = i == before->count ? 1 :
			    j == after->count  ? -1 :
						 strcmp(old[i]->name, new[j]->name);
		compare_host(compare, keyword, place, order <= 0 ? old[i] : NULL,
			     order >= 0 ? new[j] : NULL);
		i += order <= 0;
		j += order >= 0;
	}
	free(old);
	free(new);
}

/* ---- sections */

/* There, and with its defaults, is something else than not there. */
static void compare_switch(struct compare *compare, const struct keyword *keyword,
			   const struct place *place, const struct config_item *before,
			   const struct config_item *after)
{
	bool was_there = before->at.line != 0, is_there = after->at.line != 0;

	if (was_there != is_there)
		tell(compare, place, was_there ? "{}" : NULL, is_there ? "{}" : NULL, after->at,
		     keyword->reloadable);
}

static void compare_keyword(struct compare *compare, enum keyword_section section,
			    const struct keyword *keyword, const struct place *outer,
			    const struct config_item *before, const struct config_item *after)
{
	const struct place place = { outer, keyword->name, NULL };
	const void *old = (const unsigned char *)before + keyword->offset;
	const void *new = (const unsigned char *)after + keyword->offset;

	switch (keyword->type) {
	case KEYWORD_NOT_BUILT:
		break;
	case KEYWORD_MAP:
		if (keyword->is_switch)
			compare_switch(compare, keyword, &place, old, new);
		compare_sections(compare, keyword->section, &place, old, new);
		break;
	case KEYWORD_LIST:
		compare_lists(compare, keyword, &place, old, new);
		break;
	case KEYWORD_HOSTS:
		compare_hosts(compare, keyword, &place, old, new);
		break;
	default:
		compare_values(compare, section, keyword, &place, before, after);
		break;
	}
}

static void compare_sections(struct compare *compare, enum keyword_section section,
			     const struct place *place, const struct config_item *before,
			     const struct config_item *after)
{
	const struct keyword_table *table = keyword_tables[section];

	for (uint32_t i = 0; i < table->count && !compare->failed; i++)
		compare_keyword(compare, section, &table->keywords[i], place, before, after);
}

bool config_differences(const struct config *before, const struct config *after,
			config_difference_fn tell_one, void *context)
{
	struct compare compare = { .tell = tell_one, .context = context };

	compare_sections(&compare, SECTION_ROOT, NULL, &before->item, &after->item);
	return !compare.failed;
}
