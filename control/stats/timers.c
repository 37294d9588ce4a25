/* SPDX-License-Identifier: BSD-3-Clause */
/* `show timers`: how many of each run, and how long they are; see stats.h. */
#include "api/json_text.h"
#include "balance/timers.h"
#include "stats/stats.h"

static const struct proxy_timer_info infos[PROXY_TIMER_KINDS] = {
#define X(name, text, what, clause) [PROXY_TIMER_##name] = { text, what, clause },
	PROXY_TIMERS(X)
#undef X
};

static json_t *running_row(const struct proxy_stats *p)
{
	json_t *row = json_object();
	uint64_t all = 0;

	for (size_t i = 0; i < PROXY_TIMER_KINDS; i++) {
		all += p->running[i];
		json_object_set_new(row, infos[i].name,
				    json_integer((json_int_t)p->running[i]));
	}
	/* Those of dialogs: their age, and the ACK that a 2xx waits for. */
	json_object_set_new(row, "dialogs", json_integer((json_int_t)p->dialogs));
	json_object_set_new(row, "transactions", json_integer((json_int_t)all));
	return row;
}

static json_t *kinds(void)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < PROXY_TIMER_KINDS; i++)
		json_array_append_new(rows, json_pack("{s:s, s:s, s:s}", "name",
						      infos[i].name, "what",
						      infos[i].what, "clause",
						      infos[i].clause));
	return rows;
}

static json_t *set_row(const char *of, const char *name, const struct balance_timers *t)
{
	const struct {
		const char *key;
		uint32_t ms;
	} values[] = {
		{ "T1", t->t1_ms },	{ "T2", t->t2_ms },	{ "T4", t->t4_ms },
		{ "A", t->timer_a_ms }, { "B", t->timer_b_ms }, { "C", t->timer_c_ms },
		{ "D", t->timer_d_ms }, { "E", t->timer_e_ms }, { "F", t->timer_f_ms },
		{ "G", t->timer_g_ms }, { "H", t->timer_h_ms }, { "I", t->timer_i_ms },
		{ "J", t->timer_j_ms }, { "K", t->timer_k_ms }, { "L", t->timer_l_ms },
		{ "M", t->timer_m_ms },
	};
	json_t *row = json_pack("{s:s, s:o}", "of", of, "name", json_text(name));

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		json_object_set_new(row, values[i].key, json_integer(values[i].ms));
	return row;
}

/* Each service's, and those of the pools that have their own. */
static json_t *sets(const struct balance_snapshot *s)
{
	json_t *rows = json_array();

	for (uint32_t i = 0; i < s->service_count; i++) {
		if (!s->services[i].is_retired)
			json_array_append_new(
				rows, set_row("service", s->services[i].name,
					      balance_timers_at(s, s->services[i].timer_set)));
	}
	for (uint32_t i = 0; i < s->pool_count; i++) {
		if (!s->pools[i].is_retired && s->pools[i].timer_set != BALANCE_NONE)
			json_array_append_new(rows, set_row("pool", s->pools[i].name,
							    balance_timers_at(
								    s, s->pools[i].timer_set)));
	}
	return rows;
}

json_t *stats_show_timers(const struct control *c)
{
	struct dataplane_worker_stats worker;
	struct stats_sum sum;
	json_t *rows = json_array();

	for (uint16_t i = 0; dataplane_worker_stats(c->dataplane, i, &worker); i++) {
		json_t *row = running_row(&worker.proxy);
		json_object_set_new(row, "worker", json_integer(i));
		json_array_append_new(rows, row);
	}
	stats_sum_read(c->dataplane, &sum);
	return json_pack("{s:o, s:o, s:o, s:o, s:i}", "workers", rows, "total",
			 running_row(&sum.proxy), "kinds", kinds(), "sets_ms", sets(c->snapshot),
			 "resolution_ms", 1);
}
