/* SPDX-License-Identifier: BSD-3-Clause */
/* One command of tandemctl, from words to print. */
#ifndef CTL_RUN_H
#define CTL_RUN_H

#include <stdio.h>

#include "ctl/client.h"

struct ctl_session {
	const char *endpoint;
	int timeout_ms;
	bool is_json;
	FILE *out, *err;
	struct ctl_client *client; /* NULL: not connected yet; connects when a command needs it */
};

/* Errors are one sentence on session->err. */
enum ctl_status ctl_run(struct ctl_session *session, int count, const char *const *words);
/* Connects now, where a command would have; nothing when connected. */
[[nodiscard]] enum ctl_status ctl_session_open(struct ctl_session *session);
void ctl_session_close(struct ctl_session *session);

/* Commands line by line until the end of input, with editing, history and completion. */
enum ctl_status ctl_interactive(struct ctl_session *session);

#endif
