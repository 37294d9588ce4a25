/* SPDX-License-Identifier: BSD-3-Clause */
/* Targets without new calls; see drain.h. */
#include "targets/drain.h"

#include "api/json_text.h"

static int64_t calls_of(const struct target_status *status)
{
	return __atomic_load_n(&status->calls, __ATOMIC_RELAXED);
}

int64_t drain_calls(const struct balance_target *target)
{
	return calls_of(target->status);
}

static void drain_forget(struct drain *drain, uint64_t id)
{
	for (uint32_t i = 0; i < drain->count; i++) {
		if (drain->entries[i].id == id)
			drain->entries[i--] = drain->entries[--drain->count];
	}
}

void drain_watch(struct drain *drain, const char *pool, const struct balance_target *target,
		 bool is_out)
{
	drain_forget(drain, target->id);
	if (!is_out || drain_calls(target) <= 0 || drain->count == DRAIN_TARGETS_MAX)
		return;
	struct drain_entry *entry = &drain->entries[drain->count++];
	*entry = (struct drain_entry){ .id = target->id, .status = target->status };
	snprintf(entry->name, sizeof(entry->name), "%s/%s", pool, target->name);
}

static bool has_target(const struct balance_snapshot *snapshot, uint64_t id)
{
	for (uint32_t i = 0; i < snapshot->target_count; i++) {
		if (snapshot->targets[i].id == id)
			return true;
	}
	return false;
}

void drain_compare(struct drain *drain, const struct balance_snapshot *before,
		   const struct balance_snapshot *after)
{
	for (uint32_t i = 0; i < before->target_count; i++) {
		const struct balance_target *target = &before->targets[i];
		/* Few have calls and are gone: only those are looked for. */
		if (drain_calls(target) > 0 && !has_target(after, target->id))
			drain_watch(drain, before->pools[target->pool].name, target, true);
	}
	for (uint32_t i = 0; i < after->target_count && drain->count; i++) {
		const struct balance_target *target = &after->targets[i];
		if (__atomic_load_n(&target->status->admin, __ATOMIC_RELAXED) == TARGET_READY)
			drain_forget(drain, target->id);
	}
}

void drain_poll(struct drain *drain, struct events *events)
{
	for (uint32_t i = 0; i < drain->count; i++) {
		const struct drain_entry *entry = &drain->entries[i];
		if (calls_of(entry->status) > 0)
			continue;
		events_raise(events, "target",
			     json_pack("{s:o, s:i}", "target", json_text(entry->name), "calls", 0),
			     "%s: the last call has ended", entry->name);
		drain->entries[i--] = drain->entries[--drain->count];
	}
}
