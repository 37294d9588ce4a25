/* SPDX-License-Identifier: BSD-3-Clause */
/* knotd for tests; see name_server.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "name_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_TRIES 200 /* of 50 ms */

static void write_file(const struct name_server *server, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void write_file(const struct name_server *server, const char *name, const char *format, ...)
{
	char path[128];
	va_list arguments;

	snprintf(path, sizeof(path), "%s/%s", server->folder, name);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	va_start(arguments, format);
	vfprintf(file, format, arguments);
	va_end(arguments);
	assert_int_equal(fclose(file), 0);
}

static pid_t run(const char *const *arguments)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when the test is killed */
		(void)freopen("/dev/null", "w", stdout);
		(void)freopen("/dev/null", "w", stderr);
		execvp(arguments[0], (char *const *)(uintptr_t)arguments);
		_exit(127);
	}
	return pid;
}

static void write_zone(struct name_server *server, const char *records)
{
	server->serial++;
	write_file(server, "example.com.zone",
		   "$ORIGIN example.com.\n$TTL 300\n"
		   "@ 40 SOA ns hostmaster %u 3600 600 86400 20\n@ NS ns\nns A 127.0.0.1\n%s\n",
		   server->serial, records);
}

static int free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	return ntohs(address.sin_port);
}

/* The serial of the zone that it serves now; -1: no answer within 50 ms. */
static int64_t ask_serial(const struct name_server *server)
{
	static const unsigned char question[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0"
						"\7example\3com\0\0\6\0\1";
	unsigned char reply[512];
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(server->endpoint.port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	int64_t serial = -1;

	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (send(fd, question, sizeof(question) - 1, 0) > 0 && poll(&wait, 1, 50) > 0) {
		ssize_t len = recv(fd, reply, sizeof(reply), 0);
		/* Name, type, class, TTL, length; "ns" and "hostmaster" and a pointer each. */
		size_t at = sizeof(question) - 1 + 2 + 10 + 5 + 13;
		if (len > (ssize_t)at + 4 && reply[7] == 1)
			serial = (int64_t)reply[at] << 24 | reply[at + 1] << 16 |
				 reply[at + 2] << 8 | reply[at + 3];
	}
	close(fd);
	if (serial < 0)
		(void)poll(NULL, 0, 10); /* refused at once: give it a moment */
	return serial;
}

static void wait_for_serial(const struct name_server *server)
{
	for (int tries = 0; tries < WAIT_TRIES; tries++) {
		if (ask_serial(server) == server->serial)
			return;
	}
	fail_msg("knotd does not serve serial %u", server->serial);
}

void name_server_start(struct name_server *server, const char *records)
{
	char path[128];

	if (!server->folder[0]) {
		snprintf(server->folder, sizeof(server->folder), "/tmp/tandem-dns-XXXXXX");
		assert_non_null(mkdtemp(server->folder));
		server->endpoint = (struct endpoint){ .port = (uint16_t)free_port() };
		assert_true(ip_address_parse(SPAN("127.0.0.1"), &server->endpoint.address));
		write_file(server, "knot.conf",
			   "server:\n  rundir: %s\n  listen: 127.0.0.1@%u\n"
			   "  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1\n"
			   "control:\n  listen: %s/knot.sock\n"
			   "database:\n  storage: %s\n"
			   "template:\n  - id: default\n    storage: %s\n"
			   "    zonefile-sync: -1\n    zonefile-load: whole\n    journal-content: none\n"
			   "zone:\n  - domain: example.com\n",
			   server->folder, server->endpoint.port, server->folder, server->folder,
			   server->folder);
	}
	write_zone(server, records);
	snprintf(path, sizeof(path), "%s/knot.conf", server->folder);
	server->pid = run((const char *const[]){ "/usr/sbin/knotd", "-c", path, NULL });
	wait_for_serial(server);
}

void name_server_change(struct name_server *server, const char *records)
{
	char path[128];
	int status;

	write_zone(server, records);
	snprintf(path, sizeof(path), "%s/knot.conf", server->folder);
	pid_t pid = run((const char *const[]){ "/usr/sbin/knotc", "-c", path, "-f", "-b",
					       "zone-reload", "example.com", NULL });
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	wait_for_serial(server);
}

void name_server_pause(const struct name_server *server)
{
	int status;

	kill(server->pid, SIGSTOP);
	/* Its threads stop one after another; then it is said to have stopped. */
	assert_int_equal(waitpid(server->pid, &status, WUNTRACED), server->pid);
	assert_true(WIFSTOPPED(status));
}

void name_server_resume(const struct name_server *server)
{
	kill(server->pid, SIGCONT);
}

void name_server_kill(struct name_server *server)
{
	if (!server->pid)
		return;
	kill(server->pid, SIGKILL);
	while (waitpid(server->pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	server->pid = 0;
}

void name_server_end(struct name_server *server)
{
	int status;

	name_server_kill(server);
	if (!server->folder[0])
		return;
	pid_t pid = run((const char *const[]){ "rm", "-rf", server->folder, NULL });
	waitpid(pid, &status, 0);
	server->folder[0] = '\0';
}
