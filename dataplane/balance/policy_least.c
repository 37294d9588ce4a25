/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * least-transactions and least-calls: two different targets are drawn by lot, weighted, and the one
 * with less to do for its weight gets the request.  Two choices keep the load as even as need be,
 * and, unlike the least of all, do not send every worker's next call to one and the same target
 * (Mitzenmacher, The Power of Two Choices, 2001).  What a target has to do is counted where it
 * begins and ends, so a wrong choice corrects itself.
 */
#include "balance/rendezvous.h"
#include "balance/standing.h"

/* The order in which a weighted lottery without replacement draws is the order of rendezvous
 * scores by a random number (Efraimidis and Spirakis, 2006): the best two come out of one pass,
 * which looks at the live state of those few alone that may be among them. */
struct ticket {
	uint32_t index;
	uint32_t share;
	uint64_t score;
};

struct draw {
	uint32_t class; /* UINT32_MAX: nobody yet */
	uint32_t count;
	struct ticket best[2];
	uint64_t ceiling; /* with both places taken: of the second (rendezvous.h) */
};

static bool ticket_precedes(const struct ticket *a, const struct ticket *b)
{
	return rendezvous_less(a->score, a->share, b->score, b->share);
}

static void draw_add(struct draw *draw, uint32_t class, const struct ticket *ticket)
{
	if (class < draw->class)
		*draw = (struct draw){ .class = class };
	if (draw->count == 0 || ticket_precedes(ticket, &draw->best[0])) {
		draw->best[1] = draw->best[0];
		draw->best[0] = *ticket;
	} else if (draw->count == 1 || ticket_precedes(ticket, &draw->best[1])) {
		draw->best[1] = *ticket;
	}
	draw->count = MIN(draw->count + 1, 2u);
	draw->ceiling = draw->best[1].share ? draw->best[1].score / draw->best[1].share + 1 : 0;
}

static struct draw draw_two(struct contest *contest, uint64_t random)
{
	struct draw draw = { .class = UINT32_MAX };

	for (uint32_t i = 0; i < contest->target_count; i++) {
		const struct balance_target *target = &contest->targets[i];
		struct stake stake = stake_whole(target);
		if (stake.class > draw.class)
			continue;
		uint64_t uniform = rendezvous_uniform(random, target->id);
		if (stake.class == draw.class && draw.count == 2 &&
		    rendezvous_is_beaten(rendezvous_bound(uniform), stake.share, draw.ceiling))
			continue;
		if (!contest_admits(contest, target))
			continue;
		stake = stake_now(target);
		if (stake.class > draw.class)
			continue;
		draw_add(&draw, stake.class,
			 &(struct ticket){ i, stake.share, rendezvous_score(uniform) });
	}
	return draw;
}

static uint64_t load_of(const struct balance_target *target, enum balance_policy policy)
{
	const struct target_status *status = target->status;
	int64_t load = policy == POLICY_LEAST_CALLS ?
			       __atomic_load_n(&status->calls, __ATOMIC_RELAXED) :
			       __atomic_load_n(&status->outstanding, __ATOMIC_RELAXED);

	return load < 0 ? 0 : MIN((uint64_t)load, (uint64_t)UINT32_MAX);
}

struct balance_choice select_least(struct contest *contest, enum balance_policy policy,
				   struct balance_state *state, bool peek)
{
	struct draw draw = draw_two(contest, state_random(state, peek));
	const struct ticket *first = &draw.best[0], *second = &draw.best[1];

	if (draw.count == 0)
		return contest_none(contest);
	/* With as much to do, the first one drawn: an idle pool is shared by weight. */
	if (draw.count == 2 &&
	    load_of(&contest->targets[second->index], policy) * first->share <
		    load_of(&contest->targets[first->index], policy) * second->share)
		return contest_won(contest, second->index);
	return contest_won(contest, first->index);
}
