/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control's side of the capture: pcapng blocks (draft-ietf-opsawg-pcapng §4) out of the rings.
 * Written here and not by rte_pcapng, so that the interfaces carry the operator's names and no
 * second copy into an mbuf is made.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dpdk/capture.h"
#include "dpdk/capture_record.h"

#define BLOCK_SECTION   0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET    6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINKTYPE_ETHERNET 1
#define OPTION_END 0
#define OPTION_SHB_USERAPPL 4
#define OPTION_IF_NAME 2
#define OPTION_IF_DESCRIPTION 3
#define OPTION_IF_TSRESOL 9
#define OPTION_EPB_FLAGS 2

struct block {
	uint32_t used;
	uint8_t bytes[1024];
};

static void block_put(struct block *block, const void *bytes, size_t len)
{
	size_t padded = (len + 3) & ~(size_t)3;

	if (block->used + padded > sizeof(block->bytes))
		return;
	memset(block->bytes + block->used, 0, padded);
	memcpy(block->bytes + block->used, bytes, len);
	block->used += (uint32_t)padded;
}

static void block_put_u32(struct block *block, uint32_t value)
{
	block_put(block, &value, sizeof(value));
}

static void block_put_option(struct block *block, uint16_t code, const void *bytes, size_t len)
{
	const uint16_t head[2] = { code, (uint16_t)len };

	block_put(block, head, sizeof(head));
	block_put(block, bytes, len);
}

static void file_put(struct capture *capture, const void *bytes, size_t len)
{
	if (capture->error || len == 0)
		return;
	errno = 0;
	if (fwrite(bytes, len, 1, capture->file) != 1)
		capture->error = errno ? errno : EIO;
}

/* A block is its type, its length, the body, its length again. */
static void file_put_block(struct capture *capture, uint32_t type, const struct block *body)
{
	const uint32_t total = body->used + 12;
	const uint32_t head[2] = { type, total };

	file_put(capture, head, sizeof(head));
	file_put(capture, body->bytes, body->used);
	file_put(capture, &total, sizeof(total));
}

static void file_put_section(struct capture *capture)
{
	const uint16_t version[2] = { 1, 0 };
	const uint64_t length_unknown = UINT64_MAX;
	struct block block = { .used = 0 };

	block_put_u32(&block, BYTE_ORDER_MAGIC);
	block_put(&block, version, sizeof(version));
	block_put(&block, &length_unknown, sizeof(length_unknown));
	block_put_option(&block, OPTION_SHB_USERAPPL, "tandem", 6);
	block_put_u32(&block, OPTION_END);
	file_put_block(capture, BLOCK_SECTION, &block);
}

static void file_put_interface(struct capture *capture, const struct capture_device *device)
{
	const uint16_t link_type[2] = { LINKTYPE_ETHERNET, 0 };
	const uint8_t nanoseconds = 9;
	struct block block = { .used = 0 };

	block_put(&block, link_type, sizeof(link_type));
	block_put_u32(&block, 0); /* no snap length */
	block_put_option(&block, OPTION_IF_NAME, device->name, strlen(device->name));
	block_put_option(&block, OPTION_IF_DESCRIPTION, device->description,
			 strlen(device->description));
	block_put_option(&block, OPTION_IF_TSRESOL, &nanoseconds, 1);
	block_put_u32(&block, OPTION_END);
	file_put_block(capture, BLOCK_INTERFACE, &block);
}

static void file_put_packet(struct capture *capture, const struct capture_record *record,
			    const uint8_t *frame)
{
	const uint64_t wall_ns = clock_wall_ns_of(capture->clock, record->tsc);
	const uint32_t padding = (4 - record->kept % 4) % 4;
	const uint32_t total = 32 + record->kept + padding + 12;
	const uint32_t head[7] = {
		BLOCK_PACKET, total, record->device,
		(uint32_t)(wall_ns >> 32), (uint32_t)wall_ns, record->kept, record->len,
	};
	const uint32_t tail[4] = {
		OPTION_EPB_FLAGS | 4u << 16, record->direction, OPTION_END, total,
	};

	file_put(capture, head, sizeof(head));
	file_put(capture, frame, record->kept);
	file_put(capture, "\0\0\0", padding);
	file_put(capture, tail, sizeof(tail));
}

/* Never waits: a FIFO without a reader would stop control.  Follows no link that somebody laid in
 * a folder that all may write, and shows the calls to nobody else. */
static FILE *file_open(const char *path)
{
	struct stat info;
	FILE *file = NULL;
	int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		      0600);

	if (fd < 0)
		return NULL;
	errno = EINVAL;
	if (fstat(fd, &info) == 0 && (S_ISREG(info.st_mode) || S_ISCHR(info.st_mode)) &&
	    (!S_ISREG(info.st_mode) || ftruncate(fd, 0) == 0))
		file = fdopen(fd, "wb");
	if (!file) {
		int code = errno;

		close(fd);
		errno = code;
	}
	return file;
}

struct capture *capture_create(const char *path, const struct clock *clock,
			       const struct capture_device *devices, uint16_t device_count,
			       uint16_t ring_count, uint64_t packets_max,
			       const struct dataplane_capture_filter *filter)
{
	static const struct dataplane_capture_filter any = { .octets = 0 };
	struct capture *capture = calloc(1, sizeof(*capture));

	if (!capture)
		return NULL;
	capture->clock = clock;
	capture->packets_max = packets_max;
	capture->frame = malloc(CAPTURE_FRAME_MAX);
	capture->file = capture->frame ? file_open(path) : NULL;
	if (!capture->file)
		goto fail;
	for (; capture->ring_count < ring_count; capture->ring_count++) {
		capture->rings[capture->ring_count] = capture_ring_create();
		if (!capture->rings[capture->ring_count])
			goto fail;
		capture_filter_init(&capture->rings[capture->ring_count]->filter,
				    filter ? filter : &any);
	}
	file_put_section(capture);
	for (uint16_t d = 0; d < device_count; d++)
		file_put_interface(capture, &devices[d]);
	return capture;
fail:;
	int code = errno ? errno : ENOMEM;

	capture_destroy(capture);
	errno = code;
	return NULL;
}

static void ring_drain(struct capture *capture, struct capture_ring *ring)
{
	uint64_t head = __atomic_load_n(&ring->head, __ATOMIC_ACQUIRE);
	uint64_t tail = ring->tail;

	while (tail != head) {
		struct capture_record record;

		capture_ring_copy_out(ring, tail, &record, sizeof(record));
		if (!capture_is_full(capture)) {
			capture_ring_copy_out(ring, tail + sizeof(record), capture->frame,
					      record.kept);
			file_put_packet(capture, &record, capture->frame);
			capture->packets++;
		}
		tail += capture_record_size(record.kept);
		__atomic_store_n(&ring->tail, tail, __ATOMIC_RELEASE);
	}
}

void capture_drain(struct capture *capture)
{
	for (uint16_t r = 0; r < capture->ring_count; r++)
		ring_drain(capture, capture->rings[r]);
	/* Whoever reads along sees whole blocks, and soon. */
	if (!capture->error && fflush(capture->file) != 0)
		capture->error = errno;
}

bool capture_is_full(const struct capture *capture)
{
	return capture->error ||
	       (capture->packets_max && capture->packets >= capture->packets_max);
}

uint64_t capture_dropped(const struct capture *capture)
{
	uint64_t dropped = 0;

	for (uint16_t r = 0; r < capture->ring_count; r++)
		dropped += __atomic_load_n(&capture->rings[r]->dropped, __ATOMIC_RELAXED);
	return dropped;
}

int capture_destroy(struct capture *capture)
{
	int code;

	if (!capture)
		return 0;
	if (capture->file) {
		capture_drain(capture);
		if (fclose(capture->file) != 0 && !capture->error)
			capture->error = errno;
	}
	for (uint16_t r = 0; r < capture->ring_count; r++)
		capture_ring_destroy(capture->rings[r]);
	code = capture->error;
	free(capture->frame);
	free(capture);
	return -code;
}
