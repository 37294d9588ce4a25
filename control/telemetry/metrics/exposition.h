/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Metrics as text: Prometheus' format 0.0.4 and OpenMetrics 1.0 out of the same calls.  A growing
 * buffer; when memory is short nothing more is written and `failed` stays set.  Knows no metric of
 * ours, no clock, no HTTP.  Pure.
 *
 * A family is begun once and all its samples follow: neither format allows others in between.
 */
#ifndef TELEMETRY_EXPOSITION_H
#define TELEMETRY_EXPOSITION_H

#include "base/histogram.h"
#include "base/span.h"

enum exposition_format { EXPOSITION_TEXT, EXPOSITION_OPENMETRICS, EXPOSITION_FORMATS };

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_SUMMARY, METRIC_INFO };

/* `name` is the family's in OpenMetrics: without _total and _info, with the unit at its end. */
struct metric {
	const char *name;
	enum metric_type type;
	const char *unit; /* "seconds", "bytes", "ratio"; NULL: none */
	const char *help;
};

#define EXPOSITION_LABELS_MAX 512

/* name="value" pairs with commas between; escaped.  A pair that does not fit is left out whole. */
struct exposition_labels {
	uint16_t len;
	char text[EXPOSITION_LABELS_MAX];
};

struct exposition {
	enum exposition_format format;
	bool failed;
	char *text;
	size_t len, size;
	uint32_t samples;
	const struct metric *metric; /* of the family begun */
	size_t name_len;
};

void exposition_init(struct exposition *out, enum exposition_format format);
void exposition_fini(struct exposition *out);

void exposition_begin(struct exposition *out, const struct metric *metric);
/* One sample of the family begun: its value as it is, or as value / 10^digits, exactly. */
void exposition_put(struct exposition *out, const struct exposition_labels *labels, uint64_t value);
void exposition_put_signed(struct exposition *out, const struct exposition_labels *labels,
			   int64_t value);
void exposition_put_scaled(struct exposition *out, const struct exposition_labels *labels,
			   uint64_t value, unsigned int digits);
/*
 * A histogram of integers that are units of 10^-digits.  One bucket for each power of two from
 * 2^first to 2^last, whose bound is the greatest integer below it: at these the histogram's own
 * buckets end, so that each count is exact.
 */
void exposition_put_histogram(struct exposition *out, const struct exposition_labels *labels,
			      const struct histogram *histogram, unsigned int digits,
			      unsigned int first, unsigned int last);
/* Count and sum of a summary without quantiles. */
void exposition_put_summary(struct exposition *out, const struct exposition_labels *labels,
			    uint64_t count, uint64_t sum, unsigned int digits);
/* After the last family; with OpenMetrics the end mark. */
void exposition_end(struct exposition *out);

static inline void exposition_labels_clear(struct exposition_labels *labels)
{
	labels->len = 0;
}
void exposition_label(struct exposition_labels *labels, const char *name, const char *value);
void exposition_label_u64(struct exposition_labels *labels, const char *name, uint64_t value);

/* What the header Accept of a request asks for (RFC 9110 §12.5.1); NULL: there is none. */
[[nodiscard]] enum exposition_format exposition_accepted(const char *accept);
extern const char *const exposition_content_types[EXPOSITION_FORMATS];

#endif
