/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a pool's configuration says of probes, blacklist and slow start.  Filled by control/config,
 * read by the machines of health/ and blacklist/.  Data only.
 */
#ifndef HEALTH_SETTINGS_H
#define HEALTH_SETTINGS_H

#include "base/compiler.h"

/* A set of SIP status codes, a bit each. */
#define STATUS_CODES_END 704
struct status_set {
	uint64_t words[STATUS_CODES_END / 64];
};

static inline void status_set_add(struct status_set *set, uint16_t status)
{
	if (status < STATUS_CODES_END)
		set->words[status / 64] |= 1ull << status % 64;
}

static inline bool status_set_has(const struct status_set *set, uint16_t status)
{
	return status < STATUS_CODES_END && (set->words[status / 64] >> status % 64 & 1);
}

/* Times in microseconds, shares in percent. */
struct probe_settings {
	uint64_t interval_us; /* 0: the pool's targets are not probed */
	uint64_t timeout_us;
	uint32_t rise, fall;
	uint32_t jitter;      /* of the interval */
	struct status_set accept;
};

struct blacklist_settings {
	uint64_t base_us, max_us;
	bool honour_retry_after;
	uint32_t panic_threshold;
	uint32_t timeouts, errors;       /* in a row; 0: never for that */
	uint32_t invite_timeouts;        /* in a row, whatever else is answered; 0: never */
	uint32_t failures, failure_ratio; /* so many at least, and so much; ratio 0: never */
	uint64_t window_us;              /* that the ratio is of */
	uint64_t slow_answer_us;         /* 0: no delay counts */
};

struct health_settings {
	struct probe_settings probe;
	struct blacklist_settings blacklist;
	uint64_t slow_start_us; /* 0: all at once */
};

#endif
