/* SPDX-License-Identifier: BSD-3-Clause */
/* See memif_socket.h.  Control thread. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "dpdk/device_text.h"
#include "dpdk/memif_socket.h"

/* The driver's defaults: an abstract socket, and the client's role. */
static bool is_server_with_file(const char *device)
{
	char value[32];

	return device_is_driver(device, "net_memif") &&
	       device_argument(device, "role", value, sizeof(value)) &&
	       (strcmp(value, "server") == 0 || strcmp(value, "master") == 0) &&
	       device_argument(device, "socket-abstract", value, sizeof(value)) &&
	       strcmp(value, "no") == 0;
}

int memif_socket_free(const char *device)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	struct stat file;
	int probe, rc;

	if (!is_server_with_file(device) ||
	    !device_argument(device, "socket", name.sun_path, sizeof(name.sun_path)) ||
	    stat(name.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode))
		return 0;
	/* What the driver listens on. */
	probe = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return -errno;
	rc = connect(probe, (struct sockaddr *)&name, sizeof(name)) == 0 ? 0 : errno;
	close(probe);
	if (rc != ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(name.sun_path) == 0 ? 0 : -errno;
}
