/* What user space and the program share: native/xdp/src/record.rs is the same in Rust. */
#pragma once

#include "kernel.h"

/* A direction's octet of `forwarding`: whether the program takes its packets, and its QoS flow. */
enum { TAKEN = 0x80, QOS_FLOW = 0x3f };

/* Of the uplink's: the network meets another address in the place of the terminal's. */
enum { HIDDEN = 0x40 };

/* A volume's word: octets above, packets below. Its packets spill into the wide counters long before they overflow. */
enum { PACKETS_BITS = 24, SPILL = 1 << (PACKETS_BITS - 1) };

enum { UP, DOWN };

struct volume {
    __u64 octets;
    __u64 packets;
};

/* One session: one line of the cache, and with it the whole table in as few pages as can be. */
struct record {
    __u32 teid;     /* host order; 0 while the session is not here */
    __u32 terminal; /* network order; 0 without one */
    __u64 forwarding; /* one word, so that no packet meets a half of it: peer's TEID, peer, uplink, downlink */
    __u64 arrivals_ns[2];
    __u32 costs[2]; /* ns of an octet with 20 bits of fraction: 26 bits and how far they are shifted; 0 passes everything */
    __u64 volumes[2];
    __u64 report_at; /* what the volumes' octets reach together when the control plane is told */
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct record) == 64, "a cache line");

/* What a session's volumes no longer hold. */
struct spilled {
    struct volume volumes[2];
};

/* A way that packets leave by: Ethernet's addresses, and for a tunnel all that is before GTP-U. */
struct way {
    __u8 frame[62];
    __u16 known; /* 0: its packets go up; of a tunnel, the octets of its headers */
    __u32 sum;   /* of the IPv4 header in host order, all but the length; over IPv6 of what UDP's checksum is of, as it stands */
    __u32 port;
    __u32 device;
    __u32 unused[13];
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct way) == 128, "two cache lines");

struct network {
    __u32 base; /* host order */
    __u32 mask;
};

struct pool {
    __u32 base;
    __u32 size;
    __u32 offset; /* of its first address among all pools' */
    __u32 mtu;    /* of the links of its terminals */
};

/* The same of prefixes of 64 bits, in host order. */
struct network_6 {
    __u64 base;
    __u64 mask;
};

struct pool_6 {
    __u64 base;
    __u64 size;
    __u32 offset;
    __u32 mtu;
};

/* What becomes of the packets of one connection in one direction, whose terminal is hidden: on the wire's order. */
struct translation {
    __u32 source;
    __u32 destination;
    __u32 ports;
    __u32 address; /* what stands there instead of the terminal's, or of the one that hides it */
    __u16 port;
    __u16 protocol;    /* 0 while it is nobody's */
    __u32 address_sum; /* what a checksum over the address, and over address and port, changes by */
    __u32 sum;
    __u32 used_s; /* coarse seconds */
};

struct translations {
    struct translation either[2];
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct translations) == 64, "a cache line");

/* Two slots, each from 1: an array's values are eight octets at least. */
struct slots {
    __u32 slot[2];
};

enum { MOST_POOLS = 4, MOST_NETWORKS = 32, MOST_WAYS = 1024, MOST_DEVICES = 16 };

struct settings {
    __u32 address; /* N3, network order */
    __u32 mask;    /* of the seal of TEIDs (native/userplane/src/seal.rs) */
    __u32 inverses[2];
    __u32 slot_mask;
    __u32 hiding; /* the address that terminals hide behind, network order; 0 is none */
    __u32 pools_count;
    __u32 networks_count;
    __u32 first_octets[8]; /* a bit for each first octet that a network below has */
    struct pool pools[MOST_POOLS];
    struct network networks[MOST_NETWORKS]; /* where the host's own routing decides, or nobody may go */
    __u32 pools_6_count;
    __u32 networks_6_count;
    __u32 translations_mask;
    __u32 translations_seed;
    struct pool_6 pools_6[MOST_POOLS];
    struct network_6 networks_6[MOST_NETWORKS];
    __u8 seed[16]; /* of the TEIDs: user space's own */
    any64 address_6[2]; /* N3 over IPv6; 0 is none */
    struct way exits[2]; /* to the data networks, over IPv4 and IPv6 */
};

/* What became of the packets that one interface received; those redirected by the port that they left by. */
struct interface {
    __u32 device;
    __u32 unused;
    __u64 passed;
    __u64 dropped;
    __u64 redirected[2];
};

struct interfaces {
    struct interface ports[2];
};

_Static_assert(sizeof(struct interfaces) == 80, "no gaps");

/* What no record counts. */
enum count { INNER_SOURCE, RATE_EXCEEDED, COUNTS };
