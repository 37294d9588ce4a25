/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One scalar of the configuration: text to value, with a reason that a person can act on, and
 * value to text.  Knows no YAML and no positions.
 */
#ifndef CONFIG_VALUE_H
#define CONFIG_VALUE_H

#include "config/keyword.h"
#include "net/endpoint.h"

#define VALUE_WHY_MAX  256
#define VALUE_TEXT_MAX 64

/* TEXT to CHOICE of enum keyword_type, into the C field.  False: why[VALUE_WHY_MAX] says what is
 * wrong and what is accepted; the field is unchanged. */
[[nodiscard]] bool value_parse(const struct keyword *keyword, struct span text, void *field,
			       char *why);
/* Elements of lists, the same way. */
[[nodiscard]] bool value_parse_choice(const struct keyword *keyword, struct span text,
				      uint32_t *value, char *why);
/* One code, "404", or a range, "200-299", added to `codes`. */
struct config_codes;
[[nodiscard]] bool value_parse_codes(struct span text, struct config_codes *codes, char *why);
[[nodiscard]] bool value_parse_address(struct span text, struct ip_address *address, char *why);
[[nodiscard]] bool value_parse_own_address(struct span text, struct ip_prefix *prefix, char *why);
[[nodiscard]] bool value_parse_network(struct span text, struct ip_prefix *prefix, char *why);
[[nodiscard]] bool value_parse_nameserver(struct span text, struct endpoint *endpoint, char *why);
/* _SERVICE._udp.DOMAIN in lower case into name[256]. */
[[nodiscard]] bool value_parse_srv(struct span text, char *name, char *why);
[[nodiscard]] bool value_parse_listen(struct span text, struct endpoint *endpoint, char *why);
[[nodiscard]] bool value_parse_endpoint(struct span text, struct endpoint *endpoint, char *why);
/* A host name in lower case, or an address as RFC 5952 writes it, without brackets; into
 * name[256]. */
[[nodiscard]] bool value_parse_host(struct span text, char *name, char *why);

/* sip:HOST[:PORT] taken apart; `host` without brackets points into `text`. */
[[nodiscard]] bool value_split_uri(struct span text, struct span *host, uint16_t *port, char *why);

/* Writes why[VALUE_WHY_MAX]; returns false. */
bool value_refuse(char *why, const char *format, ...) PRINTF_LIKE(2, 3);

/* "500ms", "64KiB": in the largest unit that divides the number. */
void value_format_duration(uint64_t us, char text[VALUE_TEXT_MAX]);
void value_format_size(uint64_t octets, char text[VALUE_TEXT_MAX]);

#endif
