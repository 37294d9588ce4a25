/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What no single value can tell: distinct names, references, listen addresses, limits that span
 * keywords.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "config/distinct.h"
#include "config/identity.h"
#include "config/value.h"
#include "words/nearest.h"

struct name_check {
	struct config_report *report;
	const char *what;
};

static void name_twice(void *context, const struct distinct_entry *first,
		       const struct distinct_entry *again)
{
	const struct name_check *check = context;
	config_error(check->report, again->at,
		     "name: %s \"%.*s\" exists already, at line %" PRIu32
		     "; accepted: a name of its own",
		     check->what, SPAN_ARGS(again->key), first->at.line);
}

/* Names in a list of `type`, one of the model's structs. */
#define COLLECT_NAMES(distinct, section, type, list)                                               \
	for (uint32_t i_ = 0; i_ < (list).count; i_++) {                                           \
		const struct type *item_ = &CONFIG_ITEMS(type, list)[i_];                          \
		if (item_->name[0])                                                                \
			distinct_add((distinct), span_of_string(item_->name),                      \
				     CONFIG_AT(section, item_, name), item_);                      \
	}

static bool check_target_names(const struct config_pool *pool, struct config_report *report)
{
	struct name_check context = { report, "target" };
	struct distinct names;
	if (!distinct_init(&names, pool->targets.count))
		return false;
	COLLECT_NAMES(&names, SECTION_TARGET, config_target, pool->targets);
	distinct_check(&names, name_twice, &context);
	distinct_fini(&names);
	return true;
}

static bool check_names(const struct config *config, struct config_report *report)
{
	const struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);
	struct name_check interface = { report, "interface" }, service = { report, "service" };
	struct distinct names;
	if (!distinct_init(&names, config->interfaces.count))
		return false;
	COLLECT_NAMES(&names, SECTION_INTERFACE, config_interface, config->interfaces);
	distinct_check(&names, name_twice, &interface);
	distinct_fini(&names);
	if (!distinct_init(&names, config->services.count))
		return false;
	COLLECT_NAMES(&names, SECTION_SERVICE, config_service, config->services);
	distinct_check(&names, name_twice, &service);
	distinct_fini(&names);
	for (uint32_t i = 0; i < config->pools.count; i++) {
		if (!check_target_names(&pools[i], report))
			return false;
	}
	return true;
}

/* "a, b, ..."; returns the name that `wanted` may have meant, or NULL. */
static const char *list_pools(const struct config *config, struct span wanted, char *text,
			      size_t size)
{
	const struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);
	const char *nearest = NULL;
	unsigned int best = UINT32_MAX;
	bool full = false;
	text[0] = '\0';
	for (uint32_t i = 0; i < config->pools.count; i++) {
		size_t used = strlen(text);
		if (word_is_nearer(wanted, span_of_string(pools[i].name), &best))
			nearest = pools[i].name;
		if (full)
			continue;
		full = used + strlen(pools[i].name) + sizeof(", , ...") > size;
		snprintf(text + used, size - used, "%s%s", used ? ", " : "",
			 full ? "..." : pools[i].name);
	}
	return nearest;
}

/* Where a pool's name leads; BALANCE_NONE with an error unless the pools are in doubt. */
static uint16_t find_pool(const struct config *config, const struct distinct *names,
			  const char *keyword, const char *name, struct config_position at,
			  struct config_report *report)
{
	const struct distinct_entry *entry = distinct_find(names, span_of_string(name));
	if (entry)
		return (uint16_t)((const struct config_pool *)entry->owner -
				  CONFIG_ITEMS(config_pool, config->pools));
	if (CONFIG_IS_BAD(SECTION_ROOT, config, pools) && names->count == 0)
		return BALANCE_NONE;
	char accepted[160];
	const char *nearest = list_pools(config, span_of_string(name), accepted, sizeof(accepted));
	config_error(report, at, "%s: there is no pool \"%s\"%s%s%s; accepted: %s%s", keyword, name,
		     nearest ? ", did you mean \"" : "", nearest ? nearest : "",
		     nearest ? "\"?" : "",
		     *accepted ? accepted : "the name of an entry under \"pools\"",
		     strcmp(keyword, "pool") == 0 ? ", or " CONFIG_POOL_REQUEST_URI : "");
	return BALANCE_NONE;
}

static void check_references(struct config *config, const struct distinct *names, bool *used,
			     struct config_report *report)
{
	struct config_service *services = CONFIG_ITEMS(config_service, config->services);
	for (uint32_t i = 0; i < config->services.count; i++) {
		struct config_service *service = &services[i];
		service->pool_index = service->from_index = BALANCE_NONE;
		if (strcmp(service->pool, CONFIG_POOL_REQUEST_URI) == 0) {
			config->uses_request_uri = true;
			service->pool_index = (uint16_t)config->pools.count;
		} else if (service->pool[0]) {
			service->pool_index =
				find_pool(config, names, "pool", service->pool,
					  CONFIG_AT(SECTION_SERVICE, service, pool), report);
			if (service->pool_index != BALANCE_NONE)
				used[service->pool_index] = true;
		}
		if (service->from[0]) {
			service->from_index =
				find_pool(config, names, "from", service->from,
					  CONFIG_AT(SECTION_SERVICE, service, from), report);
			if (service->from_index != BALANCE_NONE)
				used[service->from_index] = true;
		}
	}
}

static bool check_pools(struct config *config, struct config_report *report)
{
	const struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);
	struct name_check context = { report, "pool" };
	struct distinct names;
	bool *used = calloc(config->pools.count + 1, sizeof(*used));
	if (!used || !distinct_init(&names, config->pools.count)) {
		free(used);
		return false;
	}
	COLLECT_NAMES(&names, SECTION_POOL, config_pool, config->pools);
	distinct_check(&names, name_twice, &context);
	check_references(config, &names, used, report);
	uint32_t targets = 0;
	for (uint32_t i = 0; i < config->pools.count; i++) {
		const struct config_pool *pool = &pools[i];
		targets += pool->targets.count;
		if (strcmp(pool->name, CONFIG_POOL_REQUEST_URI) == 0)
			config_error(report, CONFIG_AT(SECTION_POOL, pool, name),
				     "name: \"" CONFIG_POOL_REQUEST_URI
				     "\" means the Request-URI; accepted: another name");
		else if (pool->name[0] && !used[i])
			config_warn(report, CONFIG_AT(SECTION_POOL, pool, name),
				    "name: no service uses pool \"%s\"", pool->name);
	}
	if (targets > CONFIG_TARGETS_MAX)
		config_error(report, CONFIG_AT(SECTION_ROOT, config, pools),
			     "pools: %" PRIu32 " targets in all; accepted: at most %d", targets,
			     CONFIG_TARGETS_MAX);
	distinct_fini(&names);
	free(used);
	return true;
}

static bool is_interface_address(const struct config *config, const struct ip_address *address,
				 bool *in_doubt)
{
	const struct config_interface *all = CONFIG_ITEMS(config_interface, config->interfaces);
	*in_doubt = config->interfaces.count == 0;
	for (uint32_t i = 0; i < config->interfaces.count; i++) {
		const struct config_prefix *own = CONFIG_ITEMS(config_prefix, all[i].addresses);
		*in_doubt = *in_doubt || all[i].item.at.line == 0 ||
			    CONFIG_IS_BAD(SECTION_INTERFACE, &all[i], addresses);
		for (uint32_t j = 0; j < all[i].addresses.count; j++) {
			if (ip_address_equal(&own[j].prefix.address, address))
				return true;
		}
	}
	return false;
}

/* Services on one listen address are told apart by `from`. */
struct listen_key {
	struct endpoint endpoint;
	uint16_t from;
};
static_assert(sizeof(struct listen_key) == 22, "compared as bytes: no padding");

static void listen_twice(void *context, const struct distinct_entry *first,
			 const struct distinct_entry *again)
{
	const struct config_service *before = first->owner, *service = again->owner;
	const struct listen_key *key = (const void *)again->key.data;
	char text[ENDPOINT_TEXT_MAX];
	endpoint_to_string(&key->endpoint, text);
	if (before == service)
		config_error(context, again->at,
			     "listen: udp:%s is given twice; accepted: every address and port "
			     "once",
			     text);
	else if (service->from[0])
		config_error(context, again->at,
			     "listen: service \"%s\" has udp:%s for requests from pool \"%s\" "
			     "already; accepted: another \"from\", or another port",
			     before->name, text, service->from);
	else
		config_error(context, again->at,
			     "listen: service \"%s\" has udp:%s already; accepted: another port, or "
			     "a \"from\" that tells the services apart",
			     before->name, text);
}

static void collect_listens(const struct config *config, struct distinct *listens,
			    struct listen_key *keys, struct config_report *report)
{
	const struct config_service *services = CONFIG_ITEMS(config_service, config->services);
	char text[ENDPOINT_TEXT_MAX];
	for (uint32_t i = 0; i < config->services.count; i++) {
		const struct config_service *service = &services[i];
		const struct config_listen *all = CONFIG_ITEMS(config_listen, service->listens);
		for (uint32_t j = 0; j < service->listens.count; j++) {
			struct listen_key *key = &keys[listens->count];
			bool in_doubt;
			if (!is_interface_address(config, &all[j].endpoint.address, &in_doubt) &&
			    !in_doubt)
				config_error(report, all[j].at,
					     "listen: no interface has the address %s; accepted: "
					     "one of those under \"interfaces\"",
					     ip_address_to_string(&all[j].endpoint.address, text));
			/* A `from` that does not exist has been complained about. */
			if (service->from[0] && service->from_index == BALANCE_NONE)
				continue;
			key->endpoint = all[j].endpoint;
			key->from = service->from_index;
			distinct_add(listens, span_of(key, sizeof(*key)), all[j].at, service);
		}
	}
}

static bool check_listens(const struct config *config, struct config_report *report)
{
	const struct config_service *services = CONFIG_ITEMS(config_service, config->services);
	struct distinct listens;
	size_t count = 0;
	for (uint32_t i = 0; i < config->services.count; i++)
		count += services[i].listens.count;
	struct listen_key *keys = calloc(count + 1, sizeof(*keys));
	if (!keys || !distinct_init(&listens, count)) {
		free(keys);
		return false;
	}
	collect_listens(config, &listens, keys, report);
	distinct_check(&listens, listen_twice, report);
	distinct_fini(&listens);
	free(keys);
	return true;
}

/* A daemon's working directory is nobody's choice. */
void config_check_path(const char *keyword, const char *path, struct config_position at,
		       struct config_report *report)
{
	char quoted[CONFIG_QUOTED_MAX];
	if (path[0] && path[0] != '/')
		config_error(report, at, "%s: %s is not absolute; accepted: a path from / on",
			     keyword, config_quote(span_of_string(path), quoted));
}

static void check_single_sections(const struct config *config, struct config_report *report)
{
	const struct config_cluster *cluster = &config->cluster;
	const struct config_control *control = &config->control;
	char quoted[CONFIG_QUOTED_MAX];
	config_check_path("state_dir", config->state_dir, CONFIG_AT(SECTION_ROOT, config, state_dir), report);
	config_check_path("key_file", cluster->key_file, CONFIG_AT(SECTION_CLUSTER, cluster, key_file),
		   report);
	uint16_t instance;
	if (cluster->instance[0] && !identity_instance(cluster->instance, &instance))
		config_error(report, CONFIG_AT(SECTION_CLUSTER, cluster, instance),
			     "instance: %s is out of range; accepted: 1 to 65535, or a name",
			     config_quote(span_of_string(cluster->instance), quoted));
	struct span socket = span_of_string(control->socket);
	/* struct sockaddr_un has 108 bytes, the NUL included. */
	if (!control->item.bad &&
	    (!span_starts_with(socket, SPAN("ipc:///")) || socket.len - 6 > 107))
		config_error(report, CONFIG_AT(SECTION_CONTROL, control, socket),
			     "socket: %s is not a local socket; accepted: ipc:// and an absolute "
			     "path of at most 107 bytes, for example "
			     "ipc:///run/tandem/control.sock (\"remote\" serves tcp, with keys)",
			     config_quote(socket, quoted));
}

bool config_check(struct config *config, struct config_report *report)
{
	if (config->item.at.line == 0) /* not even a mapping */
		return true;
	check_single_sections(config, report);
	config_check_control(config, report);
	config_check_interfaces(config, report);
	if (!check_names(config, report) || !check_pools(config, report) ||
	    !check_listens(config, report) || !config_check_targets(config, report))
		return false;
	config_check_timers(config, report);
	config_check_resolver(config, report);
	config_check_services(config, report);
	config_check_modes(config, report);
	config_check_telemetry(config, report);
	config_check_health(config, report);
	return true;
}
