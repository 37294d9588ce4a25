/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parser's inner files are compiled once for each instruction set (see meson.build), and
 * their functions carry its name; sip/index.h chooses one set of them at start.  Inside sip/ only.
 */
#ifndef SIP_ISA_H
#define SIP_ISA_H

#include "sip/message.h"

#ifdef SIP_ISA
#define SIP_ISA_PASTE(name, isa)   name##_##isa
#define SIP_ISA_EXPAND(name, isa)  SIP_ISA_PASTE(name, isa)
#define SIP_ISA_NAME(name)         SIP_ISA_EXPAND(name, SIP_ISA)
#define sip_message_parse_isa      SIP_ISA_NAME(sip_message_parse)
#define sip_rows_parse             SIP_ISA_NAME(sip_rows_parse)
#define sip_start_line_parse       SIP_ISA_NAME(sip_start_line_parse)
#define sip_via_parse              SIP_ISA_NAME(sip_via_parse)
#define sip_uri_parse              SIP_ISA_NAME(sip_uri_parse)
#define sip_name_addr_parse        SIP_ISA_NAME(sip_name_addr_parse)
#define sip_tag_parse              SIP_ISA_NAME(sip_tag_parse)
#define sip_value_end              SIP_ISA_NAME(sip_value_end)
#define sip_parse_ops_isa          SIP_ISA_NAME(sip_parse_ops)
#endif

/* What the public functions of message.h, via.h and uri.h lead to; parse.h has the contracts. */
struct sip_parse_ops {
	enum verdict_reason (*message)(struct sip_message *msg, const char *bytes, uint32_t len);
	bool (*via)(struct span value, const char *limit, struct sip_via *via, bool *is_sip_2);
	bool (*uri)(struct span text, const char *limit, struct sip_uri *uri);
	bool (*name_addr)(struct span value, const char *limit, struct sip_name_addr *out);
	uint32_t (*value_end)(const char *bytes, uint32_t from, uint32_t end, uint32_t limit);
};

extern const struct sip_parse_ops sip_parse_ops_scalar;
extern const struct sip_parse_ops sip_parse_ops_avx2;
extern const struct sip_parse_ops sip_parse_ops_avx512;

/* The one in use; changes with sip_index_ops. */
extern const struct sip_parse_ops *sip_parse_ops;

#endif
