/* SPDX-License-Identifier: BSD-3-Clause */
/* Keywords of the resolver.  Data only. */
#include "config/keywords.h"

static const struct keyword resolver_keywords[] = {
	{ .name = "nameservers", .type = KEYWORD_NAMESERVERS, .reloadable = true,
	  FIELD(config_resolver, nameservers), .min = 1, .max = 8,
	  .unset_means = "those of /etc/resolv.conf, read again when it changes",
	  .help = "The name servers, asked in this order until one answers.  They have to resolve on "
		  "behalf of others, and are reached through the kernel, not through Tandem's "
		  "interfaces.",
	  .example = "[192.0.2.53, \"[2001:db8::53]:53\", \"127.0.0.1:5353\"]" },
	{ .name = "ttl_min", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config_resolver, ttl_min), .min = 1 * SECONDS, .max = 1 * HOURS, .unset = "5s",
	  .help = "An answer is kept at least so long, whatever its records say.", .example = "10s" },
	{ .name = "ttl_max", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config_resolver, ttl_max), .min = 1 * SECONDS, .max = 7 * 24 * HOURS, .unset = "1h",
	  .help = "An answer is asked for anew after at most so long.", .example = "10m" },
	{ .name = "negative_ttl", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config_resolver, negative_ttl), .min = 1 * SECONDS, .max = 1 * HOURS,
	  .unset = "30s",
	  .help = "How long \"there is no such name\" is kept when the answer does not say it "
		  "(RFC 2308).",
	  .example = "10s" },
	{ .name = "timeout", .type = KEYWORD_DURATION, .reloadable = true,
	  FIELD(config_resolver, timeout), .min = 100 * MS, .max = 30 * SECONDS, .unset = "2s",
	  .help = "How long a name server has for its answer; doubles from one round of tries to the "
		  "next.",
	  .example = "500ms" },
	{ .name = "tries", .type = KEYWORD_INTEGER, .reloadable = true,
	  FIELD(config_resolver, tries), .min = 1, .max = 10, .unset = "3",
	  .help = "How often each name server is asked.", .example = "2" },
};

KEYWORD_TABLE(keywords_resolver, "resolver", config_resolver, resolver_keywords,
	      "Answers are cached, failures are not: the next one who asks has a new chance.")
