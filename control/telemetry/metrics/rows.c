/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields of structs as families; see families.h. */
#include "telemetry/metrics/families.h"

static uint64_t nanoseconds(uint64_t cycles, uint64_t tsc_hz)
{
	__extension__ typedef unsigned __int128 wide;

	return tsc_hz ? (uint64_t)((wide)cycles * 1000000000u / tsc_hz) : 0;
}

static void put_field(struct exposition *out, const struct row *row,
		      const struct exposition_labels *labels, const void *base, uint64_t tsc_hz)
{
	const char *at = (const char *)base + row->offset;
	const void *field = at;

	switch (row->kind) {
	case ROW_U64:
		exposition_put(out, labels, __atomic_load_n((const uint64_t *)field, __ATOMIC_RELAXED));
		break;
	case ROW_I64:
		exposition_put_signed(out, labels,
				      __atomic_load_n((const int64_t *)field, __ATOMIC_RELAXED));
		break;
	case ROW_U32:
		exposition_put(out, labels, __atomic_load_n((const uint32_t *)field, __ATOMIC_RELAXED));
		break;
	case ROW_CYCLES:
		exposition_put_scaled(out, labels,
				      nanoseconds(__atomic_load_n((const uint64_t *)field,
								  __ATOMIC_RELAXED),
						  tsc_hz),
				      9);
		break;
	case ROW_MICROSECONDS:
		exposition_put_scaled(out, labels,
				      __atomic_load_n((const uint64_t *)field, __ATOMIC_RELAXED), 6);
		break;
	}
}

void rows_put(struct exposition *out, const struct row *rows, size_t row_count,
	      struct row_thing *things, size_t thing_count, uint64_t tsc_hz)
{
	for (size_t r = 0; r < row_count; r++) {
		const struct row *row = &rows[r];

		if (r == 0 || strcmp(row->metric.name, rows[r - 1].metric.name) != 0)
			exposition_begin(out, &row->metric);
		for (size_t t = 0; t < thing_count; t++) {
			struct exposition_labels *labels = &things[t].labels;
			const uint16_t len = labels->len;

			if (row->label)
				exposition_label(labels, row->label, row->value);
			put_field(out, row, labels, things[t].base, tsc_hz);
			labels->len = len;
		}
	}
}
