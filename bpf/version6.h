/* The terminals' IPv6: a session's prefix of 64 bits stands for every address of its terminal (TS 23.501 5.8.2.2.3). */
#pragma once

#include "packet.h"
#include "session.h"

/* A tunnel over IPv6: its headers, those before GTP-U with Ethernet's, and where in them the other end is. */
enum { TUNNEL_6 = 64, BEFORE_GTPU_6 = 62, PEER_ADDRESS_6 = 38 };

INLINE __u64 upper_half(any64 *address)
{
    return __builtin_bswap64(address[0]);
}

/* Whether the terminal's packet is a whole one of the plain kind, within `room` octets: no extension header. */
INLINE int plain_6(struct ipv6 *inner, __u32 room)
{
    __u32 length = sizeof *inner + to_be16(inner->length);
    return inner->hops > 1 && length >= sizeof *inner + sizeof(struct udp) && length <= room &&
           (inner->next == TCP || inner->next == UDP || inner->next == ICMP_6);
}

/* As `unfinished` has it for IPv4. */
INLINE int unfinished_6(struct ipv6 *inner, void *end)
{
    __u8 *transport = (void *)(inner + 1);
    __u32 place = inner->next == TCP ? 16 : inner->next == UDP ? 6 : 2;
    if ((void *)(transport + place + 2) > end)
        return 1;
    __u64 sum = inner->length + ((__u32)inner->next << 8);
    any32 *words = (any32 *)inner->source;
    for (int word = 0; word < 8; word++)
        sum += words[word];
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    return *(any16 *)(transport + place) == (__u16)((sum & 0xffff) + (sum >> 16));
}

/* A sum of words as one of sixteen bits (RFC 1071). */
INLINE __u16 folded(__u64 sum)
{
    sum = (sum & 0xffffffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return (sum & 0xffff) + (sum >> 16);
}

/* The sum of a whole packet whose own checksums are right: that of TCP, UDP or ICMP leaves what they take in of the
 * header, negated. Not known of other packets. */
INLINE int sum_4(__u32 *sum, struct ipv4 *inner, __u32 octets)
{
    struct udp *udp = (void *)(inner + 1);
    __u64 pseudo = (__u64)inner->source + inner->destination + to_be16((__u16)(octets - sizeof *inner)) +
                   ((__u32)inner->protocol << 8);
    if (inner->protocol == ICMP)
        pseudo = 0;
    *sum = (__u16)~folded(pseudo);
    return inner->protocol == ICMP || inner->protocol == TCP || (inner->protocol == UDP && udp->checksum);
}

INLINE int sum_6(__u32 *sum, struct ipv6 *inner)
{
    struct udp *udp = (void *)(inner + 1);
    *sum = folded((__u64)inner->version_class_label + (inner->next | inner->hops << 8) + (0xffff - (inner->next << 8)));
    return inner->next != UDP || udp->checksum;
}

INLINE __u32 slot_of_prefix(struct settings *settings, __u64 prefix, __u32 octets)
{
    ROLLED for (__u32 number = 0; number < MOST_POOLS; number++) {
        if (number >= settings->pools_6_count)
            break;
        struct pool_6 *pool = &settings->pools_6[number];
        __u64 place = prefix - pool->base;
        if (place >= pool->size)
            continue;
        return octets > pool->mtu ? NO_SLOT : slot_at((__u32)place + pool->offset);
    }
    return NO_SLOT;
}

/* Where no terminal's packets may go past the engine: only global and unique local unicast leave (RFC 4291 2.4). */
INLINE int kept_back_6(struct settings *settings, __u64 prefix)
{
    __u32 first = prefix >> 56;
    if ((first & 0xe0) != 0x20 && (first & 0xfe) != 0xfc)
        return 1;
    ROLLED for (__u32 number = 0; number < MOST_NETWORKS; number++) {
        if (number >= settings->networks_6_count)
            break;
        struct network_6 *network = &settings->networks_6[number];
        if ((prefix & network->mask) == network->base)
            return 1;
    }
    return 0;
}

INLINE __u64 prefix_of(__u32 slot)
{
    __u64 *prefix = map_lookup(&PREFIXES, &slot);
    return prefix ? now_of(*prefix) : 0;
}
