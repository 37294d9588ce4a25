/* SPDX-License-Identifier: BSD-3-Clause */
/* See flood.h. */
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "generator/flood_texts.h"
#include "sip/message.h"

#define MARKS_MAX 8u
/* A pause of the machine is caught up with; an overload is not. */
#define GRACE_SECONDS 0.01

struct message {
	struct flood_text text;
	uint32_t marks[MARKS_MAX];
	uint32_t mark_count;
};

struct flood {
	struct message *messages;
	uint32_t message_count;
	uint16_t from_count;
	uint64_t *call_ids; /* a folder's, hashed, in order */
	uint32_t call_id_count;
	bool is_folder; /* each file from each address; else one text an address */
	uint64_t seed, serial;
	uint64_t begin_tsc, end_tsc;
	double per_tsc;   /* messages a cycle */
	uint64_t planned; /* of the whole trial */
	struct flood_results results;
};

/* Finds where the message's own number goes. */
static void message_find_marks(struct message *m)
{
	const char *at = m->text.data, *end = m->text.data + m->text.len;

	while (m->mark_count < MARKS_MAX) {
		at = memmem(at, (size_t)(end - at), FLOOD_MARK, FLOOD_MARK_LEN);
		if (!at)
			return;
		m->marks[m->mark_count++] = (uint32_t)(at - m->text.data);
		at += FLOOD_MARK_LEN;
	}
}

/* False with an empty error: the name is no built-in one. */
static bool create_built_in(struct flood *flood, const struct flood_config *config)
{
	flood->messages = calloc(config->from_count, sizeof(*flood->messages));
	if (!flood->messages)
		return false;
	for (uint16_t i = 0; i < config->from_count; i++) {
		if (!flood_text_compose(config->what, &config->from[i], &config->proxy,
					&flood->messages[i].text))
			return false;
		flood->message_count++;
		message_find_marks(&flood->messages[i]);
	}
	return true;
}

static int compare_hashes(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool call_id_hash(const char *data, uint32_t len, uint64_t *hash)
{
	static const struct hash_key key = { 0x666c6f6f64u, 0x63616c6c6964u };
	struct span call_id;

	if (!sip_message_peek_call_id(data, len, &call_id))
		return false;
	*hash = hash64(&key, call_id);
	return true;
}

static bool note_call_ids(struct flood *flood)
{
	flood->call_ids = calloc(flood->message_count, sizeof(*flood->call_ids));
	if (!flood->call_ids)
		return false;
	for (uint32_t i = 0; i < flood->message_count; i++) {
		const struct flood_text *text = &flood->messages[i].text;

		if (call_id_hash(text->data, text->len, &flood->call_ids[flood->call_id_count]))
			flood->call_id_count++;
	}
	qsort(flood->call_ids, flood->call_id_count, sizeof(*flood->call_ids), compare_hashes);
	return true;
}

static bool create_folder(struct flood *flood, const char *folder, char *error)
{
	struct flood_text *texts;
	int count = flood_texts_load(folder, &texts, error);

	if (count < 0)
		return false;
	free(flood->messages);
	flood->is_folder = true;
	flood->messages = calloc((size_t)count, sizeof(*flood->messages));
	for (int i = 0; i < count; i++) {
		if (flood->messages)
			flood->messages[i].text = texts[i];
		else
			free(texts[i].data);
	}
	free(texts);
	flood->message_count = flood->messages ? (uint32_t)count : 0;
	if (flood->messages && note_call_ids(flood))
		return true;
	snprintf(error, FLOOD_ERROR_MAX, "out of memory");
	return false;
}

struct flood *flood_create(const struct flood_config *config, char *error)
{
	struct flood *flood = calloc(1, sizeof(*flood));

	if (!flood) {
		snprintf(error, FLOOD_ERROR_MAX, "out of memory");
		return NULL;
	}
	flood->from_count = config->from_count;
	flood->seed = config->seed;
	if (create_built_in(flood, config) || create_folder(flood, config->what, error))
		return flood;
	flood_destroy(flood);
	return NULL;
}

void flood_destroy(struct flood *flood)
{
	if (!flood)
		return;
	for (uint32_t i = 0; i < flood->message_count; i++)
		free(flood->messages[i].text.data);
	free(flood->messages);
	free(flood->call_ids);
	free(flood);
}

uint32_t flood_messages(const struct flood *flood)
{
	return flood->is_folder ? flood->message_count : 1;
}

void flood_begin(struct flood *flood, double rate, double seconds, uint64_t now_tsc,
		 uint64_t tsc_hz)
{
	memset(&flood->results, 0, sizeof(flood->results));
	flood->begin_tsc = now_tsc;
	flood->end_tsc = now_tsc + (uint64_t)((seconds + GRACE_SECONDS) * (double)tsc_hz);
	flood->per_tsc = rate / (double)tsc_hz;
	flood->planned = (uint64_t)(rate * seconds + 0.5);
}

void flood_stop(struct flood *flood)
{
	flood->planned = flood->results.due = flood->results.sent;
}

bool flood_is_done(const struct flood *flood, uint64_t now_tsc)
{
	return flood->results.sent >= flood->planned || now_tsc >= flood->end_tsc;
}

static void hex16(char *out, uint64_t value)
{
	for (int i = 15; i >= 0; i--, value >>= 4)
		out[i] = "0123456789abcdef"[value & 15];
}

bool flood_next(struct flood *flood, uint64_t now_tsc, char *room, uint32_t size, const char **data,
		uint32_t *len, uint16_t *from)
{
	const struct message *m;
	uint64_t number;

	/* The first is due at once, and so each at its begin + k/rate. */
	flood->results.due = (uint64_t)((double)(now_tsc - flood->begin_tsc) * flood->per_tsc) + 1;
	flood->results.due = MIN(flood->results.due, flood->planned);
	/* What could not be sent in its time is not sent afterwards, and called a rate. */
	if (flood->results.sent >= flood->results.due || now_tsc >= flood->end_tsc)
		return false;
	m = &flood->messages[flood->serial % flood->message_count];
	/* Files and addresses go round separately, so that in time each file comes from each. */
	*from = (uint16_t)(flood->is_folder ? (flood->serial % flood->message_count +
					       flood->serial / flood->message_count) %
						      flood->from_count
					    : flood->serial % flood->message_count);
	number = hash_mix64(flood->seed + ++flood->serial);
	*len = m->text.len;
	flood->results.sent++;
	if (m->text.len > size) {
		*data = m->text.data;
		return true;
	}
	memcpy(room, m->text.data, m->text.len);
	for (uint32_t i = 0; i < m->mark_count; i++)
		hex16(room + m->marks[i], number);
	*data = room;
	return true;
}

bool flood_owns(const struct flood *flood, const char *data, uint32_t len)
{
	struct span call_id;
	uint64_t hash;

	if (!flood->is_folder)
		return sip_message_peek_call_id(data, len, &call_id) &&
		       span_starts_with(call_id, SPAN(FLOOD_CALL_ID));
	return call_id_hash(data, len, &hash) &&
	       bsearch(&hash, flood->call_ids, flood->call_id_count, sizeof(hash), compare_hashes);
}

void flood_receive(struct flood *flood, const char *data, uint32_t len)
{
	uint64_t status;

	flood->results.received++;
	if (span_starts_with(span_of(data, len), SPAN("SIP/2.0 ")) && len >= 11 &&
	    text_parse_u64(span_of(data + 8, 3), TRAFFIC_STATUSES - 1, &status))
		flood->results.statuses[status]++;
	else
		flood->results.requests++;
}

const struct flood_results *flood_results(const struct flood *flood)
{
	return &flood->results;
}
