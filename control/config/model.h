/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration as written: one struct a section of the file, each value with the place where
 * it stands.  Filled by decode.c through the table of keywords, checked by check.c, read by the
 * builders.  Private to control/config.
 */
#ifndef CONFIG_MODEL_H
#define CONFIG_MODEL_H

#include "config/config.h"
#include "config/keyword.h"

/* First member of every section's struct.  Bits and positions go by the keyword's index in its
 * section. */
struct config_item {
	struct config_position at; /* 0, 0: the section is not in the file */
	uint32_t given;            /* the keyword is in the file */
	uint32_t bad;              /* ... and its value was refused: no follow-up complaints */
	struct config_position field[KEYWORDS_MAX]; /* of the value */
};

struct config_list {
	void *items;
	uint32_t count;
};

/* Elements of lists. */
struct config_prefix {
	struct config_position at;
	struct ip_prefix prefix;
};
struct config_address {
	struct config_position at;
	struct ip_address address;
};
struct config_listen {
	struct config_position at;
	struct endpoint endpoint;
};
struct config_endpoint {
	struct config_position at;
	struct endpoint endpoint;
};
struct config_text {
	struct config_position at;
	char text[256];
};
struct config_host {
	struct config_position at; /* of the name */
	char name[256];            /* lower case */
	struct ip_address address;
};

/* The snapshot's indices have 16 bits, and BALANCE_NONE is one of them. */
#define CONFIG_HOSTS_MAX   (UINT16_MAX - 1)
#define CONFIG_TARGETS_MAX (UINT16_MAX - 1)

enum config_huge { HUGE_AUTO, HUGE_ON, HUGE_OFF };

struct config_dataplane {
	struct config_item item;
	uint32_t workers;
	uint32_t huge; /* enum config_huge */
	uint64_t memory;
	char lcores[128];
	uint32_t idle_polls;
	uint64_t idle_sleep; /* microseconds, as every duration here */
};

struct config_cluster {
	struct config_item item;
	char instance[BALANCE_NAME_MAX];
	char key_file[256];
};

struct config_interface {
	struct config_item item;
	char name[BALANCE_NAME_MAX];
	char device[128];
	char tap[16];
	struct config_list addresses; /* struct config_prefix */
	struct config_list gateways;  /* struct config_address */
	struct config_list peers;     /* struct config_prefix */
	uint32_t mtu, vlan, dscp;
	uint32_t sip_port; /* 0: by the services that listen there */
};

/* In a service and in a pool too; 0: not given. */
struct config_timers {
	struct config_item item;
	uint64_t t1, t2, t4;
	uint64_t timer_a, timer_b, timer_c, timer_d, timer_e, timer_f, timer_g, timer_h, timer_i;
	uint64_t timer_j, timer_k, timer_l, timer_m;
};

struct config_service {
	struct config_item item;
	char name[BALANCE_NAME_MAX];
	struct config_list listens; /* struct config_listen */
	char pool[BALANCE_NAME_MAX], from[BALANCE_NAME_MAX];
	uint32_t mode, nat, extra_2xx, cseq_check;
	bool record_route, rewrite_host, push_route, bye_unacknowledged;
	uint64_t dialog_age;
	struct config_list domains; /* struct config_text, lower case */
	struct config_timers timers;
	/* set by check.c: index of the pool, in pools or just past them for request-uri */
	uint16_t pool_index, from_index;
};

struct config_target {
	struct config_item item;
	char name[BALANCE_NAME_MAX];
	char uri[128];
	uint32_t priority, weight;
	uint32_t calls_max, rate_max; /* 0: no cap */
	struct endpoint endpoint; /* set by check.c; family IP_NONE: not known */
};

struct config_failover {
	struct config_item item;
	uint32_t on; /* enum failover_cause */
	uint32_t attempts;
	uint64_t try_next_after; /* 0: never */
};

/* SIP status codes, as ranges. */
#define CONFIG_CODES_MAX 32
struct config_codes {
	uint32_t count;
	struct {
		uint16_t first, last;
	} ranges[CONFIG_CODES_MAX];
};

struct config_probe {
	struct config_item item;
	uint32_t method;
	uint64_t interval, timeout;
	uint32_t rise, fall;
	uint32_t jitter; /* percent */
	struct config_codes accept;
};

struct config_blacklist {
	struct config_item item;
	uint64_t base, max;
	bool honour_retry_after;
	uint32_t panic_threshold; /* percent */
	uint32_t timeouts, invite_timeouts, errors, failures;
	uint32_t failure_ratio; /* percent */
	uint64_t window, slow_answer;
};

struct config_pool {
	struct config_item item;
	char name[BALANCE_NAME_MAX];
	uint32_t policy;
	char srv[256];              /* lower case; "": none */
	struct config_list targets; /* struct config_target */
	struct config_failover failover;
	struct config_probe probe;
	struct config_blacklist blacklist;
	uint64_t slow_start;
	struct config_timers timers;
};

struct config_resolver {
	struct config_item item;
	struct config_list nameservers; /* struct config_endpoint */
	uint64_t ttl_min, ttl_max, negative_ttl, timeout;
	uint32_t tries;
};

#define CONFIG_REMOTE_LISTENS_MAX 4
struct config_remote {
	struct config_item item;
	struct config_list listens; /* struct config_text */
	char key_file[256];
	struct config_list clients; /* struct config_remote_client */
};

struct config_remote_client {
	struct config_item item;
	char name[BALANCE_NAME_MAX];
	char key[64];
	uint32_t access; /* 1: all */
};

#define CONFIG_AGENT_WORDS_MAX 32
struct config_agent {
	struct config_item item;
	char name[BALANCE_NAME_MAX];
	struct config_list command; /* struct config_text */
	uint32_t provides;          /* enum agent_provides */
	struct config_list pools;   /* struct config_text */
};

struct config_control {
	struct config_item item;
	struct config_list metrics; /* struct config_listen */
	char socket[128];
	struct config_remote remote;
};

struct config_log {
	struct config_item item;
	uint32_t target, format, level; /* config/settings.h */
};

struct config_hep {
	struct config_item item;
	struct endpoint server; /* family IP_NONE: the section is not in the file */
	uint32_t capture_id, sample;
	uint64_t message_max;
	char node[64];
	char password_file[256];
};

struct config_telemetry {
	struct config_item item;
	struct config_hep hep;
};

struct config_block {
	struct config_block *next;
	alignas(16) unsigned char bytes[];
};

struct config {
	struct config_item item;
	struct config_dataplane dataplane;
	struct config_cluster cluster;
	struct config_timers timers;
	struct config_timers timers_before; /* the last config_timer_set */
	struct config_resolver resolver;
	struct config_control control;
	struct config_log log;
	struct config_telemetry telemetry;
	struct config_list interfaces, services, pools, hosts, agents;
	char state_dir[256];
	uint64_t shutdown_timeout;
	uint32_t stray_responses; /* 1: forward */
	bool uses_request_uri; /* set by check.c: some service's pool is request-uri */
	struct config_block *blocks;
};

/* A service's pool that is no pool: the Request-URI names the next hop. */
#define CONFIG_POOL_REQUEST_URI "request-uri"

/* The list's elements, typed. */
#define CONFIG_ITEMS(type, list) ((struct type *)(list).items)

/* Position of a field's value, or of the section when the file leaves it out. */
#define CONFIG_AT(section, pointer, member)                                                        \
	config_field_at((section), &(pointer)->item,                                               \
			offsetof(__typeof__(*(pointer)), member))
#define CONFIG_IS_BAD(section, pointer, member)                                                    \
	config_field_is_bad((section), &(pointer)->item,                                           \
			    offsetof(__typeof__(*(pointer)), member))

/* Zeroed memory that lives as long as the configuration; NULL: out of memory. */
[[nodiscard]] void *config_alloc(struct config *config, size_t count, size_t size);

struct config_position config_field_at(enum keyword_section section, const struct config_item *item,
				       size_t offset);
[[nodiscard]] bool config_field_is_bad(enum keyword_section section, const struct config_item *item,
				       size_t offset);

/* Into the report, sorted; beyond CONFIG_MISTAKES_MAX the furthest down is dropped and counted. */
void config_error(struct config_report *report, struct config_position at, const char *format, ...)
	PRINTF_LIKE(3, 4);
void config_warn(struct config_report *report, struct config_position at, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Text of strangers for a message: quoted, shortened, without control characters. */
#define CONFIG_QUOTED_MAX 80
const char *config_quote(struct span text, char quoted[CONFIG_QUOTED_MAX]);

/* A field that is no section nor list of sections, as YAML behind its keyword, with the line end;
 * nothing where it was not given and has no default. */
void config_print_field(const struct keyword *keyword, const void *field, FILE *out);

/* Fills `config` from the YAML text; mistakes go to the report.  False: out of memory. */
[[nodiscard]] bool config_decode(struct config *config, struct span text,
				 struct config_report *report);
/* What no single value can tell: names, references, addresses, routes.  Sets the model's derived
 * fields.  False: out of memory. */
[[nodiscard]] bool config_check(struct config *config, struct config_report *report);
/* Sections and keywords about DNS. */
void config_check_resolver(const struct config *config, struct config_report *report);
/* Its parts: interfaces; target addresses and ways to them.  The latter sets target->endpoint. */
void config_check_interfaces(const struct config *config, struct config_report *report);
[[nodiscard]] bool config_check_targets(struct config *config, struct config_report *report);
void config_check_timers(const struct config *config, struct config_report *report);
void config_check_telemetry(const struct config *config, struct config_report *report);
/* A path that is not absolute is a mistake. */
void config_check_path(const char *keyword, const char *path, struct config_position at,
		       struct config_report *report);

/* The values in force: those of `own`, else those of the section `timers`, the rest resolved.
 * `own` NULL: of that section alone. */
struct balance_timers config_timers_of(const struct config *config,
				       const struct config_timers *own);
/* Does an agent provide targets of this pool? */
[[nodiscard]] bool config_pool_has_agent(const struct config *config, const char *name);
/* Remote operators and agents. */
void config_check_control(const struct config *config, struct config_report *report);
/* Settings of services and pools that only make sense together. */
void config_check_services(const struct config *config, struct config_report *report);
/* Modes of services and what their pools can then do.  Sets failover.on where it cannot act. */
void config_check_modes(struct config *config, struct config_report *report);
/* Probes, blacklist and slow start. */
void config_check_health(const struct config *config, struct config_report *report);

/* The snapshot's interface part alone: own addresses, gateways, peers into `peers`, which has room
 * for config_peer_count. */
uint32_t config_peer_count(const struct config *config);
void config_fill_interfaces(const struct config *config, struct balance_snapshot *snapshot,
			    struct ip_prefix *peers);

#endif
