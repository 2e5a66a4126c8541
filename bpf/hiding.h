/* Terminals that are hidden behind an address of the host (RFC 3022): the host decides for each connection how, and
 * tells the program through user space. What begins or ends a connection is the host's. */
#pragma once

#include "packet.h"
#include "session.h"

enum { SYN_FIN_RST = 0x07, TCP_FLAGS = 13, TCP_CHECKSUM = 16, UDP_CHECKSUM = 6, ACCEPTS = 20 };

/* Two to a line, found by what the packets of a connection have in common. */
SHARED_ARRAY(TRANSLATIONS, struct translations);

/* native/xdp/src/hiding.rs has the same. */
INLINE __u32 place_of(struct settings *settings, __u32 source, __u32 destination, __u32 ports, __u32 protocol)
{
    __u64 mixed = (((__u64)source << 32 | destination) ^ ((__u64)ports << 16 | protocol) ^ settings->translations_seed) *
                  0x9e3779b97f4a7c15ULL;
    mixed = (mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9ULL;
    return mixed >> 40 & settings->translations_mask;
}

/* Where the checksum of a packet's transport header stands, if it is one within a connection; 0 otherwise. Eight octets
 * follow the packet's header. */
INLINE __u32 checksum_place(struct ipv4 *inner, void *end)
{
    __u8 *transport = (void *)(inner + 1);
    if (inner->protocol == UDP)
        return UDP_CHECKSUM;
    if (inner->protocol != TCP || (void *)(transport + ACCEPTS) > end || transport[TCP_FLAGS] & SYN_FIN_RST)
        return 0;
    return TCP_CHECKSUM;
}

INLINE struct translation *translation_of(struct settings *settings, struct ipv4 *inner)
{
    __u32 ports = *(any32 *)(inner + 1), protocol = inner->protocol;
    __u32 place = place_of(settings, inner->source, inner->destination, ports, protocol);
    struct translations *line = map_lookup(&TRANSLATIONS, &place);
    if (!line)
        return 0;
    ROLLED for (int number = 0; number < 2; number++) {
        struct translation *found = &line->either[number];
        if (found->source == inner->source && found->destination == inner->destination && found->ports == ports &&
            now_of(found->protocol) == protocol)
            return found;
    }
    return 0;
}

/* A checksum after what it sums over changed (RFC 1624 3). */
INLINE __u16 adjusted(__u16 checksum, __u32 change)
{
    __u32 sum = (__u16)~checksum + change;
    sum = (sum & 0xffff) + (sum >> 16);
    return ~((sum & 0xffff) + (sum >> 16));
}

/* Puts the address and the port where they belong: the source's, or the destination's. */
INLINE int translate(struct ipv4 *inner, void *end, struct translation *found, int source)
{
    __u8 *transport = (void *)(inner + 1);
    __u32 place = checksum_place(inner, end), now = time_ns() >> 30;
    if (!place)
        return 0;
    any16 *checksum = (any16 *)(transport + (place == TCP_CHECKSUM ? TCP_CHECKSUM : UDP_CHECKSUM));
    if (place == TCP_CHECKSUM || *checksum) { /* a UDP checksum of 0 is none (RFC 768) */
        __u16 sum = adjusted(*checksum, found->sum);
        *checksum = sum || place == TCP_CHECKSUM ? sum : 0xffff;
    }
    inner->checksum = adjusted(inner->checksum, found->address_sum);
    if (source) {
        inner->source = found->address;
        *(any16 *)transport = found->port;
    } else {
        inner->destination = found->address;
        *(any16 *)(transport + 2) = found->port;
    }
    if (found->used_s != now)
        found->used_s = now;
    return 1;
}
