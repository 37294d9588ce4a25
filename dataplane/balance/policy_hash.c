/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * call-id-hash: weighted rendezvous.  Each target's score for a call is its own, so what is left
 * out, and what of its weight is withheld, moves calls off that target and no other call.
 */
#include "balance/rendezvous.h"
#include "balance/standing.h"

/* Where a target stands for this call. */
struct rank {
	struct stake stake;
	uint64_t score;
	uint64_t id;
};

#define RANK_LAST ((struct rank){ .stake = { .class = UINT32_MAX, .share = 1 } })

/* A tie goes to the lower id, whatever the order of configuration. */
static bool rank_precedes(const struct rank *a, const struct rank *b)
{
	if (a->stake.class != b->stake.class)
		return a->stake.class < b->stake.class;
	if (rendezvous_less(a->score, a->stake.share, b->score, b->stake.share))
		return true;
	return !rendezvous_less(b->score, b->stake.share, a->score, a->stake.share) &&
	       a->id < b->id;
}

/* Who takes part, and how. */
struct admission {
	enum {
		ADMIT_ANY,
		ADMIT_USABLE,  /* by wish, observation and caps, with what is not withheld */
		ADMIT_READY,   /* by the wish of now */
		ADMIT_SETTLED, /* by the wish that is in effect */
	} who;
	struct contest *contest; /* of ADMIT_USABLE */
	uint64_t now_ms;
	uint32_t settle_ms;
	bool is_pending; /* set when a target was looked at whose wish is not in effect yet */
};

/* The operator's wish alone. */
static bool is_wished(const struct balance_target *target, struct admission *admission)
{
	if (target->interface == BALANCE_NONE)
		return false;
	enum target_admin admin = (enum target_admin)__atomic_load_n(&target->status->admin,
								     __ATOMIC_RELAXED);
	if (admission->who == ADMIT_SETTLED) {
		enum target_admin settled = balance_admin_settled(
			target->status, admission->now_ms, admission->settle_ms);
		admission->is_pending |= (settled == TARGET_READY) != (admin == TARGET_READY);
		admin = settled;
	}
	return admin == TARGET_READY;
}

/* Is it still ahead of `best` when its live state counts?  Sets the stake that it has then. */
static bool is_ahead(const struct balance_target *target, struct admission *admission,
		     struct rank *rank, const struct rank *best)
{
	if (admission->who == ADMIT_ANY)
		return true;
	if (admission->who != ADMIT_USABLE)
		return is_wished(target, admission);
	if (!contest_admits(admission->contest, target))
		return false;
	struct stake now = stake_now(target);
	if (LIKELY(now.share == rank->stake.share && now.class == rank->stake.class))
		return true;
	rank->stake = now;
	return rank_precedes(rank, best);
}

struct winner {
	uint32_t index;  /* UINT32_MAX: none */
	bool is_first;   /* nobody is ahead of it by Call-ID and configuration */
};

/*
 * One pass.  The logarithm and the look at the target's live state are spared unless the target
 * can still win with its whole weight, which happens about ln(n) times in n.
 */
static struct winner find_winner(const struct balance_target *targets, uint32_t count,
				 const struct balance_request *request,
				 struct admission *admission)
{
	struct winner winner = { .index = UINT32_MAX };
	struct rank best = RANK_LAST;       /* of who takes part */
	struct rank best_whole = RANK_LAST; /* the same target's with nothing withheld */
	struct rank first = RANK_LAST;      /* with nothing withheld, of all that were looked at */
	uint64_t ceiling = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct balance_target *target = &targets[i];
		struct rank whole = { .stake = stake_whole(target), .id = target->id };
		if (whole.stake.class > best.stake.class)
			continue;
		uint64_t uniform = rendezvous_uniform(request->call_hash, target->id);
		if (whole.stake.class == best.stake.class &&
		    rendezvous_is_beaten(rendezvous_bound(uniform), whole.stake.share, ceiling))
			continue;
		whole.score = rendezvous_score(uniform);
		if (!rank_precedes(&whole, &best))
			continue;
		struct rank now = whole;
		bool is_passed = request_has_tried(request, target) ||
				 !is_ahead(target, admission, &now, &best);
		if (rank_precedes(&whole, &first))
			first = whole;
		if (is_passed)
			continue;
		winner.index = i;
		best = now;
		best_whole = whole;
		ceiling = best.score / best.stake.share + 1;
	}
	winner.is_first = !rank_precedes(&first, &best_whole);
	return winner;
}

/* A later request of the call may find it full, or its trial over, or more of it withheld. */
static bool may_be_passed_soon(const struct balance_target *target)
{
	return target->calls_max || target->rate_max || target_withheld(target) ||
	       __atomic_load_n(&target->status->health, __ATOMIC_RELAXED) != TARGET_UP;
}

struct balance_choice select_by_hash(struct contest *contest)
{
	struct admission admission = { .who = ADMIT_USABLE, .contest = contest };
	struct winner winner = find_winner(contest->targets, contest->target_count,
					   contest->request, &admission);

	if (winner.index == UINT32_MAX)
		return contest_none(contest);
	struct balance_choice choice = contest_won(contest, winner.index);
	choice.is_remembered = !winner.is_first ||
			       may_be_passed_soon(&contest->targets[winner.index]);
	return choice;
}

static uint16_t find_target(const struct balance_snapshot *snapshot, uint16_t index,
			    const struct balance_request *request, struct admission *admission)
{
	const struct balance_pool *pool = &snapshot->pools[index];
	struct winner winner = find_winner(snapshot->targets + pool->target_first,
					   pool->target_count, request, admission);

	return winner.index == UINT32_MAX ? BALANCE_NONE :
					    (uint16_t)(pool->target_first + winner.index);
}

uint16_t balance_select_by_hash(const struct balance_snapshot *snapshot, uint16_t pool,
				const struct balance_request *request)
{
	if (pool >= snapshot->pool_count)
		return BALANCE_NONE;
	return find_target(snapshot, pool, request, &(struct admission){ .who = ADMIT_ANY });
}

uint16_t balance_select_settled(const struct balance_snapshot *snapshot, uint16_t pool,
				uint64_t call_hash, uint64_t now_ms, uint16_t *announced)
{
	const struct balance_request request = { .call_hash = call_hash };
	struct admission settled = { .who = ADMIT_SETTLED,
				     .now_ms = now_ms,
				     .settle_ms = snapshot->settle_ms };

	*announced = BALANCE_NONE;
	if (pool >= snapshot->pool_count)
		return BALANCE_NONE;
	uint16_t chosen = find_target(snapshot, pool, &request, &settled);
	*announced = chosen;
	/* Where no target looked at has a change under way, the other choice looks at the same
	 * ones and ends the same. */
	if (UNLIKELY(settled.is_pending))
		*announced = find_target(snapshot, pool, &request,
					 &(struct admission){ .who = ADMIT_READY });
	return chosen;
}
