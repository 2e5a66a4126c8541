/* The headers of a user plane packet on the wire; none has a gap. */
#pragma once

#include "kernel.h"

struct ethernet {
    __u8 ends[12];
    __u16 type;
};

struct ipv4 {
    __u8 version_length;
    __u8 service;
    __u16 length;
    __u16 identification;
    __u16 fragment;
    __u8 hops;
    __u8 protocol;
    __u16 checksum;
    __u32 source;
    __u32 destination;
};

struct ipv6 {
    __u32 version_class_label;
    __u16 length; /* of all that follows the header */
    __u8 next;
    __u8 hops;
    any64 source[2];
    any64 destination[2];
} __attribute__((packed, aligned(2)));

struct udp {
    __u16 source;
    __u16 destination;
    __u16 length;
    __u16 checksum;
};

/* TS 29.281 5.1 */
struct gtpu {
    __u8 flags;
    __u8 kind;
    __u16 length;
    __u32 teid;
};

_Static_assert(sizeof(struct ethernet) == 14 && sizeof(struct ipv4) == 20 && sizeof(struct ipv6) == 40 && sizeof(struct gtpu) == 8, "no gaps");

enum {
    ETHERNET_IPV4 = 0x0800,
    ETHERNET_IPV6 = 0x86dd,
    PLAIN_IPV4 = 0x45,
    FRAGMENT = 0x3fff, /* more fragments, or an offset (RFC 791 3.1) */
    ICMP = 1,
    TCP = 6,
    UDP = 17,
    ICMP_6 = 58,
    SCTP = 132,
    GTPU_PORT = 2152,         /* TS 29.281 4.4.2.3 */
    G_PDU = 255,              /* TS 29.281 6.1 */
    SESSION_CONTAINER = 0x85, /* TS 29.281 5.2.2.7 */
};
