/* SPDX-License-Identifier: BSD-3-Clause */
/* dpdk/capture.h: what workers put into the rings comes out as pcapng, or is counted as dropped. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dpdk/capture.h"

static const struct clock the_clock = {
	.tsc_start = 1000,
	.tsc_hz = 1000000000,
	.us_per_tsc_q48 = (UINT64_C(1) << 48) / 1000,
	.wall_start_ns = 5000000000,
};
static const struct capture_device the_devices[] = {
	{ .name = "access", .description = "net_af_xdp0,iface=eth1" },
	{ .name = "core", .description = "net_af_xdp1,iface=eth2" },
};

struct file {
	char path[64];
	struct capture *capture;
	uint8_t *bytes;
	size_t len;
};

static void file_open(struct file *file, uint64_t packets_max)
{
	int fd;

	strcpy(file->path, "/tmp/tandem-capture-XXXXXX");
	fd = mkstemp(file->path);
	assert_true(fd >= 0);
	close(fd);
	file->capture = capture_create(file->path, &the_clock, the_devices, 2, 2, packets_max, NULL);
	assert_non_null(file->capture);
}

static void file_close(struct file *file)
{
	FILE *in;

	assert_int_equal(capture_destroy(file->capture), 0);
	in = fopen(file->path, "rb");
	assert_non_null(in);
	file->bytes = malloc(1 << 20);
	file->len = fread(file->bytes, 1, 1 << 20, in);
	fclose(in);
	unlink(file->path);
}

static uint32_t u32_at(const struct file *file, size_t at)
{
	uint32_t value;

	assert_true(at + 4 <= file->len);
	memcpy(&value, file->bytes + at, 4);
	return value;
}

/* The n-th block of a type; walks all lengths, which must agree at both ends. */
static size_t block_find(const struct file *file, uint32_t type, unsigned int n)
{
	for (size_t at = 0; at < file->len;) {
		uint32_t len = u32_at(file, at + 4);

		assert_int_equal(len % 4, 0);
		assert_int_equal(u32_at(file, at + len - 4), len);
		if (u32_at(file, at) == type && n-- == 0)
			return at;
		at += len;
	}
	return SIZE_MAX;
}

static struct rte_mbuf packet_of(void *bytes, uint16_t len)
{
	return (struct rte_mbuf){
		.buf_addr = bytes, .data_len = len, .pkt_len = len, .nb_segs = 1,
	};
}

static void a_frame_is_written_with_its_time_device_and_direction(void **)
{
	char bytes[] = "frame";
	struct rte_mbuf packet = packet_of(bytes, 5), *packets[] = { &packet };
	struct file file;
	size_t at;

	file_open(&file, 0);
	capture_packets(file.capture->rings[1], packets, 1, 1, CAPTURE_OUT, 1000 + 2000);
	capture_drain(file.capture);
	assert_int_equal(file.capture->packets, 1);
	file_close(&file);

	assert_int_equal(block_find(&file, 0x0a0d0d0a, 0), 0);
	assert_int_equal(u32_at(&file, 8), 0x1a2b3c4d);
	assert_int_not_equal(block_find(&file, 1, 1), SIZE_MAX);
	assert_int_equal(block_find(&file, 1, 2), SIZE_MAX);
	assert_non_null(memmem(file.bytes, file.len, "core", 4));
	at = block_find(&file, 6, 0);
	assert_int_not_equal(at, SIZE_MAX);
	assert_int_equal(u32_at(&file, at + 8), 1);
	/* Nanoseconds; the clock rounds down. */
	assert_in_range((uint64_t)u32_at(&file, at + 12) << 32 | u32_at(&file, at + 16),
			5000000000 + 1999, 5000000000 + 2000);
	assert_int_equal(u32_at(&file, at + 20), 5);
	assert_int_equal(u32_at(&file, at + 24), 5);
	assert_memory_equal(file.bytes + at + 28, "frame\0\0\0", 8);
	assert_int_equal(u32_at(&file, at + 40), CAPTURE_OUT);
	free(file.bytes);
}

static void a_frame_in_segments_is_written_whole(void **)
{
	char first[] = "abc", second[] = "defg";
	struct rte_mbuf tail = packet_of(second, 4), packet = packet_of(first, 3);
	struct rte_mbuf *packets[] = { &packet };
	struct file file;

	packet.next = &tail;
	packet.nb_segs = 2;
	packet.pkt_len = 7;
	file_open(&file, 0);
	capture_packets(file.capture->rings[0], packets, 1, 0, CAPTURE_IN, 1000);
	file_close(&file);
	assert_memory_equal(file.bytes + block_find(&file, 6, 0) + 28, "abcdefg", 7);
	free(file.bytes);
}

static void frames_come_out_as_they_went_in_however_the_ring_wraps(void **)
{
	static char bytes[1500];
	struct rte_mbuf packet, *packets[] = { &packet };
	struct file file;
	uint64_t total = 0;

	file_open(&file, 200);
	/* More octets than the ring holds, drained in between. */
	for (unsigned int i = 0; total < 3u * CAPTURE_RING_SIZE; i++) {
		uint16_t len = (uint16_t)(60 + i * 37 % 1400);

		memset(bytes, (int)i, len);
		packet = packet_of(bytes, len);
		capture_packets(file.capture->rings[0], packets, 1, 0, CAPTURE_IN, 1000);
		total += len;
		if (i % 16 == 0)
			capture_drain(file.capture);
	}
	capture_drain(file.capture);
	assert_int_equal(capture_dropped(file.capture), 0);
	assert_int_equal(file.capture->packets, 200);
	assert_true(capture_is_full(file.capture));
	assert_int_equal(file.capture->rings[0]->tail, file.capture->rings[0]->head);
	file_close(&file);
	for (unsigned int i = 0; i < 200; i++) {
		size_t at = block_find(&file, 6, i);
		uint32_t len = u32_at(&file, at + 20);

		assert_int_equal(len, 60 + i * 37 % 1400);
		for (uint32_t k = 0; k < len; k++)
			assert_int_equal(file.bytes[at + 28 + k], (uint8_t)i);
	}
	assert_int_equal(block_find(&file, 6, 200), SIZE_MAX);
	free(file.bytes);
}

static void a_full_ring_drops_and_counts(void **)
{
	static char bytes[1400];
	struct rte_mbuf packet = packet_of(bytes, sizeof(bytes)), *packets[32];
	struct file file;
	unsigned int offered = 0;

	for (size_t i = 0; i < ARRAY_SIZE(packets); i++)
		packets[i] = &packet;
	file_open(&file, 0);
	while (offered * 1400 < CAPTURE_RING_SIZE + 100 * 1400) {
		capture_packets(file.capture->rings[0], packets, 32, 0, CAPTURE_IN, 1000);
		offered += 32;
	}
	assert_true(capture_dropped(file.capture) > 0);
	capture_drain(file.capture);
	assert_int_equal(file.capture->packets + capture_dropped(file.capture), offered);
	assert_int_equal(capture_destroy(file.capture), 0);
	unlink(file.path);
}

static void a_file_that_cannot_be_made_says_why(void **)
{
	errno = 0;
	assert_null(capture_create("/nowhere/at/all", &the_clock, the_devices, 2, 1, 0, NULL));
	assert_int_equal(errno, ENOENT);
}

/* A FIFO that nobody reads would stop control for good; a link may lead anywhere. */
static void only_a_file_is_written(void **)
{
	char folder[] = "/tmp/tandem-capture-XXXXXX", path[64], aim[64];
	struct stat info;
	int reader;

	assert_non_null(mkdtemp(folder));
	assert_null(capture_create(folder, &the_clock, the_devices, 2, 1, 0, NULL));
	assert_int_equal(errno, EISDIR);
	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(capture_create(path, &the_clock, the_devices, 2, 1, 0, NULL));
	assert_int_equal(errno, ENXIO);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_null(capture_create(path, &the_clock, the_devices, 2, 1, 0, NULL));
	assert_int_equal(errno, EINVAL);
	close(reader);
	unlink(path);
	snprintf(aim, sizeof(aim), "%s/aim", folder);
	snprintf(path, sizeof(path), "%s/link", folder);
	assert_int_equal(symlink(aim, path), 0);
	assert_null(capture_create(path, &the_clock, the_devices, 2, 1, 0, NULL));
	assert_int_equal(errno, ELOOP);
	assert_int_equal(stat(aim, &info), -1);
	unlink(path);
	struct capture *capture = capture_create(aim, &the_clock, the_devices, 2, 1, 0, NULL);
	assert_non_null(capture);
	assert_int_equal(capture_destroy(capture), 0);
	assert_int_equal(stat(aim, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0600);
	unlink(aim);
	rmdir(folder);
}

static void a_file_that_cannot_be_written_is_an_error_at_the_end(void **)
{
	struct capture *capture = capture_create("/dev/full", &the_clock, the_devices, 2, 1, 0, NULL);

	assert_non_null(capture);
	capture_drain(capture);
	assert_true(capture_is_full(capture));
	assert_int_equal(capture_destroy(capture), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_is_written_with_its_time_device_and_direction),
		cmocka_unit_test(a_frame_in_segments_is_written_whole),
		cmocka_unit_test(frames_come_out_as_they_went_in_however_the_ring_wraps),
		cmocka_unit_test(a_full_ring_drops_and_counts),
		cmocka_unit_test(a_file_that_cannot_be_made_says_why),
		cmocka_unit_test(only_a_file_is_written),
		cmocka_unit_test(a_file_that_cannot_be_written_is_an_error_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
