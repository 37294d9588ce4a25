/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The snapshot: the immutable control state that workers read.  Control builds and publishes it;
 * a worker reads the pointer once a burst.  Everything in it is reached by index; nothing in it
 * is written after publication.  What flips often (a target's state and load) is a
 * struct target_status, which outlives snapshots and is shared by stable target id.
 */
#ifndef BALANCE_SNAPSHOT_H
#define BALANCE_SNAPSHOT_H

#include "base/hash.h"
#include "base/tick.h"
#include "net/endpoint.h"

#define BALANCE_NAME_MAX        64 /* NUL included */
#define BALANCE_INTERFACES_MAX  16
#define BALANCE_ADDRESSES_MAX   8  /* an interface */
#define BALANCE_ROUTE_KEYS_MAX  8
#define BALANCE_NONE            UINT16_MAX
/* What is configured, and what is retired but may still be referred to. */
#define BALANCE_SERVICES_MAX    256
#define BALANCE_POOLS_MAX       512
#define BALANCE_PAST_PORTS_MAX  64

enum balance_policy {
	POLICY_CALL_ID_HASH,
	POLICY_ROUND_ROBIN,
	POLICY_WEIGHTED_RANDOM,
	POLICY_LEAST_TRANSACTIONS, /* of two by lot, the one with fewer that wait for an answer */
	POLICY_LEAST_CALLS,        /* the same by live calls */
	POLICY_SRV,                /* RFC 2782: priority, then by lot with weights */
};

/* The operator's wish. */
enum target_admin { TARGET_READY, TARGET_DRAIN, TARGET_MAINT };
/* What was observed. */
enum target_health {
	TARGET_UP,
	TARGET_DOWN,        /* by probes */
	TARGET_BLACKLISTED, /* by what real traffic showed, or by hand */
	TARGET_TRIAL,       /* half-open: gets the few calls that `trials` allows */
};

#define TARGET_WEIGHT_WHOLE 65536u

/* A line a target for each of the writers; atomics, relaxed.  Owned by control, found by stable id,
 * never freed while the data plane runs. */
struct target_status {
	alignas(CACHE_LINE_SIZE) uint32_t admin; /* enum target_admin.  control: rw, workers: ro */
	uint32_t health;                          /* enum target_health.  control: rw, workers: ro */
	/* How much of its weight does not count, in TARGET_WEIGHT_WHOLE: while it starts slowly, or
	 * after it said that it is full.  control: rw, workers: ro */
	uint32_t withheld;
	uint32_t reserved;
	/* The wish before the last change, and when that was made (balance_admin_set); 0: never.
	 * control: rw, workers: ro */
	uint64_t change;
	/* workers: rw (atomic add), control: ro */
	alignas(CACHE_LINE_SIZE) uint64_t requests; /* initial requests sent, each attempt */
	uint64_t responses_2xx, responses_other, timeouts, errors;
	int64_t outstanding; /* client transactions without a final response */
	uint64_t unacknowledged; /* 2xx to INVITE that saw no ACK for 64*T1 */
	int64_t calls;           /* live: INVITE dialogs, from the 2xx to the end */
	/* Touched only where a cap or a trial asks for it. */
	alignas(CACHE_LINE_SIZE) uint32_t trials; /* of TARGET_TRIAL, left.  control: sets; workers: take */
	uint32_t trials_are_calls; /* only an INVITE may take them.  control: rw, workers: ro */
	uint64_t rate_due; /* of rate_max: the next request's turn (balance/cap.c).  workers: rw */
};
static_assert(sizeof(struct target_status) == 3 * CACHE_LINE_SIZE);

/* The same of a pool. */
struct pool_status {
	/* So many of its targets are out that all that the operator wishes take part, whatever was
	 * observed.  control: rw, workers: ro */
	alignas(CACHE_LINE_SIZE) uint32_t is_panicking;
};
static_assert(sizeof(struct pool_status) == CACHE_LINE_SIZE);

struct balance_target {
	/* What choosing a target reads comes first, in one cache line. */
	uint64_t id;              /* stable: hash of pool name and target name */
	struct target_status *status;
	uint16_t pool;
	uint16_t interface;       /* egress, BALANCE_NONE: no route */
	uint16_t priority;        /* lower first (RFC 2782) */
	uint16_t weight;          /* 0: gets no new calls but as last resort, by srv a few */
	struct endpoint endpoint; /* resolved */
	uint16_t slot;            /* the target's number in all snapshots, where an index is of one */
	uint32_t calls_max;       /* live and unanswered calls (balance/cap.h); 0: no cap */
	uint32_t rate_max;        /* initial requests a second; 0: no cap */
	char name[BALANCE_NAME_MAX];
	char uri[128];            /* as configured, without < > */
};

enum failover_cause {
	FAILOVER_TIMEOUT = 1,
	FAILOVER_TRANSPORT_ERROR = 2,
	FAILOVER_503 = 4,
};

struct balance_pool {
	char name[BALANCE_NAME_MAX];
	uint8_t policy;           /* enum balance_policy */
	uint8_t failover;         /* enum failover_cause bits */
	uint8_t attempts_max;     /* targets tried for one request, at least 1 */
	bool is_request_uri;      /* the Request-URI names the next hop (`pool: request-uri`) */
	bool is_retired;          /* not configured any more; what has begun may still refer to it */
	struct pool_status *status; /* NULL: it never panics */
	uint16_t timer_set;       /* of requests sent there; BALANCE_NONE: the service's */
	uint64_t retired_ms;      /* when, for control */
	uint32_t try_next_after_ms; /* an INVITE without any answer goes to the next target too; 0: no */
	uint32_t target_first;    /* targets[target_first .. +target_count) */
	uint32_t target_count;
};

enum service_mode { MODE_STATEFUL, MODE_STATELESS };
enum service_nat { NAT_OFF, NAT_AUTO };
/* What becomes of a 2xx to an INVITE from a party other than the first that answered. */
enum service_extra_2xx { EXTRA_2XX_FORWARD, EXTRA_2XX_DROP, EXTRA_2XX_ACK_BYE };
enum service_cseq_check { CSEQ_CHECK_OFF, CSEQ_CHECK_LOG, CSEQ_CHECK_ENFORCE };

/* RFC 3261 Table 4 and RFC 6026, in milliseconds, every one resolved (balance/timers.h). */
struct balance_timers {
	uint32_t t1_ms, t2_ms, t4_ms;
	uint32_t timer_a_ms;      /* the first of its intervals, as of E and G */
	uint32_t timer_b_ms;
	uint32_t timer_c_ms;      /* more than 180,000 */
	uint32_t timer_d_ms;      /* at least 32,000 */
	uint32_t timer_e_ms, timer_f_ms, timer_g_ms, timer_h_ms, timer_i_ms, timer_j_ms;
	uint32_t timer_k_ms, timer_l_ms, timer_m_ms;
};
static_assert(sizeof(struct balance_timers) == CACHE_LINE_SIZE, "a set is one line");

struct balance_service {
	char name[BALANCE_NAME_MAX];
	uint16_t pool;            /* index, where initial requests go */
	uint16_t from_pool;       /* serves requests from this pool's targets; BALANCE_NONE: all */
	uint8_t mode;             /* enum service_mode */
	uint8_t nat;              /* enum service_nat */
	uint8_t extra_2xx;        /* enum service_extra_2xx */
	bool record_route;
	bool rewrite_host;
	bool push_route;
	uint8_t cseq_check;       /* enum service_cseq_check */
	bool bye_unacknowledged;
	bool is_retired;          /* not configured any more, listens nowhere; what has begun ends by it */
	uint64_t retired_ms;      /* when, for control */
	uint32_t dialog_age_ms;   /* of dialogs without a session timer */
	uint32_t domain_first, domain_count; /* snapshot->domains; none: any */
	uint32_t listen_first, listen_count; /* snapshot->listens */
	uint16_t timer_set;       /* snapshot->timer_sets: of the callers' side, and of the
	                             targets' where the pool has none of its own */
};

struct balance_listen {
	struct endpoint endpoint;
	uint16_t service;
	uint16_t interface;
};

struct balance_interface {
	char name[BALANCE_NAME_MAX];
	uint8_t address_count;
	uint8_t dscp;
	uint16_t mtu;
	uint16_t sip_port;        /* our sent-by port on this interface */
	struct ip_prefix addresses[BALANCE_ADDRESSES_MAX]; /* own address and its on-link network */
	struct ip_address gateway_v4, gateway_v6;          /* family IP_NONE: none */
	uint32_t peer_first, peer_count;                   /* snapshot->peers; none: on-link only */
};

struct balance_host {
	char name[256];           /* lower case */
	struct ip_address address;
};

/* A port that was ours, an address that was a target's, of late: routes of dialogs that are up lead
 * there. */
struct balance_past_port {
	uint64_t since_ms;        /* for control */
	uint16_t port;
};
struct balance_past {
	uint64_t since_ms;
	struct ip_address address;
};

/* A Record-Route key: the first signs, all verify. */
struct balance_route_key {
	uint8_t id;
	struct hash_key key;
};

/* A slot of the lookup table over targets and hosts (balance/index.h). */
struct balance_index_slot {
	uint32_t tag;             /* upper half of the key's hash */
	uint16_t value;           /* index of a target or a host */
	uint8_t kind;             /* enum balance_index_kind; 0: free */
	uint8_t reserved;
};

struct balance_snapshot {
	uint64_t version;
	/* identity */
	uint16_t instance;
	uint32_t epoch;           /* changes with every start of the process */
	bool forward_strays;      /* `stray_responses: forward` */
	/* Not 0: Tandem is being stopped, what would begin gets 503 with this Retry-After. */
	uint32_t closing_retry_s;
	/* How long a change of targets waits for what is under way without state (RFC 3261 §16.11):
	 * 64*T1, of the service with the longest. */
	uint32_t settle_ms;
	struct hash_key branch_key;  /* shared in a cluster, never rotated live */
	struct hash_key hint_key;
	struct hash_key call_key;    /* balancing and shards: equal on all instances */
	struct hash_key tag_key;     /* To tags of stateless rejections */
	uint32_t route_key_count;
	struct balance_route_key route_keys[BALANCE_ROUTE_KEYS_MAX];
	/* tables */
	uint32_t interface_count, service_count, listen_count, pool_count, target_count;
	uint32_t peer_count, domain_count, host_count, timer_set_count;
	struct balance_interface interfaces[BALANCE_INTERFACES_MAX];
	/* A service and a pool keep their index in all snapshots of a process: transactions and
	 * dialogs refer to them by it.  The index of a retired one is given away again when nothing
	 * can refer to it any more. */
	const struct balance_service *services;
	const struct balance_listen *listens;
	const struct balance_pool *pools;
	const struct balance_target *targets;
	const struct ip_prefix *peers;
	const char (*domains)[256]; /* lower case */
	const struct balance_host *hosts;
	/* A request to such a port is received, but begins nothing; a signed route may lead to such
	 * an address. */
	uint32_t past_port_count, past_count;
	struct balance_past_port past_ports[BALANCE_PAST_PORTS_MAX];
	const struct balance_past *past;
	/* A set keeps its index in all later snapshots: what runs refers to it by that. */
	const struct balance_timers *timer_sets;
	/* Filled in last, by balance_index_build.  NULL: lookups scan. */
	const struct balance_index_slot *index;
	uint32_t index_mask;      /* slots - 1 */
};

#endif
