/* SPDX-License-Identifier: BSD-3-Clause */
/* Rate limits of lines; see limit.h. */
#include "telemetry/log/limit.h"

/* The key, else a free one, else the one that was longest not seen. */
static struct limit_key *key_of(struct limit *limit, const char *name)
{
	struct limit_key *chosen = &limit->keys[0];

	for (uint32_t i = 0; i < LIMIT_KEYS; i++) {
		struct limit_key *key = &limit->keys[i];

		if (strncmp(key->name, name, sizeof(key->name) - 1) == 0)
			return key;
		if (chosen->name[0] && (!key->name[0] || key->seen_ms < chosen->seen_ms))
			chosen = key;
	}
	*chosen = (struct limit_key){ .due_ms = 0 };
	memcpy(chosen->name, name, MIN(strlen(name), sizeof(chosen->name) - 1));
	return chosen;
}

bool limit_pass(struct limit *limit, const char *name, uint64_t now_ms, uint64_t *left_out)
{
	struct limit_key *key = key_of(limit, name);
	uint64_t due = MAX(key->due_ms, now_ms);

	key->seen_ms = now_ms;
	*left_out = 0;
	if (due - now_ms > (uint64_t)(LIMIT_BURST - 1) * LIMIT_REFILL_MS) {
		key->left_out++;
		limit->left_out++;
		return false;
	}
	key->due_ms = due + LIMIT_REFILL_MS;
	*left_out = key->left_out;
	key->left_out = 0;
	return true;
}

bool limit_settle(struct limit *limit, uint64_t now_ms, char name[LIMIT_NAME_MAX],
		  uint64_t *left_out)
{
	for (uint32_t i = 0; i < LIMIT_KEYS; i++) {
		struct limit_key *key = &limit->keys[i];

		if (key->left_out == 0 || now_ms - key->seen_ms < LIMIT_QUIET_MS)
			continue;
		memcpy(name, key->name, LIMIT_NAME_MAX);
		*left_out = key->left_out;
		key->left_out = 0;
		return true;
	}
	return false;
}
