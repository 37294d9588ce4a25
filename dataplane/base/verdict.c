/* SPDX-License-Identifier: BSD-3-Clause */
/* Names and texts of the verdicts; see verdict.h. */
#include "base/verdict.h"

const struct verdict_reason_info verdict_reasons[VERDICT_REASON_COUNT] = {
	[VERDICT_REASON_NONE] = { "none", "no reason recorded", "", 0 },
#define X(name_, status_, help_, clause_)                                                          \
	[REASON_##name_] = { .name = #name_, .help = help_, .clause = clause_, .status = status_ },
	VERDICT_REASONS(X)
#undef X
};

const char *verdict_kind_name(enum verdict_kind kind)
{
	static const char *const names[VERDICT_KINDS] = {
		[VERDICT_FORWARD] = "forward", [VERDICT_REPLY] = "reply",
		[VERDICT_ABSORB] = "absorb",   [VERDICT_HANDOFF] = "handoff",
		[VERDICT_PUNT] = "punt",       [VERDICT_DROP] = "drop",
	};
	return names[kind];
}
