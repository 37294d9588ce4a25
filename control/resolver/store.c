/* SPDX-License-Identifier: BSD-3-Clause */
/* Last good answers as JSON; see store.h. */
#include "resolver/store.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"

#define FORMAT "tandem-dns"

/* Finds accidents, not forgers: who can write the file can make targets anyway. */
static bool check_of(const json_t *names, char text[17])
{
	static const struct hash_key key = { .k0 = 0x74616e64656d2064, .k1 = 0x6e732073746f7265 };
	char *dump = json_dumps(names, JSON_COMPACT | JSON_SORT_KEYS);

	if (!dump)
		return false;
	struct text_writer w = text_writer_of(text, 16);
	text_put_hex(&w, mac64(&key, span_of_string(dump)), 16);
	text[16] = '\0';
	free(dump);
	return true;
}

static json_t *server_json(const struct server *server)
{
	char address[ENDPOINT_TEXT_MAX];

	return json_pack("{s:s, s:i, s:i, s:i, s:s}", "host", server->host, "port",
			 (int)server->endpoint.port, "priority", (int)server->priority, "weight",
			 (int)server->weight, "address",
			 ip_address_to_string(&server->endpoint.address, address));
}

static json_t *entry_json(const struct store_entry *entry)
{
	json_t *servers = json_array();

	for (uint32_t i = 0; i < entry->set->count; i++) {
		if (json_array_append_new(servers, server_json(&entry->set->servers[i])) < 0) {
			json_decref(servers);
			return NULL;
		}
	}
	return json_pack("{s:s, s:I, s:I, s:I, s:o}", "name", entry->name, "answered_ms",
			 (json_int_t)entry->answered_ms, "ttl_ms", (json_int_t)entry->ttl_ms,
			 "records", (json_int_t)entry->set->records, "servers", servers);
}

char *store_format(const struct store_entry *entries, uint32_t count)
{
	json_t *names = json_array(), *document = NULL;
	char check[17], *text = NULL;

	for (uint32_t i = 0; i < count; i++) {
		if (json_array_append_new(names, entry_json(&entries[i])) < 0)
			goto out;
	}
	if (!check_of(names, check))
		goto out;
	document = json_pack("{s:s, s:i, s:s, s:O}", "format", FORMAT, "version", STORE_VERSION,
			     "check", check, "names", names);
	if (document)
		text = json_dumps(document, JSON_INDENT(1));
out:
	json_decref(document);
	json_decref(names);
	return text;
}

static bool number_of(const json_t *object, const char *key, json_int_t max, json_int_t *value)
{
	const json_t *number = json_object_get(object, key);

	*value = json_integer_value(number);
	return json_is_integer(number) && *value >= 0 && *value <= max;
}

static bool server_parse(const json_t *object, struct server *server)
{
	const char *host = json_string_value(json_object_get(object, "host"));
	const char *address = json_string_value(json_object_get(object, "address"));
	json_int_t port, priority, weight;

	if (!host || strlen(host) >= DNS_NAME_MAX || !dns_name_is_host(host) || !address ||
	    !ip_address_parse(span_of_string(address), &server->endpoint.address) ||
	    !number_of(object, "port", UINT16_MAX, &port) || port == 0 ||
	    !number_of(object, "priority", UINT16_MAX, &priority) ||
	    !number_of(object, "weight", UINT16_MAX, &weight))
		return false;
	strcpy(server->host, host);
	server->endpoint.port = (uint16_t)port;
	server->priority = (uint16_t)priority;
	server->weight = (uint16_t)weight;
	return true;
}

/* NULL: not a set of servers, or out of memory. */
static struct server_set *servers_parse(const json_t *array, json_int_t records)
{
	size_t count = json_array_size(array);

	if (!json_is_array(array) || count == 0 || count > SERVERS_MAX)
		return NULL;
	struct server_set *set = server_set_create((uint32_t)count);
	if (!set)
		return NULL;
	set->records = (uint32_t)records;
	for (size_t i = 0; i < count; i++) {
		if (!server_parse(json_array_get(array, i), &set->servers[set->count++])) {
			free(set);
			return NULL;
		}
	}
	server_set_unify(set);
	return set;
}

static bool entry_parse(const json_t *object, store_entry_fn fn, void *context)
{
	const char *name = json_string_value(json_object_get(object, "name"));
	json_int_t answered, ttl, records;

	if (!name || strlen(name) >= DNS_NAME_MAX || !dns_name_is_host(name) ||
	    !number_of(object, "answered_ms", INT64_MAX, &answered) ||
	    !number_of(object, "ttl_ms", UINT32_MAX, &ttl) ||
	    !number_of(object, "records", UINT32_MAX, &records))
		return false;
	struct server_set *set = servers_parse(json_object_get(object, "servers"), records);
	if (!set)
		return false;
	if (fn)
		fn(context, &(struct store_entry){ name, answered, (uint32_t)ttl, set });
	free(set);
	return true;
}

static bool refuse(char *why, const char *reason)
{
	snprintf(why, STORE_WHY_MAX, "%s", reason);
	return false;
}

static bool document_parse(const json_t *document, store_entry_fn fn, void *context, char *why)
{
	const char *format = json_string_value(json_object_get(document, "format"));
	const char *check = json_string_value(json_object_get(document, "check"));
	const json_t *names = json_object_get(document, "names");
	json_int_t version;
	char wanted[17];

	if (!format || strcmp(format, FORMAT) != 0)
		return refuse(why, "it is not a file of DNS answers");
	if (!number_of(document, "version", INT32_MAX, &version) || version != STORE_VERSION)
		return refuse(why, "it has a version that this program does not know");
	if (!json_is_array(names) || !check || !check_of(names, wanted) || strcmp(check, wanted) != 0)
		return refuse(why, "it is damaged or was edited: its check does not fit");
	/* All or nothing: first without a word. */
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < json_array_size(names); i++) {
			if (!entry_parse(json_array_get(names, i), pass ? fn : NULL, context))
				return refuse(why, "an entry is not complete");
		}
	}
	return true;
}

bool store_parse(struct span text, store_entry_fn fn, void *context, char *why)
{
	json_error_t error;
	json_t *document = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, &error);
	bool is_good;

	if (!document) {
		snprintf(why, STORE_WHY_MAX, "it is not JSON: line %d: %.100s", error.line, error.text);
		return false;
	}
	is_good = document_parse(document, fn, context, why);
	json_decref(document);
	return is_good;
}
