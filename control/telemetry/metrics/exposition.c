/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics as text; see exposition.h. */
#include "telemetry/metrics/exposition.h"

#include <stdlib.h>

#include "base/text.h"

#define FIRST_SIZE (64u << 10)

void exposition_init(struct exposition *out, enum exposition_format format)
{
	*out = (struct exposition){ .format = format };
}

void exposition_fini(struct exposition *out)
{
	free(out->text);
	*out = (struct exposition){ .failed = true };
}

/* Where `len` octets may be written; NULL: no memory. */
static char *room(struct exposition *out, size_t len)
{
	size_t size = out->size ? out->size : FIRST_SIZE;
	char *text;

	if (out->failed)
		return NULL;
	if (LIKELY(out->size - out->len >= len))
		return out->text + out->len;
	while (size - out->len < len)
		size *= 2;
	text = realloc(out->text, size);
	if (!text) {
		out->failed = true;
		return NULL;
	}
	out->text = text;
	out->size = size;
	return out->text + out->len;
}

static void put(struct exposition *out, struct span text)
{
	char *at = room(out, text.len);

	if (!at)
		return;
	if (text.len)
		memcpy(at, text.data, text.len);
	out->len += text.len;
}

static void put_string(struct exposition *out, const char *text)
{
	put(out, span_of_string(text));
}

/* ---- families ----------------------------------------------------------------------------- */

static const char *const type_names[] = {
	[METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram",
	[METRIC_SUMMARY] = "summary", [METRIC_INFO] = "info",
};

/* What a sample has behind the family's name. */
static const char *sample_suffix(enum metric_type type)
{
	return type == METRIC_COUNTER ? "_total" : type == METRIC_INFO ? "_info" : "";
}

/* Of the 0.0.4 format: names are those of the samples, and it knows no info. */
static void put_head(struct exposition *out, const char *keyword, const struct metric *metric)
{
	put_string(out, keyword);
	put_string(out, metric->name);
	if (out->format == EXPOSITION_TEXT)
		put_string(out, sample_suffix(metric->type));
	put(out, SPAN(" "));
}

static void put_help(struct exposition *out, const char *help)
{
	for (const char *at = help; *at; at++) {
		if (*at == '\\')
			put(out, SPAN("\\\\"));
		else if (*at == '\n')
			put(out, SPAN("\\n"));
		else if (*at == '"' && out->format == EXPOSITION_OPENMETRICS)
			put(out, SPAN("\\\""));
		else
			put(out, span_of(at, 1));
	}
	put(out, SPAN("\n"));
}

void exposition_begin(struct exposition *out, const struct metric *metric)
{
	const bool is_info = metric->type == METRIC_INFO && out->format == EXPOSITION_TEXT;

	out->metric = metric;
	out->name_len = strlen(metric->name);
	put_head(out, "# TYPE ", metric);
	put_string(out, is_info ? "gauge" : type_names[metric->type]);
	put(out, SPAN("\n"));
	if (metric->unit && out->format == EXPOSITION_OPENMETRICS) {
		put_head(out, "# UNIT ", metric);
		put_string(out, metric->unit);
		put(out, SPAN("\n"));
	}
	put_head(out, "# HELP ", metric);
	put_help(out, metric->help);
}

void exposition_end(struct exposition *out)
{
	if (out->format == EXPOSITION_OPENMETRICS)
		put(out, SPAN("# EOF\n"));
}

/* ---- samples ------------------------------------------------------------------------------ */

static void put_u64(struct exposition *out, uint64_t value)
{
	char text[24];
	struct text_writer w = text_writer_of(text, sizeof(text));

	text_put_u64(&w, value);
	put(out, text_written(&w));
}

/* value / 10^digits, without zeros at the end. */
static void put_decimal(struct exposition *out, uint64_t value, unsigned int digits)
{
	char fraction[20];
	unsigned int len = digits;

	for (unsigned int i = digits; i-- > 0; value /= 10)
		fraction[i] = (char)('0' + value % 10);
	while (len && fraction[len - 1] == '0')
		len--;
	put_u64(out, value);
	if (len) {
		put(out, SPAN("."));
		put(out, span_of(fraction, len));
	}
}

static char *append(char *at, const char *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}

/* Name, suffix and labels, with one look whether there is room: a page is mostly this. */
static void put_name(struct exposition *out, const char *suffix,
		     const struct exposition_labels *labels)
{
	const size_t suffix_len = strlen(suffix), labels_len = labels ? labels->len : 0;
	char *at = room(out, out->name_len + suffix_len + labels_len + 3);

	out->samples++;
	if (!at)
		return;
	at = append(at, out->metric->name, out->name_len);
	at = append(at, suffix, suffix_len);
	if (labels_len) {
		*at++ = '{';
		at = append(at, labels->text, labels_len);
		*at++ = '}';
	}
	*at++ = ' ';
	out->len = (size_t)(at - out->text);
}

void exposition_put_scaled(struct exposition *out, const struct exposition_labels *labels,
			   uint64_t value, unsigned int digits)
{
	put_name(out, sample_suffix(out->metric->type), labels);
	put_decimal(out, value, digits);
	put(out, SPAN("\n"));
}

void exposition_put(struct exposition *out, const struct exposition_labels *labels, uint64_t value)
{
	exposition_put_scaled(out, labels, value, 0);
}

void exposition_put_signed(struct exposition *out, const struct exposition_labels *labels,
			   int64_t value)
{
	put_name(out, sample_suffix(out->metric->type), labels);
	if (value < 0)
		put(out, SPAN("-"));
	put_u64(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
	put(out, SPAN("\n"));
}

static void put_bucket(struct exposition *out, const struct exposition_labels *labels,
		       const uint64_t *bound, unsigned int digits, uint64_t count)
{
	put_string(out, out->metric->name);
	put(out, SPAN("_bucket{"));
	if (labels && labels->len) {
		put(out, span_of(labels->text, labels->len));
		put(out, SPAN(","));
	}
	put(out, SPAN("le=\""));
	if (bound)
		put_decimal(out, *bound, digits);
	else
		put(out, SPAN("+Inf"));
	put(out, SPAN("\"} "));
	put_u64(out, count);
	put(out, SPAN("\n"));
	out->samples++;
}

static void put_sum_and_count(struct exposition *out, const struct exposition_labels *labels,
			      uint64_t sum, uint64_t count, unsigned int digits)
{
	put_name(out, "_sum", labels);
	put_decimal(out, sum, digits);
	put(out, SPAN("\n"));
	put_name(out, "_count", labels);
	put_u64(out, count);
	put(out, SPAN("\n"));
}

void exposition_put_histogram(struct exposition *out, const struct exposition_labels *labels,
			      const struct histogram *histogram, unsigned int digits,
			      unsigned int first, unsigned int last)
{
	unsigned int bucket = 0;
	uint64_t count = 0;

	for (unsigned int power = first; power <= last; power++) {
		const uint64_t bound = (UINT64_C(1) << power) - 1;

		for (; bucket < histogram_bucket(bound + 1); bucket++)
			count += histogram->buckets[bucket];
		put_bucket(out, labels, &bound, digits, count);
	}
	/* Of the buckets too, and not the histogram's own count: it may be written meanwhile. */
	for (; bucket < HISTOGRAM_BUCKETS; bucket++)
		count += histogram->buckets[bucket];
	put_bucket(out, labels, NULL, 0, count);
	put_sum_and_count(out, labels, histogram->sum, count, digits);
}

void exposition_put_summary(struct exposition *out, const struct exposition_labels *labels,
			    uint64_t count, uint64_t sum, unsigned int digits)
{
	put_sum_and_count(out, labels, sum, count, digits);
}

/* ---- labels ------------------------------------------------------------------------------- */

void exposition_label(struct exposition_labels *labels, const char *name, const char *value)
{
	struct text_writer w = text_writer_of(labels->text + labels->len,
					      sizeof(labels->text) - labels->len);

	if (labels->len)
		text_put_char(&w, ',');
	text_put(&w, span_of_string(name));
	text_put(&w, SPAN("=\""));
	for (const char *at = value; *at; at++) {
		if (*at == '\\' || *at == '"') {
			text_put_char(&w, '\\');
			text_put_char(&w, *at);
		} else if (*at == '\n') {
			text_put(&w, SPAN("\\n"));
		} else {
			text_put_char(&w, *at);
		}
	}
	text_put_char(&w, '"');
	if (!w.overflow)
		labels->len = (uint16_t)(labels->len + text_written(&w).len);
}

void exposition_label_u64(struct exposition_labels *labels, const char *name, uint64_t value)
{
	char text[24];
	struct text_writer w = text_writer_of(text, sizeof(text) - 1);

	text_put_u64(&w, value);
	*w.at = '\0';
	exposition_label(labels, name, text);
}

/* ---- what is asked for -------------------------------------------------------------------- */

const char *const exposition_content_types[EXPOSITION_FORMATS] = {
	[EXPOSITION_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
	[EXPOSITION_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/* Thousandths of "q=0.5"; -1: no quality value (RFC 9110 §12.4.2). */
static int quality_of(struct span text)
{
	int value, scale = 100;

	if (text.len == 0 || text.len > 5 || (text.data[0] != '0' && text.data[0] != '1'))
		return -1;
	value = (text.data[0] - '0') * 1000;
	if (text.len > 1 && text.data[1] != '.')
		return -1;
	for (size_t i = 2; i < text.len; i++, scale /= 10) {
		if (text.data[i] < '0' || text.data[i] > '9')
			return -1;
		value += (text.data[i] - '0') * scale;
	}
	return value <= 1000 ? value : -1;
}

/* Takes the part up to `separator` off. */
static struct span next_part(struct span *rest, char separator)
{
	size_t end = span_find(*rest, separator);
	struct span part = span_trim(span_of(rest->data, end));

	*rest = span_from(*rest, end + 1);
	return part;
}

struct media_range {
	struct span type, version; /* version empty: any */
	int quality;
};

static struct media_range parse_range(struct span text)
{
	struct media_range range = { .type = next_part(&text, ';'), .quality = 1000 };

	while (text.len) {
		struct span value = next_part(&text, ';'), name = next_part(&value, '=');

		value = span_trim(value);
		if (value.len >= 2 && value.data[0] == '"')
			value = span_of(value.data + 1, value.len - 2);
		if (span_equal_nocase(name, SPAN("q")))
			range.quality = quality_of(value);
		else if (span_equal_nocase(name, SPAN("version")))
			range.version = value;
	}
	return range;
}

static bool is_version(struct span version, struct span ours)
{
	return version.len == 0 || span_equal(version, ours);
}

/* OpenMetrics only where it is named: a wildcard is no knowledge of it. */
enum exposition_format exposition_accepted(const char *accept)
{
	struct span rest = accept ? span_of_string(accept) : SPAN_EMPTY;
	int text = 0, openmetrics = 0;

	while (rest.len) {
		struct media_range range = parse_range(next_part(&rest, ','));

		if (span_equal_nocase(range.type, SPAN("application/openmetrics-text")) &&
		    is_version(range.version, SPAN("1.0.0")))
			openmetrics = MAX(openmetrics, range.quality);
		else if ((span_equal_nocase(range.type, SPAN("text/plain")) &&
			  is_version(range.version, SPAN("0.0.4"))) ||
			 span_equal_nocase(range.type, SPAN("text/*")) ||
			 span_equal_nocase(range.type, SPAN("*/*")))
			text = MAX(text, range.quality);
	}
	return openmetrics > 0 && openmetrics >= text ? EXPOSITION_OPENMETRICS : EXPOSITION_TEXT;
}
