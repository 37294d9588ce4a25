/* SPDX-License-Identifier: BSD-3-Clause */
/* Handlers of what concerns DNS; see handlers.h. */
#include "api/control.h"
#include "api/handlers.h"
#include "resolver/dns.h"

void api_handle_show_dns(void *context, struct api_request *request, const json_t *args)
{
	const char *name = api_arg_string(args, "name");
	json_t *body = dns_show(context, name);

	if (name && json_array_size(json_object_get(body, "names")) == 0) {
		json_decref(body);
		api_request_error(request, API_ERROR_NOT_FOUND,
				  "no pool takes its targets from '%.100s'", name);
		return;
	}
	api_request_ok(request, body);
}
