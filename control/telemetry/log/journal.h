/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * systemd's two datagram protocols, spoken by ourselves: the journal's native one, and the
 * notifications to the service manager.  Not by libsystemd, whose calls wait when the journal does
 * not read: here what is not taken at once is given up.  Any thread, each its own.
 */
#ifndef TELEMETRY_JOURNAL_H
#define TELEMETRY_JOURNAL_H

#include "base/text.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

/* A socket towards a path, or an abstract one ("@..."); it never blocks.  -errno. */
[[nodiscard]] int journal_open(const char *path);
/* 0, or -errno: -EAGAIN when the reader is behind. */
int journal_send(int socket, struct span datagram);

/*
 * One field of an entry: NAME=value and a line end; a value that has line ends goes by its length
 * (little endian, 64 bits) instead.  The name is written in capitals, what is no letter and no
 * digit as an underscore.
 */
void journal_put(struct text_writer *w, const char *prefix, const char *name, struct span value);

#endif
