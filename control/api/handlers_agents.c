/* SPDX-License-Identifier: BSD-3-Clause */
/* Handlers of commands about who is connected: clients, agents. */
#include "agents/agents.h"
#include "api/control.h"
#include "api/handlers.h"

void api_handle_show_clients(void *context, struct api_request *request, const json_t *args)
{
	const struct control *control = context;

	api_answer_rows(request, "clients",
			api_server_show_clients(control->api, api_arg_string(args, "name"),
						api_arg_string(args, "role"),
						api_arg_string(args, "access")));
}

void api_handle_show_agents(void *context, struct api_request *request, const json_t *args)
{
	const struct control *control = context;

	api_answer_rows(request, "agents",
			agents_show(control->agents, api_arg_string(args, "name"),
				    api_arg_string(args, "state"), api_arg_string(args, "pool")));
}

void api_handle_agent_restart(void *context, struct api_request *request, const json_t *args)
{
	const struct control *control = context;
	const char *name = api_arg_string(args, "name");

	if (agents_restart(control->agents, name) < 0)
		api_request_error(request, API_ERROR_NOT_FOUND, "there is no agent '%.60s'", name);
	else
		api_request_ok(request, json_pack("{s:s}", "agent", name));
}
