/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The policies; see policy.h.  All take part in the same order of classes: lowest priority number
 * first, and within it targets with a weight before targets without.
 */
#include "balance/policy.h"
#include "balance/rendezvous.h"
#include "balance/timers.h"

bool balance_target_is_usable(const struct balance_target *target)
{
	return target->interface != BALANCE_NONE &&
	       __atomic_load_n(&target->status->admin, __ATOMIC_RELAXED) == TARGET_READY &&
	       __atomic_load_n(&target->status->health, __ATOMIC_RELAXED) == TARGET_UP;
}

/* ---- the operator's wish, and when it takes effect without transactions */

/* struct target_status.change: milliseconds, one bit that tells it from "never", the wish before. */
#define CHANGE_MADE 0x80u

enum target_admin balance_admin_settled(const struct target_status *status, uint64_t now_ms,
					uint32_t settle_ms)
{
	/* In this order: whoever sees the new wish sees when it was made. */
	uint32_t admin = __atomic_load_n(&status->admin, __ATOMIC_ACQUIRE);
	uint64_t change = __atomic_load_n(&status->change, __ATOMIC_RELAXED);

	if (!change || now_ms >= (change >> 8) + settle_ms)
		return (enum target_admin)admin;
	return (enum target_admin)(change & (CHANGE_MADE - 1));
}

void balance_admin_set(struct target_status *status, enum target_admin admin, uint64_t now_ms,
		       uint32_t settle_ms)
{
	uint64_t before = (uint64_t)balance_admin_settled(status, now_ms, settle_ms);

	if (__atomic_load_n(&status->admin, __ATOMIC_RELAXED) == (uint32_t)admin)
		return;
	__atomic_store_n(&status->change, now_ms << 8 | CHANGE_MADE | before, __ATOMIC_RELAXED);
	__atomic_store_n(&status->admin, (uint32_t)admin, __ATOMIC_RELEASE);
}

uint32_t balance_settle_ms(const struct balance_snapshot *snapshot)
{
	uint32_t longest = 0;

	for (uint32_t i = 0; i < snapshot->service_count; i++) {
		const struct balance_service *service = &snapshot->services[i];
		longest = MAX(longest, balance_timers_at(snapshot, service->timer_set)->t1_ms);
	}
	return 64 * longest;
}

uint64_t balance_call_hash(const struct balance_snapshot *snapshot, struct span call_id)
{
	return hash64(&snapshot->call_key, call_id);
}

static bool is_tried(const struct balance_request *request, const struct balance_target *target)
{
	uint32_t count = MIN(request->tried_count, (uint32_t)BALANCE_TRIED_MAX);

	for (uint32_t i = 0; i < count; i++) {
		if (request->tried[i] == target->slot)
			return true;
	}
	return false;
}

/* Lower goes first. */
static uint32_t target_class(const struct balance_target *target)
{
	return ((uint32_t)target->priority << 1) | (target->weight == 0);
}

/* Targets without weight share equally among themselves. */
static uint32_t target_share(const struct balance_target *target)
{
	return target->weight ? target->weight : 1;
}

/* Who takes part in a choice. */
struct admission {
	enum {
		ADMIT_ANY,
		ADMIT_USABLE,  /* by wish and observation */
		ADMIT_READY,   /* by the wish of now */
		ADMIT_SETTLED, /* by the wish that is in effect */
	} who;
	uint64_t now_ms;
	uint32_t settle_ms;
	bool is_pending; /* set when a target was looked at whose wish is not in effect yet */
};

static bool is_admitted(const struct balance_target *target, struct admission *admission)
{
	if (admission->who == ADMIT_ANY)
		return true;
	if (admission->who == ADMIT_USABLE)
		return balance_target_is_usable(target);
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

/*
 * Weighted rendezvous in one pass.  The logarithm and the look at the target's live state are
 * spared unless the target can still win, which happens about ln(n) times in n.
 */
static uint16_t select_by_hash(const struct balance_snapshot *snapshot,
			       const struct balance_pool *pool,
			       const struct balance_request *request, struct admission *admission)
{
	const struct balance_target *targets = snapshot->targets + pool->target_first;
	uint32_t best = UINT32_MAX, best_class = UINT32_MAX, best_share = 1;
	uint64_t best_score = 0, ceiling = 0;

	for (uint32_t i = 0; i < pool->target_count; i++) {
		const struct balance_target *target = &targets[i];
		uint32_t class = target_class(target), share = target_share(target);
		if (class > best_class)
			continue;
		uint64_t uniform = rendezvous_uniform(request->call_hash, target->id);
		if (class == best_class &&
		    rendezvous_is_beaten(rendezvous_bound(uniform), share, ceiling))
			continue;
		uint64_t score = rendezvous_score(uniform);
		if (class == best_class) {
			if (rendezvous_less(best_score, best_share, score, share))
				continue;
			/* A tie goes to the lower id, whatever the order of configuration. */
			if (!rendezvous_less(score, share, best_score, best_share) &&
			    target->id >= targets[best].id)
				continue;
		}
		if (is_tried(request, target))
			continue;
		if (!is_admitted(target, admission))
			continue;
		best = i;
		best_class = class;
		best_share = share;
		best_score = score;
		ceiling = score / share + 1;
	}
	return best == UINT32_MAX ? BALANCE_NONE : (uint16_t)(pool->target_first + best);
}

/* The targets that take part in a policy that shares out turns. */
struct field {
	uint32_t class; /* UINT32_MAX: none */
	uint32_t count;
	uint32_t divisor; /* greatest common divisor of the shares */
	uint64_t total;   /* sum of the shares */
	uint32_t last;    /* index of the last */
};

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

static bool takes_part(const struct balance_target *target, const struct balance_request *request)
{
	return !is_tried(request, target) && balance_target_is_usable(target);
}

static struct field field_of(const struct balance_snapshot *snapshot,
			     const struct balance_pool *pool, const struct balance_request *request)
{
	const struct balance_target *targets = snapshot->targets + pool->target_first;
	struct field field = { .class = UINT32_MAX };

	for (uint32_t i = 0; i < pool->target_count; i++) {
		uint32_t class = target_class(&targets[i]), share = target_share(&targets[i]);
		if (class > field.class || !takes_part(&targets[i], request))
			continue;
		if (class < field.class)
			field = (struct field){ .class = class };
		field.count++;
		field.total += share;
		field.divisor = field.divisor == 1 ? 1 : common_divisor(share, field.divisor);
		field.last = i;
	}
	return field;
}

/* The target whose part of [0, total) holds `turn`. */
static uint16_t field_pick(const struct balance_snapshot *snapshot, const struct balance_pool *pool,
			   const struct balance_request *request, const struct field *field,
			   uint64_t turn)
{
	const struct balance_target *targets = snapshot->targets + pool->target_first;

	for (uint32_t i = 0; i < field->last; i++) {
		if (target_class(&targets[i]) != field->class || !takes_part(&targets[i], request))
			continue;
		uint32_t share = target_share(&targets[i]);
		if (turn < share)
			return (uint16_t)(pool->target_first + i);
		turn -= share;
	}
	/* Also when a state flipped since the field was counted. */
	return (uint16_t)(pool->target_first + field->last);
}

/*
 * The length of a step around a circle of `total` turns: prime to total, so that every turn comes
 * once a round and shares are exact, and near total / golden ratio, so that a target's turns lie
 * far apart.
 */
static uint32_t round_step(uint32_t total)
{
	uint32_t step = (uint32_t)(((uint64_t)total * 0x9e3779b9u + 0x80000000u) >> 32);

	while (common_divisor(total, step) != 1)
		step--;
	return step;
}

static uint16_t select_round_robin(const struct balance_snapshot *snapshot, uint16_t index,
				   const struct balance_request *request,
				   struct balance_state *state, bool peek)
{
	const struct balance_pool *pool = &snapshot->pools[index];
	struct field field = field_of(snapshot, pool, request);

	if (field.class == UINT32_MAX)
		return BALANCE_NONE;
	/* 65,535 targets of weight 65,535 still fit 32 bits. */
	uint32_t total = (uint32_t)(field.total / field.divisor);
	uint32_t slot = index % ARRAY_SIZE(state->round_robin);
	uint32_t step = 1; /* equal shares: strict rotation in the order of configuration */
	if (total != field.count) {
		step = state->round_total[slot] == total ? state->round_step[slot]
							 : round_step(total);
		if (!peek) {
			state->round_total[slot] = total;
			state->round_step[slot] = step;
		}
	}
	uint64_t turn = (uint64_t)(state->round_robin[slot] % total) * step % total;
	if (!peek)
		state->round_robin[slot]++;
	return field_pick(snapshot, pool, request, &field, turn * field.divisor);
}

static uint16_t select_weighted_random(const struct balance_snapshot *snapshot, uint16_t index,
				       const struct balance_request *request,
				       struct balance_state *state, bool peek)
{
	const struct balance_pool *pool = &snapshot->pools[index];
	struct field field = field_of(snapshot, pool, request);

	if (field.class == UINT32_MAX)
		return BALANCE_NONE;
	uint64_t random = state->random; /* xorshift64 (Marsaglia 2003), full period but 0 */
	random ^= random << 13;
	random ^= random >> 7;
	random ^= random << 17;
	if (!peek)
		state->random = random;
	/* Mixed, so that neighbouring states do not choose neighbouring turns. */
	uint64_t turn = (uint64_t)((rendezvous_product)hash_mix64(random) * field.total >> 64);
	return field_pick(snapshot, pool, request, &field, turn);
}

uint16_t balance_select(const struct balance_snapshot *snapshot, uint16_t pool,
			const struct balance_request *request, struct balance_state *state,
			bool peek)
{
	if (pool >= snapshot->pool_count)
		return BALANCE_NONE;
	switch ((enum balance_policy)snapshot->pools[pool].policy) {
	case POLICY_ROUND_ROBIN:
		return select_round_robin(snapshot, pool, request, state, peek);
	case POLICY_WEIGHTED_RANDOM:
		return select_weighted_random(snapshot, pool, request, state, peek);
	case POLICY_CALL_ID_HASH:
		break;
	}
	return select_by_hash(snapshot, &snapshot->pools[pool], request,
			      &(struct admission){ .who = ADMIT_USABLE });
}

uint16_t balance_select_by_hash(const struct balance_snapshot *snapshot, uint16_t pool,
				const struct balance_request *request)
{
	if (pool >= snapshot->pool_count)
		return BALANCE_NONE;
	return select_by_hash(snapshot, &snapshot->pools[pool], request,
			      &(struct admission){ .who = ADMIT_ANY });
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
	uint16_t chosen = select_by_hash(snapshot, &snapshot->pools[pool], &request, &settled);
	*announced = chosen;
	/* Where no target looked at has a change under way, the other choice looks at the same
	 * ones and ends the same. */
	if (UNLIKELY(settled.is_pending))
		*announced = select_by_hash(snapshot, &snapshot->pools[pool], &request,
					    &(struct admission){ .who = ADMIT_READY });
	return chosen;
}

const char *balance_policy_name(enum balance_policy policy)
{
	switch (policy) {
	case POLICY_CALL_ID_HASH:
		return "call-id-hash";
	case POLICY_ROUND_ROBIN:
		return "round-robin";
	case POLICY_WEIGHTED_RANDOM:
		return "weighted-random";
	}
	return "unknown";
}
