/* SPDX-License-Identifier: BSD-3-Clause */
/* Outcomes of real traffic by target; see outcomes.h. */
#include "targets/outcomes.h"

#include <stdlib.h>

struct target_outcomes {
	size_t count;
	struct target_outcome records[]; /* by id */
};

static int outcome_compare(const void *a, const void *b)
{
	const struct target_outcome *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* Those of `before` (NULL: none) and one for each target that it does not have. */
static struct target_outcomes *outcomes_join(const struct target_outcomes *before,
					     const struct balance_snapshot *snapshot)
{
	size_t room = snapshot->target_count + (before ? before->count : 0);
	struct target_outcomes *outcomes =
		calloc(1, sizeof(*outcomes) + room * sizeof(outcomes->records[0]));

	if (!outcomes)
		return NULL;
	for (size_t i = 0; before && i < before->count; i++)
		outcomes->records[outcomes->count++] = before->records[i];
	for (uint32_t i = 0; i < snapshot->target_count; i++) {
		if (!before || !target_outcomes_find(before, snapshot->targets[i].id))
			outcomes->records[outcomes->count++].id = snapshot->targets[i].id;
	}
	qsort(outcomes->records, outcomes->count, sizeof(outcomes->records[0]), outcome_compare);
	return outcomes;
}

struct target_outcomes *target_outcomes_create(const struct balance_snapshot *snapshot)
{
	return outcomes_join(NULL, snapshot);
}

bool target_outcomes_renew(struct target_outcomes **outcomes,
			   const struct balance_snapshot *snapshot)
{
	struct target_outcomes *renewed = outcomes_join(*outcomes, snapshot);

	if (!renewed)
		return false;
	free(*outcomes);
	*outcomes = renewed;
	return true;
}

void target_outcomes_destroy(struct target_outcomes *outcomes)
{
	free(outcomes);
}

static struct target_outcome *outcome_record(struct target_outcomes *outcomes, uint64_t id)
{
	const struct target_outcome key = { .id = id };

	return bsearch(&key, outcomes->records, outcomes->count, sizeof(outcomes->records[0]),
		       outcome_compare);
}

unsigned int target_delay_bucket(uint32_t us)
{
	if (us < 4)
		return us;
	const unsigned int shift = 29u - (unsigned int)__builtin_clz(us);
	return MIN((shift + 1) * 4 + (us >> shift & 3), TARGET_DELAYS - 1u);
}

uint64_t target_delay_of(unsigned int bucket)
{
	if (bucket < 4)
		return bucket;
	const unsigned int shift = bucket / 4 - 1;
	return ((UINT64_C(4) + bucket % 4 + 1) << shift) - 1;
}

/* The first sign of life of each request: an INVITE's final response comes when somebody picks up. */
static void outcome_count_delay(struct target_outcome *record, const struct outcome *outcome)
{
	const bool is_first = outcome->kind == OUTCOME_PROVISIONAL ||
			      (outcome->kind == OUTCOME_RESPONSE &&
			       !(outcome->flags & OUTCOME_IS_INVITE));

	if (is_first && outcome->delay_us)
		record->delays[target_delay_bucket(outcome->delay_us)]++;
}

static bool outcome_count_response(struct target_outcome *record, uint16_t status)
{
	unsigned int class = status / 100;

	if (class >= ARRAY_SIZE(record->responses))
		return false;
	record->responses[class]++;
	record->last_status = status;
	if (status == 503)
		record->responses_503++;
	return status == 503;
}

void target_outcomes_count(void *context, const struct outcome *outcome)
{
	struct target_outcome *record = outcome_record(context, outcome->target_id);
	bool is_failure = true;

	if (!record)
		return;
	outcome_count_delay(record, outcome);
	switch ((enum outcome_kind)outcome->kind) {
	case OUTCOME_RESPONSE:
		is_failure = outcome_count_response(record, outcome->value);
		break;
	case OUTCOME_TIMEOUT:
		/* Slow, not absent. */
		if (outcome->flags & OUTCOME_WAS_ANSWERED)
			return;
		record->timeouts++;
		break;
	case OUTCOME_TRANSPORT_ERROR:
		record->transport_errors++;
		break;
	case OUTCOME_PROVISIONAL:
	case OUTCOME_PROBE:
		return;
	}
	record->failures_in_a_row = is_failure ? record->failures_in_a_row + 1 : 0;
}

const struct target_outcome *target_outcomes_find(const struct target_outcomes *outcomes,
						  uint64_t id)
{
	return outcome_record((struct target_outcomes *)(uintptr_t)outcomes, id);
}
