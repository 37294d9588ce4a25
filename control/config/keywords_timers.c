/* SPDX-License-Identifier: BSD-3-Clause */
/* Keywords of the three sections with timers.  Data only. */
#include "config/keywords.h"

/* One timer: in `timers`, where some have a default, and in a service's or a pool's. */
#define TIMER(name_, member_, min_, max_, default_, help_, example_)                               \
	{ .name = name_, .type = KEYWORD_DURATION, .reloadable = true,                             \
	  FIELD(config_timers, member_), .min = (min_), .max = (max_), default_, .help = help_,    \
	  .example = example_ }

#define WHOLE_MIN (100 * MS)
#define WHOLE_MAX (24 * HOURS)

/* RFC 3261 Table 4, RFC 6026.  DEFAULT(value, meaning) fills .unset and .unset_means. */
#define TIMERS(DEFAULT)                                                                            \
	TIMER("t1", t1, 10 * MS, 10 * SECONDS, DEFAULT("500ms", NULL),                             \
	      "Estimate of the round-trip time: the first retransmission comes after it, and 64 " \
	      "times it is the end of a transaction.  Below 500 ms in closed networks only (RFC "  \
	      "3261 §17.1.1.1).", "500ms"),                                                        \
	TIMER("t2", t2, 10 * MS, 60 * SECONDS, DEFAULT("4s", NULL),                                \
	      "Longest interval between retransmissions of a non-INVITE request and of an INVITE " \
	      "response.  At least t1.", "4s"),                                                    \
	TIMER("t4", t4, 10 * MS, 60 * SECONDS, DEFAULT("5s", NULL),                                \
	      "Longest time that a message stays in the network.", "5s"),                          \
	TIMER("timer_a", timer_a, 10 * MS, 10 * SECONDS, DEFAULT(NULL, "t1"),                      \
	      "First interval between retransmissions of an INVITE; it doubles without limit.",   \
	      "500ms"),                                                                            \
	TIMER("timer_b", timer_b, WHOLE_MIN, WHOLE_MAX, DEFAULT(NULL, "64 times t1"),              \
	      "How long an INVITE waits for its first response.", "32s"),                         \
	TIMER("timer_c", timer_c, 3 * MINUTES + MS, 24 * HOURS, DEFAULT("181s", NULL),             \
	      "How long an INVITE may ring after its last provisional response.  More than three " \
	      "minutes (RFC 3261 §16.6 item 11).", "5m"),                                          \
	TIMER("timer_d", timer_d, 32 * SECONDS, WHOLE_MAX,                                         \
	      DEFAULT(NULL, "64 times t1, but 32s at least"),                                      \
	      "How long retransmissions of a refused INVITE's final response are answered with "  \
	      "an ACK.  At least 32 seconds (RFC 3261 §17.1.1.2).", "32s"),                        \
	TIMER("timer_e", timer_e, 10 * MS, 60 * SECONDS, DEFAULT(NULL, "t1"),                      \
	      "First interval between retransmissions of a non-INVITE request and of a CANCEL of " \
	      "ours; it doubles up to t2, and is t2 after a provisional response.", "500ms"),      \
	TIMER("timer_f", timer_f, WHOLE_MIN, WHOLE_MAX, DEFAULT(NULL, "64 times t1"),              \
	      "How long a non-INVITE request waits for its final response.", "32s"),              \
	TIMER("timer_g", timer_g, 10 * MS, 60 * SECONDS, DEFAULT(NULL, "t1"),                      \
	      "First interval between retransmissions of a refusal of an INVITE; it doubles up to " \
	      "t2.", "500ms"),                                                                     \
	TIMER("timer_h", timer_h, WHOLE_MIN, WHOLE_MAX, DEFAULT(NULL, "64 times t1"),              \
	      "How long a refusal of an INVITE waits for its ACK.", "32s"),                        \
	TIMER("timer_i", timer_i, 10 * MS, WHOLE_MAX, DEFAULT(NULL, "t4"),                         \
	      "How long further copies of that ACK are absorbed.", "5s"),                          \
	TIMER("timer_j", timer_j, WHOLE_MIN, WHOLE_MAX, DEFAULT(NULL, "64 times t1"),              \
	      "How long retransmissions of an answered non-INVITE request get its response again.", \
	      "32s"),                                                                              \
	TIMER("timer_k", timer_k, 10 * MS, WHOLE_MAX, DEFAULT(NULL, "t4"),                         \
	      "How long further copies of a non-INVITE request's response are absorbed.", "5s"),   \
	TIMER("timer_l", timer_l, WHOLE_MIN, WHOLE_MAX, DEFAULT(NULL, "64 times t1"),              \
	      "How long retransmissions of an INVITE that was answered with 2xx are absorbed (RFC " \
	      "6026 §7.1).", "32s"),                                                               \
	TIMER("timer_m", timer_m, WHOLE_MIN, WHOLE_MAX, DEFAULT(NULL, "64 times t1"),              \
	      "How long further 2xx to an INVITE are passed on (RFC 6026 §7.2).", "32s")

#define OWN_DEFAULT(value, meaning) .unset = value, .unset_means = meaning
#define AS_IN_TIMERS(value, meaning) .unset_means = "as in `timers`"

static const struct keyword timers_keywords[] = { TIMERS(OWN_DEFAULT) };
static const struct keyword inner_timers_keywords[] = { TIMERS(AS_IN_TIMERS) };

KEYWORD_TABLE(keywords_timers, "timers", config_timers, timers_keywords,
	      "Transactions that run keep the timers they began with.")

KEYWORD_TABLE(keywords_service_timers, "services[].timers", config_timers, inner_timers_keywords,
	      "Timers A to M follow T1, T2 and T4 of the same section "
	      "unless they are given.")

KEYWORD_TABLE(keywords_pool_timers, "pools[].timers", config_timers, inner_timers_keywords,
	      "Of the timers of a client transaction (A to F, K, M); the "
	      "others go by the service.")
