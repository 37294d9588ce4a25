/* SPDX-License-Identifier: BSD-3-Clause */
/* Prebuilt messages; see template.h. */
#include "generator/template.h"

#include <stdlib.h>

#include "base/hash.h"
#include "generator/template_text.h"

#define TEXT_MAX    1216u
#define PATCHES_MAX 8u
#define URI_MAX     96u
#define VIA_MAX     128u

struct patch {
	uint16_t at;
	uint8_t mark; /* the octet that stood there */
};

struct template {
	uint16_t len, split;        /* split: where rows go in; len when none do */
	uint8_t patch_count, number_count;
	uint16_t numbers[PATCHES_MAX];
	struct patch patches[PATCHES_MAX];
	char text[TEXT_MAX];
};

/* What one caller or target sends. */
struct template_owner {
	char uri[URI_MAX];          /* of its Contact */
	uint16_t uri_len;
	struct template of[MESSAGE_COUNT]; /* of the other side's messages: empty */
};

struct template_set {
	uint16_t counts[TRAFFIC_SIDES];
	struct template_owner *owners[TRAFFIC_SIDES];
	char rest[CALL_ID_REST_LEN + 1]; /* of Call-IDs */
};

const struct message_info messages[MESSAGE_COUNT] = {
	[MESSAGE_NONE] = { .text = "no message" },
#define X(id, side_, method_, status_, text_)                                                      \
	[MESSAGE_##id] = { .side = side_, .method = SIP_METHOD_##method_, .status = status_,       \
			   .text = text_ },
	MESSAGES(X)
#undef X
	[MESSAGE_OTHER_PROVISIONAL] = { .side = TRAFFIC_TARGETS, .text = "another provisional response" },
	[MESSAGE_OTHER_FINAL] = { .side = TRAFFIC_TARGETS, .text = "another final response" },
};

/* ---- building */

static bool in_dialog(enum message kind)
{
	return template_texts[kind][0] == ' ';
}

static bool template_build(struct template *template, const char *source, struct span own,
			   struct span rest)
{
	struct text_writer w = text_writer_of(template->text, TEXT_MAX);
	bool has_split = false;

	for (const char *p = source; *p; p++) {
		const uint16_t at = (uint16_t)(w.at - w.start);
		if (*p == OWN[0]) {
			text_put(&w, own);
			continue;
		}
		if (*p == RUN[0]) {
			text_put(&w, rest);
			continue;
		}
		if (*p == ROWS[0]) {
			template->split = at;
			has_split = true;
			continue;
		}
		if (*p == '#') {
			if (template->number_count == PATCHES_MAX)
				return false;
			template->numbers[template->number_count++] = at;
			text_put(&w, SPAN(NUMBER));
			p += NUMBER_DIGITS - 1;
			continue;
		}
		if (*p < ' ' && *p != '\r' && *p != '\n') {
			if (template->patch_count == PATCHES_MAX)
				return false;
			template->patches[template->patch_count++] =
				(struct patch){ .at = at, .mark = (uint8_t)*p };
			if (*p == TARGET[0])
				text_put_char(&w, *p++);
		}
		text_put_char(&w, *p);
	}
	template->len = (uint16_t)text_written(&w).len;
	if (!has_split)
		template->split = template->len;
	return !w.overflow;
}

static bool owner_build(struct template_owner *owner, enum traffic_side side,
			const struct endpoint *address, struct span rest)
{
	char own_text[ENDPOINT_TEXT_MAX];
	struct text_writer w = text_writer_of(own_text, sizeof(own_text));

	endpoint_put(&w, address);
	struct span own = text_written(&w);
	w = text_writer_of(owner->uri, URI_MAX);
	text_put(&w, side == TRAFFIC_TARGETS ? SPAN("sip:" USER "@") : SPAN("sip:+431234567890@"));
	text_put(&w, own);
	owner->uri_len = (uint16_t)text_written(&w).len;
	bool good = !w.overflow;
	for (int kind = 0; good && kind < MESSAGE_COUNT; kind++) {
		if (template_texts[kind] && messages[kind].side == side)
			good = template_build(&owner->of[kind], template_texts[kind], own, rest);
	}
	return good;
}

/* Not the mix that numbers are keyed by: Call-IDs do not tell that key. */
static void rest_put(char *rest, uint64_t seed)
{
	char digits[NUMBER_DIGITS];
	struct text_writer w = text_writer_of(rest, CALL_ID_REST_LEN);

	number_put(digits, hash_mix64(hash_mix64(seed) + 0x9e3779b97f4a7c15u));
	text_put(&w, SPAN(CALL_ID_DASH));
	text_put(&w, span_of(digits, RUN_DIGITS));
	text_put(&w, SPAN(CALL_ID_HOST));
}

const char *template_call_id_rest(const struct template_set *set)
{
	return set->rest;
}

bool is_call_id_rest(const char *rest)
{
	const char *run = rest + sizeof(CALL_ID_DASH) - 1;

	if (memcmp(rest, CALL_ID_DASH, sizeof(CALL_ID_DASH) - 1) != 0 ||
	    memcmp(run + RUN_DIGITS, CALL_ID_HOST, sizeof(CALL_ID_HOST) - 1) != 0)
		return false;
	for (uint32_t i = 0; i < RUN_DIGITS; i++) {
		if (!(run[i] >= '0' && run[i] <= '9') && !(run[i] >= 'a' && run[i] <= 'f'))
			return false;
	}
	return true;
}

struct template_set *template_set_create(const struct traffic_config *config)
{
	const struct endpoint *addresses[] = { config->callers, config->targets };
	struct template_set *set = calloc(1, sizeof(*set));
	bool good = set;

	if (good)
		rest_put(set->rest, config->seed);
	for (int side = 0; good && side < TRAFFIC_SIDES; side++) {
		set->counts[side] = side == TRAFFIC_CALLERS ? config->caller_count :
							      config->target_count;
		set->owners[side] = calloc(set->counts[side], sizeof(struct template_owner));
		good = set->owners[side];
		for (uint16_t i = 0; good && i < set->counts[side]; i++)
			good = owner_build(&set->owners[side][i], (enum traffic_side)side,
					   &addresses[side][i],
					   span_of(set->rest, CALL_ID_REST_LEN));
	}
	if (good)
		return set;
	template_set_destroy(set);
	return NULL;
}

void template_set_destroy(struct template_set *set)
{
	if (!set)
		return;
	free(set->owners[TRAFFIC_CALLERS]);
	free(set->owners[TRAFFIC_TARGETS]);
	free(set);
}

size_t template_set_octets(const struct template_set *set)
{
	return sizeof(*set) + ((size_t)set->counts[TRAFFIC_CALLERS] +
			       set->counts[TRAFFIC_TARGETS]) *
				      sizeof(struct template_owner);
}

/* ---- sending */

/* The text stands at `at`; what was behind the split has moved by `shift`. */
static void patch(const struct template *template, const struct template_values *values, char *at,
		  uint32_t shift)
{
	static const char hex[] = "0123456789abcdef";

	for (uint32_t i = 0; i < template->number_count; i++) {
		uint32_t to = template->numbers[i];
		memcpy(at + to + (to >= template->split ? shift : 0), values->digits,
		       NUMBER_DIGITS);
	}
	for (uint32_t i = 0; i < template->patch_count; i++) {
		const struct patch *p = &template->patches[i];
		char *to = at + p->at + (p->at >= template->split ? shift : 0);
		if (p->mark == (uint8_t)TARGET[0]) {
			to[0] = hex[values->target >> 4 & 15];
			to[1] = hex[values->target & 15];
		} else {
			to[0] = (char)(values->cseq + (p->mark == (uint8_t)CSEQ_BYE[0]));
		}
	}
}

static char *put(char *at, const void *text, size_t len)
{
	memcpy(at, text, len);
	return at + len;
}

uint32_t template_render(const struct template_set *set, enum message kind,
			 const struct template_values *values, char *to, uint32_t max)
{
	const bool by_caller = messages[kind].side == TRAFFIC_CALLERS;
	const struct template_owner *owner =
		by_caller ? &set->owners[TRAFFIC_CALLERS][values->caller] :
			    &set->owners[TRAFFIC_TARGETS][values->target];
	const struct template *template = &owner->of[kind];
	char *at = to;

	if (UNLIKELY((uint32_t)template->len + values->rows_len + URI_MAX > max))
		return 0;
	if (in_dialog(kind)) {
		const struct template_owner *peer =
			by_caller ? &set->owners[TRAFFIC_TARGETS][values->target] :
				    &set->owners[TRAFFIC_CALLERS][values->caller];
		at = put(at, kind == MESSAGE_ACK ? "ACK " : "BYE ", 4);
		at = put(at, peer->uri, peer->uri_len);
	}
	char *text = at;
	at = put(at, template->text, template->split);
	if (values->rows_len)
		at = put(at, values->rows, values->rows_len);
	at = put(at, template->text + template->split, (size_t)(template->len - template->split));
	patch(template, values, text, values->rows_len);
	return (uint32_t)(at - to);
}

uint32_t template_via(const struct template_set *set, enum message request,
		      const struct template_values *values, char *to, uint32_t max)
{
	char text[TRAFFIC_OCTETS_MAX];
	struct template_values bare = *values;

	bare.rows_len = 0;
	uint32_t len = template_render(set, request, &bare, text, sizeof(text));
	struct span rest = span_of(text, len);
	rest = span_from(rest, span_find(rest, '\n') + 1);
	uint32_t row = (uint32_t)span_find(rest, '\n') + 1;
	if (row > rest.len || row > max)
		return 0;
	memcpy(to, rest.data, row);
	return row;
}

/* ---- numbers */

void number_put(char *digits, uint64_t number)
{
	for (uint32_t i = NUMBER_DIGITS; i-- > 0; number >>= 4)
		digits[i] = "0123456789abcdef"[number & 15];
}

/* Eight digits at a time: octets to nibbles, nibbles together. */
static bool read_8(const char *digits, uint64_t *value)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x80 * ones;
	uint64_t x;

	memcpy(&x, digits, 8);
	/* In each octet below 0x80: its bit 7 tells what is compared. */
	uint64_t digit = (x + (0x80 - '0') * ones) & ~(x + (0x80 - '9' - 1) * ones) & high;
	uint64_t letter = (x + (0x80 - 'a') * ones) & ~(x + (0x80 - 'f' - 1) * ones) & high;
	if ((x & high) || (digit | letter) != high)
		return false;
	x = (x & (0x0f * ones)) + (letter >> 7) * 9;
	x = __builtin_bswap64(x);
	x = (x | x >> 4) & 0x00ff00ff00ff00ffu;
	x = (x | x >> 8) & 0x0000ffff0000ffffu;
	*value = (x | x >> 16) & 0xffffffffu;
	return true;
}

bool number_read(const char *digits, uint64_t *number)
{
	uint64_t high, low;

	if (!read_8(digits, &high) || !read_8(digits + 8, &low))
		return false;
	*number = high << 32 | low;
	return true;
}

uint64_t number_of_serial(uint64_t key, uint64_t serial)
{
	return hash_mix64(serial ^ key);
}

/* hash_mix64 backwards: shifts undone, multiplications by the inverses modulo 2^64. */
uint64_t number_to_serial(uint64_t key, uint64_t number)
{
	uint64_t x = number;

	x ^= x >> 31 ^ x >> 62;
	x *= 0x319642b2d24d8ec3u;
	x ^= x >> 27 ^ x >> 54;
	x *= 0x96de1b173f119089u;
	x ^= x >> 30 ^ x >> 60;
	return x ^ key;
}
