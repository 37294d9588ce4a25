/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The structural index of a message's head: where its lines start, where each line has its first
 * colon, where the head ends, and whether a byte in it needs a second look.  It knows line ends
 * and colons, no header field.
 *
 * Three implementations give the same answer byte for byte: the scalar one is the oracle, the
 * others walk the head in blocks of 64 bytes.  None reads outside [bytes, bytes + len).
 */
#ifndef SIP_INDEX_H
#define SIP_INDEX_H

#include "base/span.h"

#define SIP_INDEX_MARKS_MAX   1024
#define SIP_INDEX_MARKS_SLACK 128 /* room to write whole blocks of marks without a test */

struct sip_index {
	uint32_t head_end;  /* offset of the empty line; of the byte after the last line end when
	                       not complete; of the first mark left out when too_many */
	uint16_t count;     /* marks */
	bool complete;      /* an empty line ends the head */
	bool too_many;      /* more than SIP_INDEX_MARKS_MAX marks: the rest is left out */
	bool has_controls;  /* in [0, head_end): NUL, another control character than HTAB, a CR
	                       that no LF follows, or DEL */
	/*
	 * In order: the start of each line, followed by the first colon after the line's first
	 * byte, if it has one.  A mark at offset m > 0 is a line start exactly if bytes[m - 1]
	 * is LF.  Lines end with LF; a CR before it belongs to the line end.
	 */
	uint16_t marks[SIP_INDEX_MARKS_MAX + SIP_INDEX_MARKS_SLACK];
};

enum sip_index_kind {
	SIP_INDEX_SCALAR,
	SIP_INDEX_AVX2,
	SIP_INDEX_AVX512, /* BW, VL, VBMI, VBMI2: Ice Lake, Zen 4 and later */
	SIP_INDEX_KINDS,
};

/* Implementations by kind.  Only those that sip_index_supported may be called. */
struct sip_index_ops {
	const char *name;
	/* len <= 65535; writes every field of *index but marks past its count. */
	void (*build)(struct sip_index *index, const char *bytes, uint32_t len);
	/*
	 * Offset of the first byte after `from` that follows an LF at or after `from` and is one
	 * of c, C, i, I (a Call-ID row may start there), CR or LF (the head may end there); len
	 * when there is none.
	 */
	uint32_t (*find_call_id_line)(const char *bytes, uint32_t len, uint32_t from);
};

extern const struct sip_index_ops sip_index_scalar;
extern const struct sip_index_ops sip_index_avx2;
extern const struct sip_index_ops sip_index_avx512;

/* The implementation in use: the best that the processor runs, unless changed. */
extern const struct sip_index_ops *sip_index_ops;

[[nodiscard]] bool sip_index_supported(enum sip_index_kind kind);
[[nodiscard]] const struct sip_index_ops *sip_index_of(enum sip_index_kind kind);
/* For tests and benchmarks, before workers run.  False, and nothing changed, when unsupported. */
bool sip_index_use(enum sip_index_kind kind);

/* The exact answer for has_controls; the others ask it once they have seen a suspicious byte. */
[[nodiscard]] bool sip_index_find_controls(const char *bytes, uint32_t end);

#endif
