/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The edge of a network stack as bytes in, bytes out: what is this frame, what must be answered,
 * which station is the next hop.  Ethernet with one 802.1Q tag, ARP, IPv4, IPv6, neighbour
 * discovery, ICMP echo and errors, UDP, reassembly.  Building what is sent is net/send.h's.
 *
 * Knows no SIP, no mbuf, no clock; allocates nothing: all memory is the caller's, given once.
 *
 * One stack a worker, used by that worker's thread alone.  What one worker learns and the others
 * need (a neighbour's address, a path's MTU) comes out as a `struct net_update`, which the owner
 * carries to the other workers over its rings and puts in with net_update_apply.
 */
#ifndef NET_STACK_H
#define NET_STACK_H

#include "base/hash.h"
#include "base/tick.h"
#include "base/verdict.h"
#include "net/endpoint.h"

#define NET_INTERFACES_MAX    16
#define NET_ADDRESSES_MAX     8     /* an interface, the link-local address not counted */
#define NET_UDP_PORTS_MAX     256
#define NET_PORTS_MAX         32    /* devices: values of net_interface_config.port */
#define NET_CONTROL_FRAME_MAX 384   /* ARP, neighbour discovery, announcements */
#define NET_LINK_HEADER_MAX   18    /* Ethernet and one tag */
#define NET_MTU_MAX           9216
#define NET_FRAME_MAX         (NET_MTU_MAX + NET_LINK_HEADER_MAX)
#define NET_HEADERS_MAX       (NET_LINK_HEADER_MAX + 40 + 8 + 8) /* IPv6, fragment, UDP */
#define NET_MTU_MIN_V4        68    /* RFC 791 */
#define NET_MTU_MIN_V6        1280  /* RFC 8200 §5 */
#define NET_TTL               64

/* Where the engine may edit around a reassembled payload. */
#define NET_REASSEMBLY_HEADROOM 2048
#define NET_REASSEMBLY_TAILROOM 1024

enum net_interface_flag {
	NET_INTERFACE_PUNT = 1u << 0,       /* a TAP exists: what is not ours goes to the kernel */
	/* UDP checksums of received datagrams are not looked at: a kernel's end of a veth leaves
	 * them partial, AF_PACKET delivers them so. */
	NET_INTERFACE_TRUST_UDP = 1u << 1,
	/* The port completes checksums: IPv4's is left zero, UDP's is the pseudo-header's sum. */
	NET_INTERFACE_TX_IP_CHECKSUM = 1u << 2,
	NET_INTERFACE_TX_UDP_CHECKSUM = 1u << 3,
};

struct net_interface_config {
	uint16_t port;          /* the device; several interfaces may share one, by VLAN */
	uint16_t vlan;          /* 1..4094; 0: untagged */
	uint16_t mtu;           /* of IP packets: 1500 */
	uint8_t dscp;           /* 0..63, of what is sent */
	uint8_t flags;          /* enum net_interface_flag */
	uint8_t mac[6];
	uint8_t address_count;
	struct ip_prefix addresses[NET_ADDRESSES_MAX]; /* own address and its on-link network */
	struct ip_address gateway_v4, gateway_v6;      /* family IP_NONE: none */
};

struct net_config {
	uint16_t interface_count;
	uint16_t worker, workers;    /* this one, of so many; fragments are steered among them */
	struct hash_key key;         /* equal in all workers: steers fragments, keys the tables */
	uint32_t neighbours_max;     /* 0: 1024 */
	uint32_t reassembly_max;     /* datagrams under reassembly, a buffer of 67 KiB each; 0: 64 */
	uint32_t reassembly_source_max; /* of them by one source; 0: a quarter */
	uint32_t reassembly_timeout_v4_ms; /* 0: 30,000 */
	uint32_t reassembly_timeout_v6_ms; /* 0: 60,000 (RFC 8200 §4.5) */
	struct net_interface_config interfaces[NET_INTERFACES_MAX];
};

struct net_stack;

/* Octets that a stack of this configuration takes; the memory must be aligned to
 * CACHE_LINE_SIZE.  0: the configuration is impossible. */
[[nodiscard]] size_t net_stack_size(const struct net_config *config);
/* Lays a stack out in memory[net_stack_size].  NULL: a configuration that net_stack_size refuses.
 * Nothing to release: the memory is the caller's. */
[[nodiscard]] struct net_stack *net_stack_init(void *memory, const struct net_config *config,
					       tick_t now);

/* The UDP ports (host order) where SIP is served, any order; beyond NET_UDP_PORTS_MAX: false, and
 * nothing changes.  May be called again at any time between packets. */
bool net_stack_ports_set(struct net_stack *stack, const uint16_t *ports, uint32_t count);

/* ---- receiving ---------------------------------------------------------------------------- */

enum net_action {
	NET_DATAGRAM,   /* UDP to a SIP port: source, local, payload */
	NET_REPLY,      /* send reply[reply_len) by the port that the frame came from */
	NET_ABSORBED,   /* taken note of; nothing to send */
	NET_HELD,       /* a fragment, its datagram not complete; the frame is free again */
	NET_ICMP_ERROR, /* local, peer, payload (the quoted octets), icmp_class */
	NET_STEER,      /* a fragment that worker `worker` reassembles: it calls net_receive on it */
	NET_PUNT,       /* for the kernel's TAP */
	NET_DROP,
};

enum net_receive_flag {
	NET_RX_IP_CHECKSUM_GOOD = 1u << 0,  /* the port has verified it */
	NET_RX_UDP_CHECKSUM_GOOD = 1u << 1,
};

enum net_icmp_class { /* RFC 3261 §18.4: all of them are transport errors */
	NET_ICMP_UNREACHABLE_NET,
	NET_ICMP_UNREACHABLE_HOST,
	NET_ICMP_UNREACHABLE_PROTOCOL,
	NET_ICMP_UNREACHABLE_PORT,
	NET_ICMP_PARAMETER_PROBLEM,
};

/* What all workers should know.  A value: copy it over a ring. */
enum net_update_kind { NET_UPDATE_NONE, NET_UPDATE_NEIGHBOUR, NET_UPDATE_PATH_MTU };
struct net_update {
	uint8_t kind;           /* enum net_update_kind */
	uint8_t flags;          /* enum neighbour_learn bits */
	uint16_t interface;
	uint8_t mac[6];
	uint16_t mtu;
	struct ip_address address;
};

#define NET_NEIGHBOUR_NONE UINT32_MAX

struct net_result {
	struct verdict verdict;  /* for NET_DATAGRAM and NET_ICMP_ERROR the engine gives the real one */
	uint8_t action;          /* enum net_action, as returned */
	uint8_t icmp_class;      /* enum net_icmp_class */
	bool reassembled;        /* payload lies in a buffer of the stack's, not in the frame */
	bool copy_to_kernel;     /* a copy goes to the TAP as well: the kernel may wait for it */
	uint16_t interface;
	uint16_t worker;         /* NET_STEER */
	struct endpoint source;  /* NET_DATAGRAM: the sender; NET_ICMP_ERROR: the quoted destination */
	struct endpoint local;   /* the own address and port */
	/*
	 * NET_DATAGRAM, in the frame: offset and length, padding behind the datagram excluded.
	 * Reassembled: `payload` has NET_REASSEMBLY_HEADROOM octets before and
	 * NET_REASSEMBLY_TAILROOM behind, and all is valid until the next net_receive of a fragment.
	 */
	uint32_t payload_offset;
	uint32_t payload_len;
	uint8_t *payload;        /* reassembled; NULL otherwise */
	const uint8_t *reply;    /* NET_REPLY; valid until the next call on this stack */
	uint32_t reply_len;
	/* kind != NET_UPDATE_NONE: to be applied by the other workers (this one has).  May
	 * come with NET_REPLY and NET_ABSORBED. */
	struct net_update update;
	/* The neighbour has just become known: packets held for it can go.  Else
	 * NET_NEIGHBOUR_NONE.  May come with NET_REPLY and NET_ABSORBED. */
	uint32_t neighbour_resolved;
};

/*
 * Takes one frame as it came from device `port`, Ethernet header first, tag in place, FCS gone.
 * Returns result->action.  `frame` is not written; only the fields that belong to the action are
 * valid in `result`, but verdict, action, reassembled, copy_to_kernel, update.kind and
 * neighbour_resolved always.
 */
enum net_action net_receive(struct net_stack *stack, uint16_t port, const uint8_t *frame,
			    uint32_t len, uint32_t flags, tick_t now, struct net_result *result);

/* Applies what another worker learned.  Returns the neighbour that has just become known to this
 * worker (held packets can go), or NET_NEIGHBOUR_NONE. */
uint32_t net_update_apply(struct net_stack *stack, const struct net_update *update, tick_t now);

/* ---- next hop ----------------------------------------------------------------------------- */

enum net_hop_status {
	NET_HOP_RESOLVED,    /* mac is set: build and send */
	NET_HOP_PENDING,     /* hold a bounded number of packets under `neighbour`, or drop */
	NET_HOP_UNREACHABLE, /* no answer, or the table is full of unanswered: transport error */
	NET_HOP_NO_ROUTE,    /* not on-link and no gateway, or an address of ours: transport error */
};

struct net_hop {
	uint8_t mac[6];
	uint32_t neighbour;            /* 0 .. neighbours_max - 1: key of the held packets */
	struct ip_address address;     /* the next hop: the destination or a gateway */
	/* A solicitation to send now by the interface's port, also when RESOLVED (is the neighbour
	 * still there?); valid until the next call; 0: none.  Where there is one, a timer started. */
	const uint8_t *solicitation;
	uint32_t solicitation_len;
};

/* The station that packets to `destination` are given to on `interface`. */
enum net_hop_status net_resolve(struct net_stack *stack, uint16_t interface,
				const struct ip_address *destination, tick_t now,
				struct net_hop *hop);

/* The largest IP packet towards `destination`: the interface's MTU, or less where a router has
 * said so (RFC 8201). */
[[nodiscard]] uint16_t net_path_mtu(struct net_stack *stack, uint16_t interface,
				    const struct ip_address *destination, tick_t now);

/* ---- time --------------------------------------------------------------------------------- */

enum net_event_kind {
	NET_EVENT_SEND,        /* send frame[frame_len) by `port`: a solicitation */
	NET_EVENT_UNREACHABLE, /* no answer: the packets held for `neighbour` are lost */
};
struct net_event {
	uint8_t kind;          /* enum net_event_kind */
	uint16_t interface, port;
	uint32_t neighbour;
	struct ip_address address;
	const uint8_t *frame;  /* valid until the next call on this stack */
	uint32_t frame_len;
};

/* Runs what is due: retries, states, reassembly timeouts.  True: `event` is to be done, call
 * again.  False: nothing more is due. */
bool net_expire(struct net_stack *stack, tick_t now, struct net_event *event);
/* Nothing is due before this tick; TICK_NEVER: nothing runs. */
[[nodiscard]] tick_t net_next_expiry(const struct net_stack *stack);

/*
 * Announcement number `which` (from 0) of an interface: gratuitous ARP (RFC 5227 §3) and
 * unsolicited neighbour advertisements (RFC 4861 §7.2.6) for each address, and the report of the
 * multicast groups that neighbour discovery listens on (RFC 3810), for switches that snoop.  To
 * be sent at start and when the link comes up.  Returns the length written to
 * frame[NET_CONTROL_FRAME_MAX]; 0: there is no such announcement.
 */
uint32_t net_announce(struct net_stack *stack, uint16_t interface, uint32_t which, uint8_t *frame);

/* Multicast MAC addresses that the port must let in for this interface; writes at most `max` and
 * returns how many there are. */
uint32_t net_multicast_macs(const struct net_stack *stack, uint16_t interface, uint8_t (*macs)[6],
			    uint32_t max);

/* ---- addresses ---------------------------------------------------------------------------- */

/* True when `address` is this interface's own (its link-local address included). */
[[nodiscard]] bool net_is_own(const struct net_stack *stack, uint16_t interface,
			      const struct ip_address *address);
/* True when `address` lies in one of the interface's networks. */
[[nodiscard]] bool net_is_on_link(const struct net_stack *stack, uint16_t interface,
				  const struct ip_address *address);

/* worker: rw, control: ro (relaxed).  As of the last net_expire, which a loop calls in its
 * housekeeping even when nothing is due. */
struct net_stats {
	uint64_t neighbours;               /* known now */
	uint64_t neighbours_failed;        /* resolutions given up */
	uint64_t neighbours_full;          /* resolutions refused */
	uint64_t solicitations;
	uint64_t reassembling;             /* datagrams now */
	uint64_t reassembled;
	uint64_t reassembly_timeouts;      /* datagrams given up; their fragments counted as held */
	uint64_t reassembly_evicted;       /* given up for a newer one */
	uint64_t reassembly_invalid;       /* killed by overlap, overrun, contradiction */
	uint64_t path_mtu_updates;
};
const struct net_stats *net_stats(const struct net_stack *stack);

#endif
