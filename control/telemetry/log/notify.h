/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the service manager is told: ready, reloading, stopping, alive (sd_notify(3)'s protocol).
 * Without one it does nothing.  Control thread only.
 */
#ifndef TELEMETRY_NOTIFY_H
#define TELEMETRY_NOTIFY_H

#include "base/compiler.h"

struct notify {
	int socket;            /* -1: nobody wants to know */
	uint64_t watchdog_ms;  /* to be alive within; 0: nobody watches */
	uint64_t told_ms;      /* when it last said so */
};

/* By $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID, which are taken out of the environment:
 * they are not for helper processes. */
void notify_open(struct notify *notify);
void notify_close(struct notify *notify);
/* Lines of NAME=value. */
void notify_send(const struct notify *notify, const char *lines);
/* RELOADING=1 with the time that Type=notify-reload wants beside it. */
void notify_reloading(const struct notify *notify);
/* To be called more often than the watchdog wants it: tells that all is well, twice as often. */
void notify_alive(struct notify *notify, uint64_t now_ms);

#endif
