/* SPDX-License-Identifier: BSD-3-Clause */
/* tandemd's handlers, one a command, by enum api_command_id.  Their context is struct control. */
#ifndef API_HANDLERS_H
#define API_HANDLERS_H

#include "api/server.h"

extern const api_handler_fn api_handlers[API_COMMAND_COUNT];

#endif
