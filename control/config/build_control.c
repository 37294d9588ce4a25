/* SPDX-License-Identifier: BSD-3-Clause */
/* What the configuration says of remote operators and agents, for those that serve them. */
#include "config/config.h"

#include <assert.h>

#include "config/model.h"

static_assert(ARRAY_SIZE(((struct config_remote_view *)0)->listens) == CONFIG_REMOTE_LISTENS_MAX);
static_assert(ARRAY_SIZE(((struct config_agent_view *)0)->command) == CONFIG_AGENT_WORDS_MAX + 1);

bool config_remote(const struct config *config, struct config_remote_view *view)
{
	const struct config_remote *remote = &config->control.remote;
	const struct config_text *listens = CONFIG_ITEMS(config_text, remote->listens);

	*view = (struct config_remote_view){
		.listen_count = remote->listens.count,
		.client_count = remote->clients.count,
		.key_file_is_given = remote->key_file[0],
	};
	for (uint32_t i = 0; i < remote->listens.count; i++)
		view->listens[i] = listens[i].text;
	if (remote->key_file[0])
		snprintf(view->key_file, sizeof(view->key_file), "%s", remote->key_file);
	else
		snprintf(view->key_file, sizeof(view->key_file), "%s/control.key",
			 config->state_dir);
	return remote->listens.count > 0;
}

struct config_remote_client_view config_remote_client(const struct config *config, uint32_t index)
{
	const struct config_remote_client *client =
		&CONFIG_ITEMS(config_remote_client, config->control.remote.clients)[index];

	return (struct config_remote_client_view){
		.name = client->name,
		.key = client->key,
		.may_change = client->access == 1,
	};
}

uint32_t config_agent_count(const struct config *config)
{
	return config->agents.count;
}

void config_agent(const struct config *config, uint32_t index, struct config_agent_view *view)
{
	const struct config_agent *agent = &CONFIG_ITEMS(config_agent, config->agents)[index];

	*view = (struct config_agent_view){
		.name = agent->name,
		.provides = agent->provides,
		.pool_count = agent->pools.count,
	};
	for (uint32_t i = 0; i < agent->command.count; i++)
		view->command[i] = CONFIG_ITEMS(config_text, agent->command)[i].text;
}

const char *config_agent_pool(const struct config *config, uint32_t index, uint32_t pool)
{
	const struct config_agent *agent = &CONFIG_ITEMS(config_agent, config->agents)[index];

	return CONFIG_ITEMS(config_text, agent->pools)[pool].text;
}
