/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who this instance is, out of a key file's text: the working keys are derived from secrets, so
 * that one of them says nothing about another.  Files are key_file.c's.
 */
#include "config/identity.h"

#include <errno.h>

#include "config/key_file.h"
#include "config/model.h"

#define KEY_FILE_MAX 4096

bool identity_instance(const char *name, uint16_t *instance)
{
	static const struct hash_key key = { .k0 = 0x74616e64656d2069, .k1 = 0x6e7374616e636573 };
	struct span text = span_of_string(name);
	uint64_t number;
	size_t digits = 0;
	while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9')
		digits++;
	if (digits == text.len) {
		if (!text_parse_u64(text, UINT16_MAX, &number) || number == 0)
			return false;
		*instance = (uint16_t)number;
		return true;
	}
	*instance = (uint16_t)(hash64(&key, text) % UINT16_MAX + 1);
	return true;
}

/* 256 bits: the first half keys the hash, the second goes into it. */
struct secret {
	uint64_t words[4];
};

static struct hash_key derive_key(const struct secret *secret, const char *label)
{
	struct hash_key key = { secret->words[0], secret->words[1] };
	struct hash_stream stream;
	hash_stream_init(&stream, &key);
	hash_stream_field(&stream, span_of_string(label));
	hash_stream_u64(&stream, secret->words[2]);
	hash_stream_u64(&stream, secret->words[3]);
	struct hash128 derived = hash_stream_final(&stream);
	return (struct hash_key){ derived.lo, derived.hi };
}

static bool parse_secret(struct span text, struct secret *secret)
{
	if (text.len != 64)
		return false;
	uint64_t any = 0;
	for (size_t i = 0; i < ARRAY_SIZE(secret->words); i++) {
		if (!text_parse_hex(span_of(text.data + 16 * i, 16), &secret->words[i]))
			return false;
		any |= secret->words[i];
	}
	return any != 0;
}

/* The next word of a line; empty at its end. */
static struct span next_word(struct span *line)
{
	*line = span_trim(*line);
	size_t len = 0;
	while (len < line->len && line->data[len] != ' ' && line->data[len] != '\t')
		len++;
	struct span word = span_of(line->data, len);
	*line = span_from(*line, len);
	return word;
}

static const char *take_route_key(struct span *line, struct config_identity *identity)
{
	uint64_t id;
	struct secret secret;
	if (identity->route_key_count == BALANCE_ROUTE_KEYS_MAX)
		return "more than 8 route keys";
	if (!text_parse_u64(next_word(line), UINT8_MAX, &id))
		return "a route key needs an id from 0 to 255";
	if (!parse_secret(next_word(line), &secret))
		return "a secret is 64 hexadecimal digits, not all zero";
	for (uint32_t i = 0; i < identity->route_key_count; i++) {
		if (identity->route_keys[i].id == id)
			return "a route key's id is used twice";
	}
	identity->route_keys[identity->route_key_count++] = (struct balance_route_key){
		.id = (uint8_t)id,
		.key = derive_key(&secret, "tandem route"),
	};
	return NULL;
}

static const char *take_line(struct span line, struct config_identity *identity, bool *has_master)
{
	const char *wrong = NULL;
	struct secret master;
	struct span word = next_word(&line);
	if (word.len == 0 || word.data[0] == '#')
		return NULL;
	if (span_equal(word, SPAN("route"))) {
		wrong = take_route_key(&line, identity);
	} else if (!span_equal(word, SPAN("master"))) {
		wrong = "a line is neither \"master SECRET\" nor \"route ID SECRET\"";
	} else if (*has_master) {
		wrong = "a second master secret";
	} else if (!parse_secret(next_word(&line), &master)) {
		wrong = "a secret is 64 hexadecimal digits, not all zero";
	} else {
		*has_master = true;
		identity->branch_key = derive_key(&master, "tandem branch");
		identity->hint_key = derive_key(&master, "tandem hint");
		identity->call_key = derive_key(&master, "tandem call");
		identity->tag_key = derive_key(&master, "tandem tag");
		explicit_bzero(&master, sizeof(master));
	}
	if (!wrong && next_word(&line).len)
		wrong = "something follows the secret";
	return wrong;
}

int identity_parse_keys(struct span text, struct config_identity *identity, char *error,
			size_t size)
{
	bool has_master = false;
	unsigned int number = 0;
	identity->route_key_count = 0;
	while (text.len) {
		struct span line = span_of(text.data, span_find(text, '\n'));
		text = span_from(text, line.len + 1);
		number++;
		const char *wrong = take_line(line, identity, &has_master);
		if (wrong) {
			snprintf(error, size, "line %u: %s", number, wrong);
			return -EINVAL;
		}
	}
	if (has_master && identity->route_key_count)
		return 0;
	snprintf(error, size, "line %u: the file ends without %s", number,
		 has_master ? "a route key" : "the master secret");
	return -EINVAL;
}

static int load_identity(const struct config *config, uint32_t epoch, bool may_make,
			 struct config_identity *identity, char *error, size_t size)
{
	bool in_cluster = config->cluster.item.at.line != 0;
	char path[512], text[KEY_FILE_MAX], why[160];
	size_t len;
	memset(identity, 0, sizeof(*identity));
	identity->epoch = epoch;
	if (in_cluster && !identity_instance(config->cluster.instance, &identity->instance)) {
		snprintf(error, size, "cluster.instance is out of range");
		return -EINVAL;
	}
	if (in_cluster)
		snprintf(path, sizeof(path), "%s", config->cluster.key_file);
	else
		snprintf(path, sizeof(path), "%s/keys", config->state_dir);
	if (!in_cluster && may_make) {
		int rc = key_file_provide(config->state_dir, path, error, size);
		if (rc < 0)
			return rc;
	}
	int rc = key_file_read(path, text, sizeof(text), &len, error, size);
	if (rc < 0)
		return rc;
	rc = identity_parse_keys(span_of(text, len), identity, why, sizeof(why));
	if (rc < 0)
		snprintf(error, size, "%s: %s", path, why);
	explicit_bzero(text, sizeof(text));
	return rc;
}

int config_identity_load(const struct config *config, uint32_t epoch,
			 struct config_identity *identity, char *error, size_t size)
{
	return load_identity(config, epoch, true, identity, error, size);
}

static bool key_equal(const struct hash_key *a, const struct hash_key *b)
{
	return a->k0 == b->k0 && a->k1 == b->k1;
}

static const struct balance_route_key *route_key_find(const struct config_identity *identity,
						      uint8_t id)
{
	for (uint32_t i = 0; i < identity->route_key_count; i++) {
		if (identity->route_keys[i].id == id)
			return &identity->route_keys[i];
	}
	return NULL;
}

/* NULL: `after` may follow `before` while calls are up. */
static const char *why_not_live(const struct config_identity *before,
				const struct config_identity *after)
{
	if (!key_equal(&before->branch_key, &after->branch_key) ||
	    !key_equal(&before->hint_key, &after->hint_key) ||
	    !key_equal(&before->call_key, &after->call_key) ||
	    !key_equal(&before->tag_key, &after->tag_key))
		return "the master secret is another one: retransmissions of what is under way would "
		       "be taken for new requests, so that needs a restart";
	for (uint32_t i = 0; i < after->route_key_count; i++) {
		const struct balance_route_key *key = &after->route_keys[i];
		const struct balance_route_key *old = route_key_find(before, key->id);
		if (old && !key_equal(&old->key, &key->key))
			return "a route key has another secret under the same id: dialogs that are "
			       "up would be refused; give a new key an id of its own";
	}
	return NULL;
}

int config_identity_reload(const struct config *config, const struct config_identity *before,
			   struct config_identity *identity, char *error, size_t size)
{
	int rc = load_identity(config, before->epoch, false, identity, error, size);
	if (rc < 0)
		return rc;
	const char *wrong = why_not_live(before, identity);
	if (!wrong)
		return 0;
	if (config->cluster.item.at.line)
		snprintf(error, size, "%s: %s", config->cluster.key_file, wrong);
	else
		snprintf(error, size, "%s/keys: %s", config->state_dir, wrong);
	return -EBUSY;
}

void config_identity_differences(const struct config_identity *before,
				 const struct config_identity *after, config_difference_fn tell,
				 void *context)
{
	for (uint32_t i = 0; i < before->route_key_count + after->route_key_count; i++) {
		bool is_old = i < before->route_key_count;
		uint8_t id = is_old ? before->route_keys[i].id :
				      after->route_keys[i - before->route_key_count].id;
		const struct balance_route_key *old = route_key_find(before, id);
		const struct balance_route_key *new = route_key_find(after, id);
		char path[32];
		/* One that is in both has been told of as one of before. */
		if (!is_old && old)
			continue;
		snprintf(path, sizeof(path), "keys.route[%u]", id);
		const struct config_difference difference = {
			.path = path,
			.before = !old ? NULL : old == before->route_keys ? "signs" : "verifies",
			.after = !new ? NULL : new == after->route_keys ? "signs" : "verifies",
		};
		if (!difference.before || !difference.after ||
		    strcmp(difference.before, difference.after) != 0)
			tell(context, &difference);
	}
}
