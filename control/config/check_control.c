/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Remote operators and agents: where they are served, keys that are keys, names and pools that
 * exist and do not collide.
 */
#include <string.h>

#include "config/model.h"
#include "config/value.h"
#include "words/nearest.h"

#define KEY_LEN 40

/* The alphabet of Z85 (ZeroMQ RFC 32). */
static bool is_z85(const char *text)
{
	return strlen(text) == KEY_LEN &&
	       strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    ".-:+=^!/*?&<>()[]{}@%$#") == KEY_LEN;
}

static void check_listen(const struct config_text *listen, struct config_report *report)
{
	struct span text = span_of_string(listen->text), scheme = SPAN("tcp://");
	struct endpoint endpoint;
	char quoted[CONFIG_QUOTED_MAX];

	if (span_starts_with(text, scheme) &&
	    endpoint_parse(span_from(text, scheme.len), 0, &endpoint) && endpoint.port)
		return;
	config_error(report, listen->at,
		     "listen: %s is no endpoint for remote operators; accepted: "
		     "tcp://ADDRESS:PORT, an IPv6 address in brackets, for example "
		     "tcp://192.0.2.250:9591",
		     config_quote(text, quoted));
}

static void check_remote_client(const struct config_remote_client *clients, uint32_t index,
				struct config_report *report)
{
	const struct config_remote_client *client = &clients[index];

	if (client->key[0] && !is_z85(client->key))
		config_error(report, CONFIG_AT(SECTION_REMOTE_CLIENT, client, key),
			     "key: this is no public key; accepted: 40 characters of Z85 in double "
			     "quotes, as `tandemctl --make-key FILE` prints them");
	for (uint32_t i = 0; i < index; i++) {
		if (client->name[0] && strcmp(clients[i].name, client->name) == 0)
			config_error(report, CONFIG_AT(SECTION_REMOTE_CLIENT, client, name),
				     "name: client \"%s\" exists already, at line %u; accepted: a "
				     "name of its own",
				     client->name, clients[i].item.at.line);
		else if (client->key[0] && strcmp(clients[i].key, client->key) == 0)
			config_error(report, CONFIG_AT(SECTION_REMOTE_CLIENT, client, key),
				     "key: client \"%s\" has this key already; accepted: a key of "
				     "its own",
				     clients[i].name);
	}
}

static void check_absolute(const char *keyword, const char *path, struct config_position at,
			   struct config_report *report)
{
	char quoted[CONFIG_QUOTED_MAX];

	if (path[0] && path[0] != '/')
		config_error(report, at, "%s: %s is not absolute; accepted: a path from / on",
			     keyword, config_quote(span_of_string(path), quoted));
}

static void check_remote(const struct config *config, struct config_report *report)
{
	const struct config_remote *remote = &config->control.remote;

	for (uint32_t i = 0; i < remote->listens.count; i++)
		check_listen(&CONFIG_ITEMS(config_text, remote->listens)[i], report);
	for (uint32_t i = 0; i < remote->clients.count; i++)
		check_remote_client(CONFIG_ITEMS(config_remote_client, remote->clients), i, report);
	check_absolute("key_file", remote->key_file, CONFIG_AT(SECTION_REMOTE, remote, key_file),
		       report);
}

static bool pool_is_configured(const struct config *config, const char *name,
			       const char **nearest)
{
	const struct config_pool *pools = CONFIG_ITEMS(config_pool, config->pools);
	unsigned int best = UINT32_MAX;

	*nearest = NULL;
	for (uint32_t i = 0; i < config->pools.count; i++) {
		if (strcmp(pools[i].name, name) == 0)
			return true;
		if (word_is_nearer(span_of_string(name), span_of_string(pools[i].name), &best))
			*nearest = pools[i].name;
	}
	return false;
}

/* The agent before `index`, or itself before `pool`, that has the pool; NULL: none. */
static const struct config_agent *pool_is_taken(const struct config *config, uint32_t index,
						uint32_t pool)
{
	const struct config_agent *agents = CONFIG_ITEMS(config_agent, config->agents);
	const char *name = CONFIG_ITEMS(config_text, agents[index].pools)[pool].text;

	for (uint32_t i = 0; i <= index; i++) {
		const struct config_text *pools = CONFIG_ITEMS(config_text, agents[i].pools);
		uint32_t end = i == index ? pool : agents[i].pools.count;
		for (uint32_t j = 0; j < end; j++) {
			if (strcmp(pools[j].text, name) == 0 &&
			    (i == index || (agents[i].provides & agents[index].provides)))
				return &agents[i];
		}
	}
	return NULL;
}

bool config_pool_has_agent(const struct config *config, const char *name)
{
	const struct config_agent *agents = CONFIG_ITEMS(config_agent, config->agents);

	for (uint32_t i = 0; i < config->agents.count; i++) {
		const struct config_text *pools = CONFIG_ITEMS(config_text, agents[i].pools);
		for (uint32_t j = 0; j < agents[i].pools.count; j++) {
			if ((agents[i].provides & AGENT_PROVIDES_TARGETS) &&
			    strcmp(pools[j].text, name) == 0)
				return true;
		}
	}
	return false;
}

static void check_agent_pools(const struct config *config, uint32_t index,
			      struct config_report *report)
{
	const struct config_agent *agent = &CONFIG_ITEMS(config_agent, config->agents)[index];
	const struct config_text *pools = CONFIG_ITEMS(config_text, agent->pools);
	char quoted[CONFIG_QUOTED_MAX];
	const char *nearest;

	for (uint32_t i = 0; i < agent->pools.count; i++) {
		const struct config_agent *other = pool_is_taken(config, index, i);
		if (!pool_is_configured(config, pools[i].text, &nearest))
			config_error(report, pools[i].at,
				     "pools: there is no pool %s%s%s%s; accepted: the name of an "
				     "entry under \"pools\"",
				     config_quote(span_of_string(pools[i].text), quoted),
				     nearest ? ", did you mean \"" : "", nearest ? nearest : "",
				     nearest ? "\"?" : "");
		else if (other)
			config_error(report, pools[i].at,
				     "pools: agent \"%s\" provides the targets of \"%s\" already; "
				     "accepted: one agent a pool, and the pool once",
				     other->name, pools[i].text);
	}
}

static void check_agents(const struct config *config, struct config_report *report)
{
	const struct config_agent *agents = CONFIG_ITEMS(config_agent, config->agents);

	for (uint32_t i = 0; i < config->agents.count; i++) {
		const struct config_text *command = CONFIG_ITEMS(config_text, agents[i].command);
		for (uint32_t j = 0; j < i; j++) {
			if (agents[i].name[0] && strcmp(agents[i].name, agents[j].name) == 0)
				config_error(report, CONFIG_AT(SECTION_AGENT, &agents[i], name),
					     "name: agent \"%s\" exists already, at line %u; "
					     "accepted: a name of its own",
					     agents[i].name, agents[j].item.at.line);
		}
		if (agents[i].command.count)
			check_absolute("command", command[0].text, command[0].at, report);
		check_agent_pools(config, i, report);
	}
}

void config_check_control(const struct config *config, struct config_report *report)
{
	check_remote(config, report);
	check_agents(config, report);
}
