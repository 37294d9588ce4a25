/* SPDX-License-Identifier: BSD-3-Clause */
/* Text on spans; see text.h. */
#include "base/text.h"

void text_put_u64(struct text_writer *w, uint64_t value)
{
	char digits[20];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	text_put(w, span_of(digits + n, sizeof(digits) - n));
}

void text_put_hex(struct text_writer *w, uint64_t value, unsigned int digits)
{
	char text[16];

	for (unsigned int i = digits; i-- > 0; value >>= 4)
		text[i] = "0123456789abcdef"[value & 15];
	text_put(w, span_of(text, digits));
}

static const char base64url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void text_put_base64url(struct text_writer *w, struct span bytes)
{
	const unsigned char *p = (const unsigned char *)bytes.data;
	size_t left = bytes.len;

	for (; left >= 3; left -= 3, p += 3) {
		uint32_t v = ((uint32_t)p[0] << 16) | ((uint32_t)p[1] << 8) | p[2];
		char quad[4] = { base64url[v >> 18], base64url[(v >> 12) & 63],
				 base64url[(v >> 6) & 63], base64url[v & 63] };
		text_put(w, span_of(quad, 4));
	}
	if (left) {
		uint32_t v = (uint32_t)p[0] << 16;
		if (left == 2)
			v |= (uint32_t)p[1] << 8;
		char part[3] = { base64url[v >> 18], base64url[(v >> 12) & 63],
				 base64url[(v >> 6) & 63] };
		text_put(w, span_of(part, left + 1));
	}
}

bool text_parse_u64(struct span s, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	if (s.len == 0)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned int digit = (unsigned int)(unsigned char)s.data[i] - '0';
		if (digit > 9)
			return false;
		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
		if (value > max)
			return false;
	}
	*out = value;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = char_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool text_parse_hex(struct span s, uint64_t *out)
{
	uint64_t value = 0;

	if (s.len == 0 || s.len > 16)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		int digit = hex_digit(s.data[i]);
		if (digit < 0)
			return false;
		value = (value << 4) | (uint64_t)digit;
	}
	*out = value;
	return true;
}

static int base64url_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

int text_parse_base64url(struct span s, void *out, size_t size)
{
	unsigned char *to = out;
	size_t n = 0;
	uint32_t bits = 0;
	unsigned int have = 0;

	if (s.len % 4 == 1 || s.len / 4 * 3 + (s.len % 4 ? s.len % 4 - 1 : 0) > size)
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		int value = base64url_value(s.data[i]);
		if (value < 0)
			return -1;
		bits = (bits << 6) | (uint32_t)value;
		have += 6;
		if (have >= 8) {
			have -= 8;
			to[n++] = (unsigned char)(bits >> have);
			bits &= (1u << have) - 1;
		}
	}
	return bits ? -1 : (int)n;
}
