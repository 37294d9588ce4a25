/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * srv: RFC 2782.  Of the records of the lowest priority number, those of weight 0 stand first; a
 * number is drawn out of 0 to the sum of the weights, both included, and the first record whose
 * running sum is not below it is taken.  Order is free otherwise, and so that nobody has the first
 * place by configuration it is drawn anew each time: the number 0 falls on any of the records of
 * weight 0, or, where there are none, on any at all.  The next one for a request that failed is
 * found by the same over the rest.
 */
#include "balance/rendezvous.h"
#include "balance/standing.h"

/* Records of one priority.  Part of a weight may be withheld; the whole of a record of weight 0 is
 * what stands in the way of its turn then. */
struct record {
	uint32_t class;
	uint64_t weight; /* in parts of TARGET_WEIGHT_WHOLE */
	uint32_t turn;   /* in the lot for the first place */
};

struct field {
	uint32_t class;      /* UINT32_MAX: none */
	uint64_t weights;    /* sum */
	uint64_t turns;      /* sum of all */
	uint64_t zero_turns; /* of those of weight 0 */
	uint32_t last;
};

static struct record record_of(const struct balance_target *target)
{
	uint32_t withheld = target_withheld(target);
	bool is_out = withheld == TARGET_WEIGHT_WHOLE;
	/* When no other is left, what is withheld does not matter. */
	uint32_t part = is_out ? TARGET_WEIGHT_WHOLE : TARGET_WEIGHT_WHOLE - withheld;

	return (struct record){
		.class = (uint32_t)target->priority << 1 | is_out,
		.weight = (uint64_t)target->weight * part,
		.turn = part,
	};
}

static struct field field_of(struct contest *contest)
{
	struct field field = { .class = UINT32_MAX };

	for (uint32_t i = 0; i < contest->target_count; i++) {
		const struct balance_target *target = &contest->targets[i];
		if ((uint32_t)target->priority << 1 > field.class ||
		    !contest_admits(contest, target))
			continue;
		struct record record = record_of(target);
		if (record.class > field.class)
			continue;
		if (record.class < field.class)
			field = (struct field){ .class = record.class };
		field.weights += record.weight;
		field.turns += record.turn;
		if (record.weight == 0)
			field.zero_turns += record.turn;
		field.last = i;
	}
	return field;
}

static uint64_t scale(uint64_t random, uint64_t range)
{
	return (uint64_t)((rendezvous_product)random * range >> 64);
}

enum lot { BY_WEIGHT, BY_TURN, BY_TURN_OF_ZERO };

static struct balance_choice field_pick(struct contest *contest, const struct field *field,
					enum lot lot, uint64_t number)
{
	for (uint32_t i = 0; i < field->last; i++) {
		const struct balance_target *target = &contest->targets[i];
		if ((uint32_t)target->priority << 1 > field->class ||
		    !contest_admits(contest, target))
			continue;
		struct record record = record_of(target);
		if (record.class != field->class || (lot == BY_TURN_OF_ZERO && record.weight))
			continue;
		uint64_t part = lot == BY_WEIGHT ? record.weight : record.turn;
		if (number < part)
			return contest_won(contest, i);
		number -= part;
	}
	/* Also when a state flipped since the field was counted. */
	return contest_won(contest, field->last);
}

struct balance_choice select_srv(struct contest *contest, struct balance_state *state, bool peek)
{
	struct field field = field_of(contest);

	if (field.class == UINT32_MAX)
		return contest_none(contest);
	uint64_t random = state_random(state, peek);
	uint64_t number = scale(random, field.weights + TARGET_WEIGHT_WHOLE);
	if (number >= TARGET_WEIGHT_WHOLE)
		return field_pick(contest, &field, BY_WEIGHT, number - TARGET_WEIGHT_WHOLE);
	random = hash_mix64(random);
	if (field.zero_turns)
		return field_pick(contest, &field, BY_TURN_OF_ZERO,
				  scale(random, field.zero_turns));
	return field_pick(contest, &field, BY_TURN, scale(random, field.turns));
}
