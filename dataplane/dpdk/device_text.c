/* SPDX-License-Identifier: BSD-3-Clause */
/* See device_text.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dpdk/device_text.h"

/* The value behind `key=`, up to the next comma. */
static const char *argument_find(const char *device, const char *key, size_t *len)
{
	const size_t key_len = strlen(key);

	for (const char *at = strchr(device, ','); at; at = strchr(at, ',')) {
		at++;
		if (strncmp(at, key, key_len) == 0 && at[key_len] == '=') {
			at += key_len + 1;
			*len = strcspn(at, ",");
			return at;
		}
	}
	return NULL;
}

bool device_argument(const char *device, const char *key, char *value, size_t size)
{
	size_t len;
	const char *at = argument_find(device, key, &len);

	if (!at || len >= size)
		return false;
	memcpy(value, at, len);
	value[len] = '\0';
	return true;
}

unsigned int device_argument_number(const char *device, const char *key, unsigned int otherwise)
{
	char text[16], *end;
	unsigned long value;

	if (!device_argument(device, key, text, sizeof(text)) || text[0] < '0' || text[0] > '9')
		return otherwise;
	value = strtoul(text, &end, 0);
	return *end || value > 65535 ? otherwise : (unsigned int)value;
}

void device_name(const char *device, char *name, size_t size)
{
	snprintf(name, size, "%.*s", (int)strcspn(device, ","), device);
}

bool device_is_driver(const char *device, const char *driver)
{
	return strncmp(device, driver, strlen(driver)) == 0;
}

void device_af_xdp_part(const char *device, unsigned int index, char *out, size_t size)
{
	unsigned int start = device_argument_number(device, "start_queue", 0);
	char name[64];
	size_t used;

	device_name(device, name, sizeof(name));
	used = (size_t)index ? snprintf(out, size, "%s_%u", name, index) : snprintf(out, size, "%s", name);
	for (const char *at = strchr(device, ','); at && used < size; at = strchr(at + 1, ',')) {
		const char *argument = at + 1;

		if (strncmp(argument, "queue_count=", 12) == 0 ||
		    strncmp(argument, "start_queue=", 12) == 0)
			continue;
		used += (size_t)snprintf(out + used, size - used, ",%.*s",
					 (int)strcspn(argument, ","), argument);
	}
	if (used < size)
		snprintf(out + used, size - used, ",start_queue=%u,queue_count=1", start + index);
}

void device_af_packet_complete(const char *device, char *out, size_t size)
{
	char value[16];

	if (device_argument(device, "framesz", value, sizeof(value)) ||
	    device_argument(device, "blocksz", value, sizeof(value)) ||
	    device_argument(device, "framecnt", value, sizeof(value)))
		snprintf(out, size, "%s", device);
	else
		snprintf(out, size, "%s,blocksz=%u,framesz=%u,framecnt=1024", device,
			 DEVICE_AF_PACKET_FRAME, DEVICE_AF_PACKET_FRAME);
}
