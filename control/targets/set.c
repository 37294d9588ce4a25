/* SPDX-License-Identifier: BSD-3-Clause */
/* The target set; see set.h. */
#include "targets/set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct target_list {
	struct target_spec *specs;
	uint32_t count;
};

struct target_pool {
	struct target_pool *next;
	char name[BALANCE_NAME_MAX];
	struct target_list of[TARGET_SOURCES];
	struct target_member *members;
	uint32_t member_count;
};

struct target_set {
	struct target_pool *pools;
};

const char *target_source_name(enum target_source source)
{
	static const char *const names[TARGET_SOURCES] = {
		[TARGET_SOURCE_CONFIG] = "config",
		[TARGET_SOURCE_SRV] = "srv",
		[TARGET_SOURCE_AGENT] = "agent",
		[TARGET_SOURCE_OPERATOR] = "operator",
	};
	return (unsigned int)source < TARGET_SOURCES ? names[source] : "?";
}

struct target_set *target_set_create(void)
{
	return calloc(1, sizeof(struct target_set));
}

void target_set_destroy(struct target_set *set)
{
	if (!set)
		return;
	for (struct target_pool *pool = set->pools, *next; pool; pool = next) {
		next = pool->next;
		for (int i = 0; i < TARGET_SOURCES; i++)
			free(pool->of[i].specs);
		free(pool->members);
		free(pool);
	}
	free(set);
}

static struct target_pool *pool_find(const struct target_set *set, const char *name)
{
	struct target_pool *pool = set->pools;

	while (pool && strcmp(pool->name, name) != 0)
		pool = pool->next;
	return pool;
}

/* NULL: out of memory. */
static struct target_pool *pool_provide(struct target_set *set, const char *name)
{
	struct target_pool *pool = pool_find(set, name);

	if (pool)
		return pool;
	pool = calloc(1, sizeof(*pool));
	if (!pool)
		return NULL;
	snprintf(pool->name, sizeof(pool->name), "%s", name);
	pool->next = set->pools;
	set->pools = pool;
	return pool;
}

static bool specs_equal(const struct target_spec *a, const struct target_spec *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->uri, b->uri) == 0 &&
	       endpoint_equal(&a->endpoint, &b->endpoint) && a->priority == b->priority &&
	       a->weight == b->weight && a->calls_max == b->calls_max && a->rate_max == b->rate_max;
}

static bool lists_equal(const struct target_list *a, const struct target_list *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		if (!specs_equal(&a->specs[i], &b->specs[i]))
			return false;
	}
	return true;
}

static bool specs_are_whole(const struct target_spec *specs, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct target_spec *spec = &specs[i];
		if (!spec->name[0] || spec->endpoint.address.family == IP_NONE ||
		    spec->endpoint.port == 0)
			return false;
	}
	return true;
}

static int spec_compare(const void *a, const void *b)
{
	const struct target_spec *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static bool list_copy(struct target_list *list, enum target_source source,
		      const struct target_spec *specs, uint32_t count)
{
	*list = (struct target_list){ .count = count };
	if (count == 0)
		return true;
	list->specs = calloc(count, sizeof(*specs));
	if (!list->specs)
		return false;
	memcpy(list->specs, specs, count * sizeof(*specs));
	if (source != TARGET_SOURCE_CONFIG)
		qsort(list->specs, count, sizeof(*specs), spec_compare);
	return true;
}

/* By name, and of one name the one that counts first. */
static int member_compare(const void *a, const void *b)
{
	const struct target_member *const *x = a, *const *y = b;
	int names = strcmp((*x)->spec->name, (*y)->spec->name);

	return names ? names : (*x > *y) - (*x < *y);
}

/* Takes out all but the first of each name; the order stays. */
static bool members_single(struct target_member *members, uint32_t *count)
{
	struct target_member **order = calloc(*count ? *count : 1, sizeof(struct target_member *));
	uint32_t kept = 0;

	if (!order)
		return false;
	for (uint32_t i = 0; i < *count; i++)
		order[i] = &members[i];
	qsort(order, *count, sizeof(struct target_member *), member_compare);
	const struct target_spec *last = NULL;
	for (uint32_t i = 0; i < *count; i++) {
		const struct target_spec *spec = order[i]->spec;
		if (last && strcmp(last->name, spec->name) == 0)
			order[i]->spec = NULL;
		last = spec;
	}
	for (uint32_t i = 0; i < *count; i++) {
		if (members[i].spec)
			members[kept++] = members[i];
	}
	free(order);
	*count = kept;
	return true;
}

/* The members with `list` in the source's place.  NULL: out of memory. */
static struct target_member *members_join(const struct target_pool *pool,
					  enum target_source source, const struct target_list *list,
					  uint32_t *count)
{
	uint32_t room = 0;

	for (int i = 0; i < TARGET_SOURCES; i++)
		room += i == (int)source ? list->count : pool->of[i].count;
	struct target_member *members = calloc(room ? room : 1, sizeof(*members));
	if (!members)
		return NULL;
	*count = 0;
	for (int i = 0; i < TARGET_SOURCES; i++) {
		const struct target_list *of = i == (int)source ? list : &pool->of[i];
		for (uint32_t j = 0; j < of->count; j++)
			members[(*count)++] = (struct target_member){
				.spec = &of->specs[j], .source = (enum target_source)i
			};
	}
	if (members_single(members, count))
		return members;
	free(members);
	return NULL;
}

int target_set_replace(struct target_set *set, const char *pool_name, enum target_source source,
		       const struct target_spec *specs, uint32_t count)
{
	struct target_list list;
	uint32_t member_count;

	if (!specs_are_whole(specs, count))
		return -EINVAL;
	if (count == 0 && !pool_find(set, pool_name))
		return 0;
	struct target_pool *pool = pool_provide(set, pool_name);
	if (!pool || !list_copy(&list, source, specs, count))
		return -ENOMEM;
	if (lists_equal(&list, &pool->of[source])) {
		free(list.specs);
		return 0;
	}
	struct target_member *members = members_join(pool, source, &list, &member_count);
	if (!members) {
		free(list.specs);
		return -ENOMEM;
	}
	free(pool->of[source].specs);
	free(pool->members);
	pool->of[source] = list;
	pool->members = members;
	pool->member_count = member_count;
	return 1;
}

struct target_set *target_set_copy(const struct target_set *set)
{
	struct target_set *copy = target_set_create();

	for (const struct target_pool *pool = set->pools; copy && pool; pool = pool->next) {
		for (int i = 0; copy && i < TARGET_SOURCES; i++) {
			if (target_set_replace(copy, pool->name, (enum target_source)i,
					       pool->of[i].specs, pool->of[i].count) >= 0)
				continue;
			target_set_destroy(copy);
			copy = NULL;
		}
	}
	return copy;
}

void target_set_swap(struct target_set *a, struct target_set *b)
{
	struct target_set c = *a;

	*a = *b;
	*b = c;
}

const struct target_spec *target_set_of(const struct target_set *set, const char *pool_name,
					enum target_source source, uint32_t *count)
{
	const struct target_pool *pool = pool_find(set, pool_name);

	*count = pool ? pool->of[source].count : 0;
	return *count ? pool->of[source].specs : NULL;
}

const struct target_member *target_set_members(const struct target_set *set, const char *pool_name,
					       uint32_t *count)
{
	const struct target_pool *pool = pool_find(set, pool_name);

	*count = pool ? pool->member_count : 0;
	return *count ? pool->members : NULL;
}

const char *target_set_pool(const struct target_set *set, enum target_source source,
			    uint32_t number)
{
	for (const struct target_pool *pool = set->pools; pool; pool = pool->next) {
		if (pool->of[source].count && number-- == 0)
			return pool->name;
	}
	return NULL;
}
