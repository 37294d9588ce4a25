/* SPDX-License-Identifier: BSD-3-Clause */
/* Keywords of a pool's probes and blacklist.  Data only. */
#include "config/keywords.h"

static const struct keyword_choice method_choices[] = {
	{ "OPTIONS", 0, NULL },
};

static const struct keyword probe_keywords[] = {
	{ .name = "method", .type = KEYWORD_CHOICE, .reloadable = true,
	  FIELD(config_probe, method), CHOICES(method_choices), .unset = "OPTIONS",
	  .help = "What is asked.", .example = "OPTIONS" },
	{ .name = "interval", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config_probe, interval), .min = 100 * MS, .max = 1 * HOURS, .unset = "2s",
	  .help = "From one probe of a target to its next.  The targets of all pools are spread over "
		  "it, and only one probe of a target is under way.",
	  .example = "5s" },
	{ .name = "timeout", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config_probe, timeout), .min = 50 * MS, .max = 32 * SECONDS, .unset = "1s",
	  .help = "A probe that has no answer by then failed.  It is repeated after t1 until then, as "
		  "every request.  At most `interval`.  A target that answered calls meanwhile is there: "
		  "then a probe without an answer counts for nothing.",
	  .example = "500ms" },
	{ .name = "rise", .type = KEYWORD_INTEGER, .reloadable = true, FIELD(config_probe, rise),
	  .min = 1, .max = 100, .unset = "2",
	  .help = "So many good ones in a row bring a target that is down up again.",
	  .example = "3" },
	{ .name = "fall", .type = KEYWORD_INTEGER, .reloadable = true, FIELD(config_probe, fall),
	  .min = 1, .max = 100, .unset = "3",
	  .help = "So many that failed in a row take a target down.  With the defaults a target that "
		  "falls silent is down after 5 to 8 s; its calls fail over as `failover` says, and "
		  "`try_next_after` there keeps them from waiting for Timer B.",
	  .example = "2" },
	{ .name = "jitter", .type = KEYWORD_PERCENT, .reloadable = true,
	  FIELD(config_probe, jitter), .min = 0, .max = 100, .unset = "20%",
	  .help = "Of the interval: 20% is 0.9 to 1.1 intervals, by lot for each probe, so that "
		  "instances do not fall into step.",
	  .example = "10%" },
	{ .name = "accept", .type = KEYWORD_CODES, .reloadable = true,
	  FIELD(config_probe, accept), .min = 1, .max = CONFIG_CODES_MAX,
	  .unset = "[200-407, 409-502, 505-699]",
	  .help = "The answers that are good.  By default all but 408 and 504 (a proxy's word that "
		  "what is behind it does not answer) and 503: who answers 401, 404 or 405 to OPTIONS "
		  "is there.  503 is a case of its own unless it is listed here: the target lives and "
		  "says that it is full, so the probe is neither good nor bad, and the target gets "
		  "less of its weight; with Retry-After it is blacklisted for that time.  Servers that "
		  "answer 500 when what they depend on is gone want `[200-299]`.",
	  .example = "[200-299, 404, 405]" },
};

static const struct keyword blacklist_keywords[] = {
	{ .name = "base", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config_blacklist, base), .min = 100 * MS, .max = 1 * HOURS, .unset = "5s",
	  .help = "How long a target is avoided when it is listed for the first time.  Each time in a "
		  "row it is twice as long, and up to a tenth more by lot.  The row is forgotten when "
		  "the target was in good order for twice as long as it was listed last, and at least "
		  "ten times `base`.  When the time is over, one probe (where there are probes, and the "
		  "target was silent) or one call tries; then the target returns (`slow_start`), or is "
		  "listed again.",
	  .example = "10s" },
	{ .name = "max", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config_blacklist, max), .min = 1 * SECONDS, .max = 24 * HOURS, .unset = "5m",
	  .help = "The longest time on the list, also when a server asks for a longer one by "
		  "Retry-After.",
	  .example = "10m" },
	{ .name = "honour_retry_after", .type = KEYWORD_BOOLEAN, .reloadable = true,
	  FIELD(config_blacklist, honour_retry_after), .unset = "true",
	  .help = "A 503 with Retry-After lists the target for that time, 1 s to `max` (RFC 3261 "
		  "§21.5.4).  false, and always without Retry-After: the request fails over, and the "
		  "target gets less of its weight, down to a tenth, while it refuses, and all of it "
		  "within half a minute afterwards: full is not dead.",
	  .example = "false" },
	{ .name = "panic_threshold", .type = KEYWORD_PERCENT, .reloadable = true,
	  FIELD(config_blacklist, panic_threshold), .min = 0, .max = 100, .unset = "50%",
	  .help = "When more than this share of a pool's ready targets would be out, by probes or by "
		  "the list, all ready ones are used, whatever was observed: a call at a target that "
		  "may be dead is better than none.  It ends when no more than that have been out for "
		  "5 s.  100%: never.",
	  .example = "70%" },
	{ .name = "timeouts", .type = KEYWORD_INTEGER, .reloadable = true,
	  FIELD(config_blacklist, timeouts), .min = 0, .max = 1000, .unset = "1",
	  .help = "So many INVITEs that timed out in a row list a target.  One counts only if not "
		  "even a 100 came to it, nor an answer to anything else since it was sent: an INVITE "
		  "is sent seven times in 64*t1, and that much silence is enough; but a target that "
		  "answers others and drops what a stranger sent it is in good order.  A non-INVITE "
		  "that timed out counts beside an INVITE and never alone: a slow answer is not an "
		  "absent one (RFC 4321 §1.3).  0: never.  64*t1 is long: `probe` is faster.",
	  .example = "2" },
	{ .name = "invite_timeouts", .type = KEYWORD_INTEGER, .reloadable = true,
	  FIELD(config_blacklist, invite_timeouts), .min = 0, .max = 16, .unset = "3",
	  .help = "So many INVITEs that timed out in a row list a target that answers other requests, "
		  "say OPTIONS, and no INVITE.  They are of different Call-IDs, were sent over at least "
		  "`window`, and no INVITE of anybody was answered in between, not even by 100.  One "
		  "INVITE then tries it, no probe and no other request.  A stranger whose odd INVITEs a "
		  "target drops can so list it only where no INVITE of anybody else is answered there "
		  "for longer than 64*t1, as at night.  It returns when its time is over and an INVITE "
		  "was answered meanwhile, in a dialog say, or the one that tries it is; when that one "
		  "is the stranger's again, it is out for twice as long, `max` at most.  "
		  "`panic_threshold` keeps him from emptying a pool; 100% takes that away.  One call "
		  "that is dropped, however often it is tried again, lists nobody, and no drop counts "
		  "for "
		  "`failure_ratio`.  0: never.",
	  .example = "5" },
	{ .name = "errors", .type = KEYWORD_INTEGER, .reloadable = true,
	  FIELD(config_blacklist, errors), .min = 0, .max = 1000, .unset = "2",
	  .help = "So many ICMP errors in a row (port or host unreachable, for requests of ours that "
		  "they quote), with no answer in between, list a target: two, so that a process that "
		  "just restarts under light traffic is not listed, and one that is gone is found "
		  "with the second call.  0: never.",
	  .example = "1" },
	{ .name = "failure_ratio", .type = KEYWORD_PERCENT, .reloadable = true,
	  FIELD(config_blacklist, failure_ratio), .min = 0, .max = 100, .unset = "50%",
	  .help = "A target is listed when so large a share of what was sent to it within `window` "
		  "failed (ICMP errors, and INVITEs that timed out as above), and at least `failures`. "
		  "0%: never.",
	  .example = "30%" },
	{ .name = "failures", .type = KEYWORD_INTEGER, .reloadable = true,
	  FIELD(config_blacklist, failures), .min = 1, .max = 1000000, .unset = "10",
	  .help = "The least number of failures for `failure_ratio`.", .example = "20" },
	{ .name = "window", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config_blacklist, window), .min = 1 * SECONDS, .max = 1 * HOURS, .unset = "10s",
	  .help = "The time that `failure_ratio` looks back.", .example = "30s" },
	{ .name = "slow_answer", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config_blacklist, slow_answer), .min = 10 * MS, .max = 32 * SECONDS,
	  .unset_means = "no answer is too slow",
	  .help = "An INVITE whose first answer takes longer than this counts as a 503 without "
		  "Retry-After: the target gets less of its weight.  It is never listed for it.  `show "
		  "targets` has the delays.",
	  .example = "2s" },
};

KEYWORD_TABLE(keywords_probe, "pools[].probe", config_probe, probe_keywords,
	      "A target is down after `fall` probes in a row that failed, and up after `rise` good "
	      "ones.  A probe is for one target alone: those that share its name are not touched.")

KEYWORD_TABLE(keywords_blacklist, "pools[].blacklist", config_blacklist, blacklist_keywords,
	      "Only configured targets can be listed.  Answers like 486, 404 or 600 say nothing of a "
	      "target.  The list survives a reload and not a restart: what is wrong with a target is "
	      "found again faster than a stale list does harm, and `target maint` is for what should "
	      "last.  `tandemctl blacklist add` lists by hand.  Services without transactions do "
	      "not go by it.")
