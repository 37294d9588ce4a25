/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics of DNS, out of the answer to `show dns`; see families.h. */
#include "resolver/dns.h"
#include "resolver/resolver.h"
#include "telemetry/metrics/families.h"

/* One member of each name's row. */
static const struct {
	struct metric metric;
	const char *member;
} name_families[] = {
	{ GAUGE("tandem_dns_records", "SRV records of the name in the answer that is in force."),
	  "records" },
	{ GAUGE("tandem_dns_targets", "Targets that these give."), "targets" },
	{ GAUGE_IN("seconds", "tandem_dns_age_seconds", "Time since that answer came."), "age_s" },
	{ GAUGE_IN("seconds", "tandem_dns_ttl_seconds", "How long it is good for."), "ttl_s" },
	{ GAUGE("tandem_dns_failures_in_a_row", "Attempts since the last answer, all in vain."),
	  "failures" },
	{ GAUGE("tandem_dns_unusable_records", "Records of the answer that cannot be targets."),
	  "unusable" },
};

static const struct metric lookups_metric =
	COUNTER("tandem_dns_lookups", "Names that were to be looked up.");
static const struct metric cached_metric =
	COUNTER("tandem_dns_cached_lookups", "Of these answered from the cache.");
static const struct metric questions_metric =
	COUNTER("tandem_dns_questions", "Questions to name servers.");
static const struct metric failures_metric =
	COUNTER("tandem_dns_failures", "Lookups that ended without an answer.");
static const struct metric waiting_metric =
	GAUGE("tandem_dns_waiting_lookups", "Lookups that wait for an answer.");

static void put_one(struct exposition *out, const struct metric *metric, uint64_t value)
{
	exposition_begin(out, metric);
	exposition_put(out, NULL, value);
}

static void put_names(struct exposition *out, const json_t *names)
{
	const json_t *row;
	size_t i;

	for (size_t f = 0; f < ARRAY_SIZE(name_families); f++) {
		exposition_begin(out, &name_families[f].metric);
		json_array_foreach(names, i, row) {
			const json_t *value = json_object_get(row, name_families[f].member);
			struct exposition_labels labels = { .len = 0 };
			double number = json_number_value(value);

			/* What is not known (no answer yet) has no sample. */
			if (!json_is_number(value))
				continue;
			exposition_label(&labels, "name",
					 json_string_value(json_object_get(row, "name")));
			exposition_put_scaled(out, &labels, number > 0 ? (uint64_t)(number * 1000) : 0, 3);
		}
	}
}

void families_put_dns(struct exposition *out, const struct page *page)
{
	const struct control *control = page->control;
	struct resolver_counters counters;
	json_t *answer;

	if (!control->dns)
		return;
	counters = resolver_counters(dns_resolver(control));
	put_one(out, &lookups_metric, counters.lookups);
	put_one(out, &cached_metric, counters.from_cache);
	put_one(out, &questions_metric, counters.questions);
	put_one(out, &failures_metric, counters.failures);
	put_one(out, &waiting_metric, counters.waiting);
	answer = dns_show(control, NULL);
	put_names(out, json_object_get(answer, "names"));
	json_decref(answer);
}
