/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of keywords: the one place that says what an operator may write.  The decoder, the
 * JSON schema, the reference and the printed configuration all come from it.
 */
#ifndef CONFIG_KEYWORD_H
#define CONFIG_KEYWORD_H

#include "base/span.h"

#define KEYWORDS_MAX 32 /* in one section */

enum keyword_section {
	SECTION_ROOT,
	SECTION_DATAPLANE,
	SECTION_CLUSTER,
	SECTION_INTERFACE,
	SECTION_TIMERS,
	SECTION_SERVICE,
	SECTION_SERVICE_TIMERS,
	SECTION_POOL,
	SECTION_POOL_TIMERS,
	SECTION_TARGET,
	SECTION_FAILOVER,
	SECTION_PROBE,
	SECTION_BLACKLIST,
	SECTION_RESOLVER,
	SECTION_CONTROL,
	SECTION_LOG,
	SECTION_TELEMETRY,
	SECTION_HEP,
	SECTION_REMOTE,
	SECTION_REMOTE_CLIENT,
	SECTION_AGENT,
	SECTION_COUNT,
};

/* What the value is, and the C field that takes it. */
enum keyword_type {
	KEYWORD_TEXT,      /* char[size] */
	KEYWORD_NAME,      /* char[size]; letters, digits, dot, underscore, dash */
	KEYWORD_URI,       /* char[size]; sip:HOST:PORT */
	KEYWORD_SRV,       /* char[size]; _SERVICE._udp.DOMAIN */
	KEYWORD_INTEGER,   /* uint32_t */
	KEYWORD_DURATION,  /* uint64_t, microseconds */
	KEYWORD_SIZE,      /* uint64_t, octets */
	KEYWORD_PERCENT,   /* uint32_t */
	KEYWORD_BOOLEAN,   /* bool */
	KEYWORD_CHOICE,    /* uint32_t */
	KEYWORD_CHOICES,   /* uint32_t of bits; a list */
	KEYWORD_CODES,     /* struct config_codes: SIP status codes; a list */
	KEYWORD_ADDRESSES, /* struct config_list of config_prefix: own address with its network */
	KEYWORD_GATEWAYS,  /* struct config_list of config_address; one or a list */
	KEYWORD_PREFIXES,  /* struct config_list of config_prefix */
	KEYWORD_LISTENS,   /* struct config_list of config_listen */
	KEYWORD_NAMESERVERS, /* struct config_list of config_endpoint: ADDRESS or ADDRESS:PORT */
	KEYWORD_ENDPOINT,  /* struct endpoint */
	KEYWORD_ENDPOINTS, /* struct config_list of config_listen; one or a list */
	KEYWORD_DOMAINS,   /* struct config_list of config_text */
	KEYWORD_TEXTS,     /* the same, of any text */
	KEYWORD_HOSTS,     /* struct config_list of config_host; a mapping with free keys */
	KEYWORD_MAP,       /* a section's struct */
	KEYWORD_LIST,      /* struct config_list of a section's struct */
	KEYWORD_NOT_BUILT, /* known, refused by name */
};

struct keyword_choice {
	const char *name;
	uint32_t value;
	const char *not_built; /* why it is refused; NULL: accepted */
};

struct keyword {
	const char *name;
	enum keyword_type type;
	enum keyword_section section; /* MAP and LIST: whose keywords the value has */
	bool required;
	bool reloadable;
	bool is_switch;               /* MAP: to leave it out is something else than its defaults */
	uint16_t offset, size;        /* in the section's struct; size of char[] fields */
	uint64_t min, max;            /* numbers; number of elements of lists */
	const struct keyword_choice *choices;
	uint32_t choice_count;
	const char *unset;            /* the default as written in YAML; NULL: none */
	const char *unset_means;      /* what leaving it out means, where `unset` does not tell */
	const char *help;             /* sentences; for NOT_BUILT why it is refused */
	const char *example;          /* the value in YAML */
};

struct keyword_table {
	const char *path; /* "services[]" */
	const char *help;
	size_t struct_size;
	const struct keyword *keywords;
	uint32_t count;
};

/* In keyword_table.c; each section stands in a keywords_*.c. */
extern const struct keyword_table *const keyword_tables[SECTION_COUNT];

/* Index in the section's table, or -1. */
[[nodiscard]] int keyword_find(enum keyword_section section, struct span name);
/* The known name nearest to `name`, or NULL when none is near enough to be meant. */
const char *keyword_nearest(enum keyword_section section, struct span name);
/* The same for the choices of a keyword. */
const char *keyword_nearest_choice(const struct keyword *keyword, struct span name);
/* "a, b, c" of what is accepted. */
void keyword_list_names(enum keyword_section section, char *text, size_t size);
void keyword_list_choices(const struct keyword *keyword, char *text, size_t size);
/* "1 to 64", "10us to 10ms": the range of a number or of a list's length; "" where it has none. */
void keyword_range(const struct keyword *keyword, char *text, size_t size);

#endif
