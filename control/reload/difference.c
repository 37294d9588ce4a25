/* SPDX-License-Identifier: BSD-3-Clause */
/* What differs between two snapshots; see difference.h. */
#include "reload/difference.h"

#include <stdlib.h>
#include <string.h>

#include "api/json_text.h"

/* Targets of both, in order of their ids. */
struct entry {
	const struct balance_snapshot *of;
	const struct balance_target *target;
	bool is_after;
};

struct telling {
	struct events *events;
	const char *why;
	uint32_t told, left_out;
};

static int entry_compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->target->id != y->target->id)
		return x->target->id < y->target->id ? -1 : 1;
	return (int)x->is_after - (int)y->is_after;
}

static const char *pool_name(const struct entry *entry)
{
	return entry->of->pools[entry->target->pool].name;
}

static bool may_tell(struct telling *telling)
{
	if (telling->told == DIFFERENCE_EVENTS_MAX) {
		telling->left_out++;
		return false;
	}
	telling->told++;
	return true;
}

static void tell_one(struct telling *telling, const struct entry *entry, const char *change)
{
	const struct balance_target *target = entry->target;
	char text[ENDPOINT_TEXT_MAX];

	if (!may_tell(telling))
		return;
	endpoint_to_string(&target->endpoint, text);
	events_raise(telling->events, "target",
		     json_pack("{s:o, s:o, s:s, s:s, s:o}", "pool", json_text(pool_name(entry)),
			       "target", json_text(target->name), "change", change, "endpoint",
			       text, "why", json_text(telling->why)),
		     "%s/%s: %s, %s (%s)", pool_name(entry), target->name, change, text,
		     telling->why);
}

static void put_number(char *text, size_t size, const char *name, uint32_t before, uint32_t after)
{
	size_t used = strlen(text);

	if (before != after)
		snprintf(text + used, size - used, ", %s %u, was %u", name, after, before);
}

static void tell_change(struct telling *telling, const struct entry *entry,
			const struct balance_target *before)
{
	const struct balance_target *after = entry->target;
	char text[256] = "", new[ENDPOINT_TEXT_MAX], old[ENDPOINT_TEXT_MAX];

	if (!endpoint_equal(&before->endpoint, &after->endpoint))
		snprintf(text, sizeof(text), ", %s, was %s",
			 endpoint_to_string(&after->endpoint, new),
			 endpoint_to_string(&before->endpoint, old));
	put_number(text, sizeof(text), "priority", before->priority, after->priority);
	put_number(text, sizeof(text), "weight", before->weight, after->weight);
	put_number(text, sizeof(text), "live calls at most", before->calls_max, after->calls_max);
	put_number(text, sizeof(text), "requests a second at most", before->rate_max,
		   after->rate_max);
	if (!text[0] || !may_tell(telling))
		return;
	events_raise(telling->events, "target",
		     json_pack("{s:o, s:o, s:s, s:o}", "pool", json_text(pool_name(entry)),
			       "target", json_text(after->name), "change", "changed", "why",
			       json_text(telling->why)),
		     "%s/%s: changed%s (%s)", pool_name(entry), after->name, text, telling->why);
}

static uint32_t collect(struct entry *entries, uint32_t count, const struct balance_snapshot *of,
			bool is_after)
{
	for (uint32_t i = 0; i < of->target_count; i++)
		entries[count++] =
			(struct entry){ .of = of, .target = &of->targets[i], .is_after = is_after };
	return count;
}

void difference_tell(struct events *events, const struct balance_snapshot *before,
		     const struct balance_snapshot *after, const char *why)
{
	struct telling telling = { .events = events, .why = why };
	size_t room = (size_t)before->target_count + after->target_count;
	struct entry *entries = calloc(room + 1, sizeof(*entries));

	if (!entries)
		return;
	uint32_t count = collect(entries, 0, before, false);
	count = collect(entries, count, after, true);
	qsort(entries, count, sizeof(*entries), entry_compare);
	for (uint32_t i = 0; i < count; i++) {
		bool is_pair = i + 1 < count && entries[i + 1].target->id == entries[i].target->id;
		if (is_pair) {
			tell_change(&telling, &entries[i + 1], entries[i].target);
			i++;
		} else {
			tell_one(&telling, &entries[i], entries[i].is_after ? "added" : "removed");
		}
	}
	if (telling.left_out)
		events_raise(events, "target", json_pack("{s:I}", "left_out", (json_int_t)telling.left_out),
			     "%u more targets were added, removed or changed (%s)",
			     telling.left_out, why);
	free(entries);
}
