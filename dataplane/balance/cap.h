/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a target takes at most: live calls, requests a second, and calls on trial.  Looking changes
 * nothing; taking is for the one target that was chosen.  All workers share one target's words and
 * none of them waits: a taker that others overtake too often lets the target go.
 */
#ifndef BALANCE_CAP_H
#define BALANCE_CAP_H

#include "balance/snapshot.h"
#include "base/tick.h"

/*
 * calls_max counts calls that stand and requests that the target has not answered yet, a ringing
 * call among them.  Workers that choose at the same moment do not see each other's choice: the cap
 * may be passed by as many calls as there are other workers.
 */
[[nodiscard]] bool cap_calls_is_full(const struct balance_target *target);

/*
 * rate_max is kept by the generic cell rate algorithm: after a pause a tenth of a second's worth
 * and one more pass at once, so that no second ever sees more than rate_max, a tenth of it, and
 * one.  It is exact, whatever the number of workers.
 */
[[nodiscard]] uint32_t cap_rate_burst(uint32_t rate_max);
[[nodiscard]] bool cap_rate_is_full(const struct balance_target *target, tick_t now);
/* False: full meanwhile. */
[[nodiscard]] bool cap_rate_take(const struct balance_target *target, tick_t now);

/* The calls that a target gets on trial are never more than were allowed. */
[[nodiscard]] bool cap_trial_is_left(const struct target_status *status);
[[nodiscard]] bool cap_trial_take(struct target_status *status);

#endif
