/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "dpdk/memif_socket.h"

static struct sockaddr_un name;
static char device[192];

static int listen_on_file(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	assert_int_not_equal(fd, -1);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static int set_up(void **)
{
	name.sun_family = AF_UNIX;
	snprintf(name.sun_path, sizeof(name.sun_path), "/tmp/tandem-memif-test-%ld",
		 (long)getpid());
	snprintf(device, sizeof(device), "net_memif0,role=server,id=0,socket=%s,socket-abstract=no",
		 name.sun_path);
	return 0;
}

static int tear_down(void **)
{
	unlink(name.sun_path);
	return 0;
}

static void a_socket_that_nobody_listens_on_is_removed(void **)
{
	assert_int_equal(memif_socket_free(device), 0);
	close(listen_on_file());
	assert_int_equal(access(name.sun_path, F_OK), 0);
	assert_int_equal(memif_socket_free(device), 0);
	assert_int_equal(access(name.sun_path, F_OK), -1);
}

static void a_socket_with_a_listener_stays(void **)
{
	int fd = listen_on_file();

	assert_int_equal(memif_socket_free(device), -EADDRINUSE);
	assert_int_equal(access(name.sun_path, F_OK), 0);
	close(fd);
}

static void only_a_memif_server_with_a_socket_file_is_meant(void **)
{
	char other[256];
	FILE *file;

	close(listen_on_file());
	snprintf(other, sizeof(other), "net_memif0,role=client,socket=%s,socket-abstract=no",
		 name.sun_path);
	assert_int_equal(memif_socket_free(other), 0);
	snprintf(other, sizeof(other), "net_memif0,role=server,socket=%s", name.sun_path);
	assert_int_equal(memif_socket_free(other), 0);
	assert_int_equal(memif_socket_free("net_af_xdp0,iface=eth1"), 0);
	assert_int_equal(access(name.sun_path, F_OK), 0);
	/* A file that is no socket is nobody's to remove. */
	unlink(name.sun_path);
	file = fopen(name.sun_path, "we");
	assert_non_null(file);
	fclose(file);
	assert_int_equal(memif_socket_free(device), 0);
	assert_int_equal(access(name.sun_path, F_OK), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_socket_that_nobody_listens_on_is_removed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_socket_with_a_listener_stays, set_up, tear_down),
		cmocka_unit_test_setup_teardown(only_a_memif_server_with_a_socket_file_is_meant,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
