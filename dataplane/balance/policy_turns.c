/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * round-robin and weighted-random: the shares of all that take part are laid end to end, and a
 * turn, the next one or one by lot, falls on somebody's share.
 */
#include "balance/rendezvous.h"
#include "balance/standing.h"

/* The targets that take part. */
struct field {
	uint32_t class; /* UINT32_MAX: none */
	uint32_t count;
	uint32_t divisor; /* greatest common divisor of the shares */
	uint32_t last;    /* index of the last */
	uint64_t total;   /* sum of the shares */
};

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* Where nothing is withheld, shares are multiples of the whole: no division then. */
static bool is_divisor(uint32_t divisor, uint32_t share)
{
	if (divisor == TARGET_WEIGHT_WHOLE)
		return share % TARGET_WEIGHT_WHOLE == 0;
	return divisor && share % divisor == 0;
}

static struct field field_of(struct contest *contest)
{
	struct field field = { .class = UINT32_MAX };

	for (uint32_t i = 0; i < contest->target_count; i++) {
		const struct balance_target *target = &contest->targets[i];
		struct stake stake = stake_whole(target);
		if (stake.class > field.class || !contest_admits(contest, target))
			continue;
		stake = stake_now(target);
		if (stake.class > field.class)
			continue;
		if (stake.class < field.class)
			field = (struct field){ .class = stake.class };
		field.count++;
		field.total += stake.share;
		if (!is_divisor(field.divisor, stake.share))
			field.divisor = (uint32_t)common_divisor(stake.share, field.divisor);
		field.last = i;
	}
	return field;
}

/* The target whose part of [0, total) holds `turn`. */
static struct balance_choice field_pick(struct contest *contest, const struct field *field,
					uint64_t turn)
{
	for (uint32_t i = 0; i < field->last; i++) {
		const struct balance_target *target = &contest->targets[i];
		if (stake_whole(target).class > field->class || !contest_admits(contest, target))
			continue;
		struct stake stake = stake_now(target);
		if (stake.class != field->class)
			continue;
		if (turn < stake.share)
			return contest_won(contest, i);
		turn -= stake.share;
	}
	/* Also when a state flipped since the field was counted. */
	return contest_won(contest, field->last);
}

/*
 * The length of a step around a circle of `total` turns: prime to total, so that every turn comes
 * once a round and shares are exact, and near total / golden ratio, so that a target's turns lie
 * far apart.
 */
static uint64_t round_step(uint64_t total)
{
	uint64_t step = (uint64_t)(((rendezvous_product)total * 0x9e3779b9u + 0x80000000u) >> 32);

	while (common_divisor(total, step) != 1)
		step--;
	return step;
}

struct balance_choice select_round_robin(struct contest *contest, struct balance_state *state,
					 bool peek)
{
	struct field field = field_of(contest);

	if (field.class == UINT32_MAX)
		return contest_none(contest);
	uint64_t total = field.total / field.divisor;
	struct balance_round *round = &state->rounds[contest->pool % ARRAY_SIZE(state->rounds)];
	uint64_t step = 1; /* equal shares: strict rotation in the order of configuration */
	if (total != field.count) {
		step = round->total == total ? round->step : round_step(total);
		if (!peek) {
			round->total = total;
			round->step = step;
		}
	}
	uint64_t turn = (uint64_t)((rendezvous_product)(round->turns % total) * step % total);
	if (!peek)
		round->turns++;
	return field_pick(contest, &field, turn * field.divisor);
}

struct balance_choice select_weighted_random(struct contest *contest, struct balance_state *state,
					     bool peek)
{
	struct field field = field_of(contest);

	if (field.class == UINT32_MAX)
		return contest_none(contest);
	uint64_t random = state_random(state, peek);
	return field_pick(contest, &field,
			  (uint64_t)((rendezvous_product)random * field.total >> 64));
}
