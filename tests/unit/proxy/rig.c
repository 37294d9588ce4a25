/* SPDX-License-Identifier: BSD-3-Clause */
/* An engine on a snapshot fixture; see rig.h. */
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "balance/interface.h"

#define HEADROOM 1024

const char rig_two_armed[] =
	"interface access address 192.0.2.1/24 gateway 192.0.2.254 peers 192.0.2.0/24 peers 203.0.113.0/24\n"
	"interface core address 198.51.100.1/24\n"
	"pool sw\n"
	"target sw sw1 198.51.100.11:5060\n"
	"target sw sw2 198.51.100.12:5060\n"
	"service in listen 192.0.2.1:5060 pool sw record-route nat auto\n";

static struct rig *create(const char *snapshot, bool asks_names)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	char error[256];
	const struct proxy_config config = {
		.worker = 0, .txns_max = 64, .tombstones_max = 64,
		.dialogs_max = RIG_DIALOGS, .retain_max = 16 << 20, .seed = 1,
		.asks_names = asks_names,
	};

	assert_non_null(rig);
	rig->fixture = snapshot_fixture_create(snapshot, error, sizeof(error));
	if (!rig->fixture)
		fail_msg("%s", error);
	rig->snapshot = snapshot_fixture_snapshot(rig->fixture);
	rig->now = TICK_SECONDS(1000);
	rig->proxy = proxy_create(&config, rig->now);
	assert_non_null(rig->proxy);
	rig->outbox = calloc(1, sizeof(*rig->outbox));
	assert_non_null(rig->outbox);
	return rig;
}

struct rig *rig_create(const char *snapshot)
{
	return create(snapshot, false);
}

struct rig *rig_create_asking(const char *snapshot)
{
	return create(snapshot, true);
}

void rig_destroy(struct rig *rig)
{
	const char *fault = proxy_check(rig->proxy);

	if (fault)
		fail_msg("%s", fault);
	proxy_destroy(rig->proxy);
	snapshot_fixture_destroy(rig->fixture);
	free(rig->outbox);
	free(rig);
}

struct verdict rig_receive(struct rig *rig, const char *source, const char *local,
			   const char *message)
{
	struct proxy_datagram datagram = {
		.data = rig->buffer + HEADROOM,
		.len = (uint32_t)strlen(message),
		.headroom = HEADROOM,
	};

	datagram.tailroom = (uint32_t)sizeof(rig->buffer) - HEADROOM - datagram.len;
	memcpy(datagram.data, message, datagram.len);
	assert_true(endpoint_parse(span_of_string(source), 5060, &datagram.source));
	assert_true(endpoint_parse(span_of_string(local), 5060, &datagram.local));
	for (uint16_t i = 0; i < rig->snapshot->interface_count; i++)
		for (uint8_t j = 0; j < rig->snapshot->interfaces[i].address_count; j++)
			if (ip_address_equal(&rig->snapshot->interfaces[i].addresses[j].address,
					     &datagram.local.address))
				datagram.interface = i;
	outbox_reset(rig->outbox);
	return proxy_receive(rig->proxy, rig->snapshot, &datagram, rig->now, rig->outbox);
}

void rig_advance(struct rig *rig, uint64_t ms)
{
	tick_t end = rig->now + TICK_MS(ms);

	outbox_reset(rig->outbox);
	for (;;) {
		tick_t next = proxy_next_expiry(rig->proxy);
		if (next > end)
			break;
		rig->now = MAX(rig->now, next);
		static struct outbox batch;
		bool more;
		do {
			outbox_reset(&batch);
			more = proxy_expire(rig->proxy, rig->snapshot, rig->now, &batch);
			if (batch.count) {
				memcpy(rig->outbox, &batch, sizeof(batch));
				for (uint32_t i = 0; i < batch.count; i++) {
					/* Scratch moved with the copy. */
					size_t at = (size_t)(batch.entries[i].data - batch.scratch);
					if (at < sizeof(batch.scratch))
						rig->outbox->entries[i].data =
							rig->outbox->scratch + at;
				}
			}
		} while (more);
	}
	rig->now = end;
}

const char *rig_sent(struct rig *rig, unsigned int i)
{
	static char text[8][66000];
	static unsigned int turn;
	char *to = text[turn++ % 8];

	if (i >= rig->outbox->count)
		fail_msg("only %u messages were sent", rig->outbox->count);
	memcpy(to, rig->outbox->entries[i].data, rig->outbox->entries[i].len);
	to[rig->outbox->entries[i].len] = '\0';
	return to;
}

void rig_assert_sent_to(struct rig *rig, unsigned int i, const char *destination)
{
	char text[ENDPOINT_TEXT_MAX];

	if (i >= rig->outbox->count)
		fail_msg("only %u messages were sent", rig->outbox->count);
	assert_string_equal(endpoint_to_string(&rig->outbox->entries[i].destination, text),
			    destination);
}

void rig_assert_verdict(struct verdict got, enum verdict_kind kind, enum verdict_reason reason)
{
	if (got.kind != kind || got.reason != reason)
		fail_msg("verdict %s %s instead of %s %s", verdict_kind_name(got.kind),
			 verdict_reasons[got.reason].name, verdict_kind_name(kind),
			 verdict_reasons[reason].name);
}

const char *rig_header(const char *message, const char *name, unsigned int n)
{
	static char values[8][8192];
	static unsigned int turn;
	size_t len = strlen(name);

	for (const char *line = strstr(message, "\r\n"); line; line = strstr(line, "\r\n")) {
		line += 2;
		if (strncasecmp(line, name, len) != 0 || line[len] != ':' || n-- != 0)
			continue;
		const char *value = line + len + 1 + strspn(line + len + 1, " ");
		char *to = values[turn++ % 8];
		snprintf(to, sizeof(values[0]), "%.*s", (int)strcspn(value, "\r"), value);
		return to;
	}
	return NULL;
}

struct proxy_stats rig_stats(struct rig *rig)
{
	struct proxy_stats stats;

	proxy_stats_read(rig->proxy, &stats);
	return stats;
}
