/* SPDX-License-Identifier: BSD-3-Clause */
/* systemd's datagrams; see journal.h. */
#include "telemetry/log/journal.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int journal_open(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const size_t len = strlen(path);
	int fd, code;

	if (len == 0 || len >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, len);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) == 0)
		return fd;
	code = errno;
	close(fd);
	return -code;
}

int journal_send(int fd, struct span datagram)
{
	if (send(fd, datagram.data, datagram.len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

static void put_name(struct text_writer *w, const char *name)
{
	for (; *name; name++) {
		char c = char_lower(*name);
		bool is_letter = c >= 'a' && c <= 'z', is_digit = c >= '0' && c <= '9';

		text_put_char(w, is_letter ? (char)(c - 'a' + 'A') : is_digit ? c : '_');
	}
}

void journal_put(struct text_writer *w, const char *prefix, const char *name, struct span value)
{
	put_name(w, prefix);
	put_name(w, name);
	if (span_find(value, '\n') == value.len) {
		text_put_char(w, '=');
	} else {
		uint64_t len = value.len;

		text_put_char(w, '\n');
		for (int i = 0; i < 8; i++, len >>= 8)
			text_put_char(w, (char)(len & 0xff));
	}
	text_put(w, value);
	text_put_char(w, '\n');
}
