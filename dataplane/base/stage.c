/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a worker's cycles go; see stage.h. */
#include "base/stage.h"

#include <string.h>

#include "base/hash.h"

#define CALIBRATION_ROUNDS  64
#define CALIBRATION_CHANGES 64

const struct stage_info stage_infos[STAGES] = {
#define STAGE_INFO(id, name_, help_) [STAGE_##id] = { .name = name_, .help = help_ },
	STAGE_LIST(STAGE_INFO)
#undef STAGE_INFO
};

struct stage_clock stage_clock_off = { .passes_left = UINT64_MAX };

static_assert(sizeof(struct stage_totals) % sizeof(uint64_t) == 0);
static_assert(STAGES <= UINT8_MAX, "current holds one");

static void add(uint64_t *word, uint64_t by)
{
	__atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) + by, __ATOMIC_RELAXED);
}

/* Even between 0 and twice the mean, so that samples come as often as asked for and at no fixed
 * distance. */
static uint32_t draw_distance(struct stage_clock *clock)
{
	uint64_t mean = clock->config.passes_a_sample - 1u;

	clock->random = hash_mix64(clock->random + UINT64_C(0x9e3779b97f4a7c15));
	return (uint32_t)(clock->random % (2 * mean + 1));
}

static void charge(struct stage_clock *clock, uint64_t now)
{
	uint64_t stay = now - clock->last;

	clock->cycles[clock->current] += stay;
	clock->entries[clock->current]++;
	if (stay > clock->longest)
		clock->longest = stay;
	clock->last = now;
}

static void forget_pass(struct stage_clock *clock)
{
	memset(clock->cycles, 0, sizeof(clock->cycles));
	memset(clock->entries, 0, sizeof(clock->entries));
	clock->longest = 0;
}

/* Between two reads lies, besides the work, what one change takes: of some rows of changes with
 * nothing between them the mean of the fastest row, since single reads overlap. */
static uint64_t measure_read_cost(struct stage_clock *clock)
{
	uint64_t least = UINT64_MAX;

	stage_sample_begin(clock, STAGE_OTHER, clock->config.read());
	for (int round = 0; round < CALIBRATION_ROUNDS; round++) {
		uint64_t before = clock->last;

		for (int i = 0; i < CALIBRATION_CHANGES; i++)
			(void)stage_enter(clock, i & 1 ? STAGE_OTHER : STAGE_RX);
		least = MIN(least, clock->last - before);
	}
	clock->is_sampling = false;
	forget_pass(clock);
	return least / CALIBRATION_CHANGES;
}

void stage_clock_init(struct stage_clock *clock, const struct stage_clock_config *config)
{
	*clock = (struct stage_clock){ .config = *config, .random = config->seed };
	clock->read_cost = measure_read_cost(clock);
	clock->passes_left = draw_distance(clock);
}

enum stage stage_change(struct stage_clock *clock, enum stage stage)
{
	enum stage before = clock->current;

	charge(clock, clock->config.read());
	clock->current = (uint8_t)stage;
	return before;
}

void stage_sample_begin(struct stage_clock *clock, enum stage stage, uint64_t now)
{
	clock->is_sampling = true;
	clock->current = (uint8_t)stage;
	clock->begin = clock->last = now;
}

static void keep_pass(struct stage_clock *clock, uint64_t messages)
{
	struct stage_totals *totals = &clock->totals;
	uint64_t own = 0;

	for (unsigned int s = 0; s < STAGES; s++) {
		uint64_t cost;

		if (!clock->entries[s])
			continue;
		cost = MIN(clock->entries[s] * clock->read_cost, clock->cycles[s]);
		add(&totals->cycles[s], clock->cycles[s] - cost);
		add(&totals->entries[s], clock->entries[s]);
		own += cost;
	}
	add(&totals->clock_cycles, own);
	add(&totals->busy_cycles, clock->last - clock->begin);
	add(&totals->passes, 1);
	add(&totals->messages, messages);
}

void stage_sample_end(struct stage_clock *clock, bool is_busy, uint64_t messages, uint64_t now)
{
	charge(clock, now);
	clock->is_sampling = false;
	if (is_busy) {
		if (clock->longest <= clock->config.stay_max)
			keep_pass(clock, messages);
		else
			add(&clock->totals.broken_passes, 1);
		clock->passes_left = draw_distance(clock);
	}
	forget_pass(clock);
}

void stage_totals_add(struct stage_totals *into, const struct stage_totals *from)
{
	const uint64_t *word = (const uint64_t *)(const void *)from;
	uint64_t *to = (uint64_t *)(void *)into;

	for (size_t i = 0; i < sizeof(*into) / sizeof(*to); i++)
		to[i] += __atomic_load_n(&word[i], __ATOMIC_RELAXED);
}
