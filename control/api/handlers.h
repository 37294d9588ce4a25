/* SPDX-License-Identifier: BSD-3-Clause */
/* tandemd's handlers, one a command, by enum api_command_id.  Their context is struct control. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/server.h"

/* They stand in handlers.c and handlers_NAME.c. */
typedef void api_handler_type(void *control, struct api_request *request, const json_t *args);
#define X(id, handler) api_handler_type api_handle_##handler;
API_COMMANDS(X)
#undef X

/* Ends the request with a list, in partial results where it is long, so that no message grows
 * beyond all bounds.  Steals `body`, whose member `key` is the list. */
void api_answer_rows(struct api_request *request, const char *key, json_t *body);

struct control;
struct balance_target;
/* POOL/TARGET, or TARGET where one pool alone has it.  NULL: the request ended with an error. */
const struct balance_target *api_target_named(const struct control *control,
					      struct api_request *request, const char *name);

extern const api_handler_fn api_handlers[API_COMMAND_COUNT];

/* They stand in handlers.c and handlers_NAME.c. */
typedef void api_handler_type(void *control, struct api_request *request, const json_t *args);
#define X(id, handler) api_handler_type api_handle_##handler;
API_COMMANDS(X)
#undef X

/* Ends the request with a list, in partial results where it is long, so that no message grows
 * beyond all bounds.  Steals `body`, whose member `key` is the list. */
void api_answer_rows(struct api_request *request, const char *key, json_t *body);

#endif
