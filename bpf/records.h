/* What user space and the program share: native/xdp/src/record.rs is the same in Rust. */
#pragma once

#include "kernel.h"

/* The octets before a downlink packet: IPv4, UDP, GTP-U with its PDU session container (TS 29.281 5.2.2.7). */
enum { OUTER = 44, OUTER_CHECKSUM = 10, OUTER_PEER = 16, OUTER_UDP = 20, OUTER_GTPU = 28 };

enum { UPLINK = 1, DOWNLINK = 2, REPORT = 4 };

struct meter {
    __u64 arrival_ns;
    __u64 octet_cost; /* ns of an octet, 20 bits of fraction; 0 passes everything */
};

struct volume {
    __u64 octets;
    __u64 packets;
};

/* One session: the line that is read, and the line that is written. */
struct record {
    __u8 outer[OUTER]; /* its checksum is the sum of all but the length, in host order */
    __u32 teid;        /* host order; 0 while the session is not here */
    __u32 terminal;    /* network order */
    __u8 flags;
    __u8 match_qfi;
    __u8 uplink_hop;
    __u8 downlink_hop;
    __s64 remaining; /* octets until the control plane is told, with REPORT */
    struct meter meters[2];
    struct volume volumes[2];
} __attribute__((aligned(64)));

_Static_assert(sizeof(struct record) == 128, "two cache lines");

struct hop {
    __u8 ends[12];
    __u16 device;
    __u16 known; /* 0: its packets go up */
};

struct network {
    __u32 base; /* host order */
    __u32 mask;
};

struct pool {
    __u32 base;
    __u32 size;
    __u32 offset; /* of its first address among all pools' */
};

enum { MOST_POOLS = 4, MOST_NETWORKS = 32, MOST_HOPS = 256, MOST_DEVICES = 16 };

struct settings {
    __u32 address; /* N3, network order */
    __u32 mask;    /* of the seal of TEIDs (native/userplane/src/seal.rs) */
    __u32 inverses[2];
    __u32 slot_mask;
    __u32 n3_mtu;
    __u32 pools_count;
    __u32 networks_count;
    struct pool pools[MOST_POOLS];
    struct network networks[MOST_NETWORKS]; /* where the host's own routing decides, or nobody may go */
};

enum count { FORWARDED_UPLINK, FORWARDED_DOWNLINK, INNER_SOURCE, RATE_EXCEEDED, CHANGED, COUNTS };
