/* SPDX-License-Identifier: BSD-3-Clause */
/* What tables and lists for people show of an answer: titles, and where the value stands. */
#ifndef CTL_RENDER_COLUMNS_H
#define CTL_RENDER_COLUMNS_H

#include "ctl/field.h"

struct column {
	const char *title;
	const char *path;
	enum field_kind kind;
};

/* A line of "label: value, value"; `text` has a field for each %. */
struct line {
	const char *label;
	struct {
		const char *before; /* text before the value */
		const char *path;   /* NULL: no more values */
		enum field_kind kind;
	} values[6];
};

/* Each ends with a NULL. */
extern const struct column services_columns[];
extern const struct column pools_columns[];
extern const struct column targets_columns[];
extern const struct column interfaces_columns[];
extern const struct column workers_columns[];
extern const struct column stages_columns[];
extern const struct column drops_columns[];
extern const struct column dialog_workers_columns[];
extern const struct column dialog_services_columns[];
extern const struct column memory_columns[];
extern const struct column copies_columns[];
extern const struct column packets_columns[];
extern const struct column timers_columns[];
extern const struct column timer_sets_columns[];
extern const struct column txns_columns[];
extern const struct column standings_columns[];
extern const struct column clients_columns[];
extern const struct column agents_columns[];
extern const struct column agent_sets_columns[];
extern const struct column answers_columns[];
extern const struct line status_lines[];
extern const struct line memory_lines[];
extern const struct line stages_lines[];
extern const struct line drops_lines[];
extern const struct line asked_lines[];
extern const struct line explain_lines[];

#endif
