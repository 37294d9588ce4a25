/* SPDX-License-Identifier: BSD-3-Clause */
/* The service manager; see notify.h. */
#include "telemetry/log/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "telemetry/log/journal.h"

static uint64_t number_of(const char *name)
{
	const char *text = getenv(name);
	uint64_t value = 0;

	if (!text || !text_parse_u64(span_of_string(text), UINT64_MAX, &value))
		return 0;
	return value;
}

void notify_open(struct notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");
	const uint64_t pid = number_of("WATCHDOG_PID");

	*notify = (struct notify){ .socket = -1 };
	if (path && *path) {
		notify->socket = journal_open(path);
		if (pid == 0 || pid == (uint64_t)getpid())
			notify->watchdog_ms = number_of("WATCHDOG_USEC") / 1000;
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_close(struct notify *notify)
{
	if (notify->socket >= 0)
		close(notify->socket);
	notify->socket = -1;
}

void notify_send(const struct notify *notify, const char *lines)
{
	/* A manager that does not read is no reason to wait or to fail. */
	if (notify->socket >= 0)
		(void)journal_send(notify->socket, span_of_string(lines));
}

void notify_reloading(const struct notify *notify)
{
	struct timespec now;
	char lines[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(lines, sizeof(lines), "RELOADING=1\nMONOTONIC_USEC=%lld%06ld",
		 (long long)now.tv_sec, now.tv_nsec / 1000);
	notify_send(notify, lines);
}

void notify_alive(struct notify *notify, uint64_t now_ms)
{
	if (notify->watchdog_ms == 0 || now_ms - notify->told_ms < notify->watchdog_ms / 2)
		return;
	notify->told_ms = now_ms;
	notify_send(notify, "WATCHDOG=1");
}
