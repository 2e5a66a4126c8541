/* The fast path: N3 to N6 and back for sessions of one rule a direction; every other packet is the portable engine's.
 *
 * What becomes of a packet is decided on its octets alone; the two hooks, XDP and TC, only carry it out. */
#include "hiding.h"
#include "packet.h"
#include "session.h"
#include "version6.h"

/* MOST_HEADERS: Ethernet, the tunnel's headers at their longest, and what is read of the terminal's packet with its transport header. */
enum { MOST_HEADERS = 142, LONGEST_HEADER = 28, TUNNEL = 44, GTPU = 16, BEFORE_GTPU = 42, PEER_ADDRESS = 30 };
enum verdict { UP_THE_STACK, DROP, FORWARD };

struct {
    MAP_KEPT
    MAP_TYPE(DEVICES);
    MAP_ENTRIES(MOST_DEVICES);
    MAP_KEY(__u32);
    MAP_VALUE(__u32);
} PORTS SEC(".maps");

/* A packet as a hook has it, and where it is to leave. */
struct packet {
    struct ethernet *ethernet;
    void *end;       /* of the octets that can be read */
    __u32 length;    /* of the whole frame */
    struct way *way; /* from here on what was decided */
    __u32 strip;     /* octets behind Ethernet's header that go */
    __u32 room;      /* and that come: the headers of a tunnel */
    __u32 octets;    /* of the terminal's packet */
    union {
        __u32 kind; /* of one that leaves its tunnel, as Ethernet has it */
        __u32 sum;  /* of one whose tunnel is over IPv6 */
    };
    __u32 teid;
    __u8 qfi;
};

/* Whether the terminal's packet is a whole one of the plain kind, within `room` octets; eight octets follow its header. */
INLINE int plain(struct ipv4 *inner, __u32 room)
{
    __u32 length = to_be16(inner->length);
    return inner->version_length == PLAIN_IPV4 && !(inner->fragment & to_be16(FRAGMENT)) && inner->hops > 1 &&
           length >= sizeof(struct ipv4) + sizeof(struct udp) && length <= room;
}

/* Whether the packet's sender left its checksum to a device: what stands there is the sum of the pseudo header alone. It
 * is one of this machine; where the host's stack has the packet, the checksum is made. */
INLINE int unfinished(struct ipv4 *inner, void *end, __u32 octets)
{
    __u8 *transport = (void *)(inner + 1);
    __u32 place = inner->protocol == TCP ? 16 : 6;
    if (inner->protocol != TCP && inner->protocol != UDP)
        return inner->protocol == SCTP;
    if ((void *)(transport + place + 2) > end)
        return 1;
    __u32 length = octets - sizeof *inner;
    __u64 sum = (__u64)inner->source + inner->destination + to_be16((__u16)length) + ((__u32)inner->protocol << 8);
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    return *(any16 *)(transport + place) == (__u16)((sum & 0xffff) + (sum >> 16));
}

/* The length of the GTP-U header and its QoS flow; 0 where it is more than a PDU session container (TS 29.281 5.2.1). */
INLINE __u32 header_length(struct gtpu *gtpu, void *end, __u8 *qfi)
{
    __u8 *octets = (void *)gtpu;
    if (!(gtpu->flags & 7))
        return sizeof *gtpu;
    if ((void *)(octets + 16) > end)
        return 0;
    if (!(gtpu->flags & 4) || !octets[11])
        return 12;
    __u32 length = 12 + 4 * octets[12];
    __u8 *after = octets + length;
    if (octets[11] != SESSION_CONTAINER || length == 12 || length > LONGEST_HEADER || (void *)after > end || after[-1])
        return 0;
    *qfi = octets[14] & QOS_FLOW; /* TS 38.415 5.5.3.3 */
    return length;
}

/* The rate, the counters. */
INLINE enum verdict pass(struct packet *packet, struct record *record, __u32 slot, int direction)
{
    if (!conforms(record, direction, packet->octets))
        return counted(RATE_EXCEEDED, DROP);
    measure(record, slot, direction, packet->octets);
    return FORWARD;
}

/* A terminal's IPv6 packet of `room` octets at most, out of a tunnel that is its session's. */
static __attribute__((noinline)) int uplink_6(
    struct packet *packet, struct settings *settings, struct ipv6 *inner, __u32 slot, __u32 room)
{
    struct record *record = map_lookup(&RECORDS, &slot);
    __u64 prefix = prefix_of(slot);
    if (!record || !prefix || (void *)(inner + 1) + sizeof(struct udp) > packet->end || !plain_6(inner, room))
        return UP_THE_STACK;
    packet->octets = sizeof *inner + to_be16(inner->length);
    if (sizeof *packet->ethernet + packet->strip + packet->octets > packet->length ||
        kept_back_6(settings, upper_half(inner->destination)))
        return UP_THE_STACK;
    if (inner->next == UDP && ((struct udp *)(inner + 1))->destination == to_be16(GTPU_PORT))
        return UP_THE_STACK;
    if (upper_half(inner->source) != prefix)
        return counted(INNER_SOURCE, DROP); /* TS 33.117 4.3.3.1.1 */
    packet->kind = ETHERNET_IPV6;
    packet->way = &settings->exits[1];
    if (!packet->way->known)
        return UP_THE_STACK;
    return pass(packet, record, slot, UP);
}

static __attribute__((noinline)) int downlink_6(struct packet *packet)
{
    struct ipv6 *inner = (void *)(packet->ethernet + 1);
    __u32 zero = 0;
    struct settings *settings = map_lookup(&SETTINGS, &zero);
    if (!settings || (void *)(inner + 1) + sizeof(struct udp) > packet->end ||
        packet->ethernet->type != to_be16(ETHERNET_IPV6))
        return UP_THE_STACK;
    packet->octets = sizeof *inner + to_be16(inner->length);
    packet->strip = 0;
    __u64 prefix = upper_half(inner->destination);
    __u32 slot = slot_of_prefix(settings, prefix, packet->octets);
    struct record *record = map_lookup(&RECORDS, &slot);
    if (!record || (inner->version_class_label & to_be32(0xf0000000)) != to_be32(0x60000000) ||
        !plain_6(inner, packet->octets) || sizeof *packet->ethernet + packet->octets > packet->length)
        return UP_THE_STACK;
    __u32 teid = now_of(record->teid);
    if (!teid || prefix_of(slot) != prefix)
        return UP_THE_STACK;
    __u64 rules = forwarding(record, teid);
    packet->way = peer_of(rules);
    if (!(downlink_of(rules) & TAKEN) || !packet->way || unfinished_6(inner, packet->end))
        return UP_THE_STACK;
    packet->room = now_of(packet->way->known);
    if (!packet->room || (packet->room == TUNNEL_6 && !sum_6(&packet->sum, inner)))
        return UP_THE_STACK;
    packet->teid = (__u32)rules;
    packet->qfi = downlink_of(rules) & QOS_FLOW;
    return pass(packet, record, slot, DOWN);
}

/* Whether a datagram comes from the other end of a way. */
INLINE int comes_from(struct way *peer, void *outer, __u32 before)
{
    __u16 kind = *(any16 *)(peer->frame + 12);
    if (before == sizeof(struct ipv4)) /* one branch */
        return !((((struct ipv4 *)outer)->source ^ *(any32 *)(peer->frame + PEER_ADDRESS)) |
                 (kind ^ to_be16(ETHERNET_IPV4)));
    struct ipv6 *ipv6 = outer;
    any64 *address = (any64 *)(peer->frame + PEER_ADDRESS_6);
    return ipv6->source[0] == address[0] && ipv6->source[1] == address[1] && kind == to_be16(ETHERNET_IPV6);
}

/* A datagram of UDP to N3, of `room` octets; its outer header has `before`. */
INLINE enum verdict uplink(struct packet *packet, struct settings *settings, void *outer, __u32 before, __u32 room)
{
    struct udp *udp = outer + before;
    struct gtpu *gtpu = (void *)(udp + 1);
    __u8 qfi = 0;
    if ((void *)(gtpu + 1) > packet->end || udp->destination != to_be16(GTPU_PORT) || (gtpu->flags & 0xf0) != 0x30 ||
        gtpu->kind != G_PDU)
        return UP_THE_STACK;
    __u32 header = header_length(gtpu, packet->end, &qfi), message = sizeof *gtpu + to_be16(gtpu->length);
    struct ipv4 *inner = (void *)gtpu + header;
    if (!header || (void *)(inner + 1) + sizeof(struct udp) > packet->end || message < header ||
        sizeof *udp + message != room)
        return UP_THE_STACK; /* one message a datagram: a run of datagrams that nobody cut yet is longer */
    __u32 teid = to_be32(gtpu->teid), slot = slot_of(settings, teid);
    struct record *record = map_lookup(&RECORDS, &slot);
    if (!record || !teid || record->teid != teid)
        return UP_THE_STACK;
    __u64 rules = forwarding(record, teid);
    struct way *peer = peer_of(rules);
    __u8 flow = uplink_of(rules) & QOS_FLOW;
    if (!(uplink_of(rules) & TAKEN) || (flow && flow != qfi) || !peer || !comes_from(peer, outer, before))
        return UP_THE_STACK;
    packet->strip = before + sizeof *udp + header;
    if (unlikely((inner->version_length & 0xf0) == 0x60))
        return uplink_6(packet, settings, (void *)inner, slot, message - header);
    if (!plain(inner, message - header))
        return UP_THE_STACK;
    if (inner->source != record->terminal || !inner->source)
        return counted(INNER_SOURCE, DROP); /* TS 33.117 4.3.3.1.1 */
    packet->octets = to_be16(inner->length);
    if (sizeof *packet->ethernet + packet->strip + packet->octets > packet->length)
        return UP_THE_STACK;
    if (inner->protocol == UDP && ((struct udp *)(inner + 1))->destination == to_be16(GTPU_PORT))
        return UP_THE_STACK;
    if (kept_back(settings, to_be32(inner->destination)))
        return UP_THE_STACK;
    packet->way = &settings->exits[0];
    if (!packet->way->known)
        return UP_THE_STACK;
    if (unlikely(uplink_of(rules) & HIDDEN)) {
        struct translation *found = translation_of(settings, inner);
        if (!found || !translate(inner, packet->end, found, 1))
            return UP_THE_STACK;
    }
    packet->kind = ETHERNET_IPV4;
    return pass(packet, record, slot, UP);
}

static __attribute__((noinline)) int uplink_over_6(struct packet *packet)
{
    struct ipv6 *outer = (void *)(packet->ethernet + 1);
    __u32 zero = 0;
    struct settings *settings = map_lookup(&SETTINGS, &zero);
    if (!settings || (void *)(outer + 1) > packet->end || packet->ethernet->type != to_be16(ETHERNET_IPV6) ||
        outer->next != UDP || (outer->version_class_label & to_be32(0xf0000000)) != to_be32(0x60000000))
        return UP_THE_STACK;
    return uplink(packet, settings, outer, sizeof *outer, to_be16(outer->length));
}

INLINE enum verdict downlink(struct packet *packet, struct settings *settings, struct ipv4 *inner)
{
    if ((void *)(inner + 1) + sizeof(struct udp) > packet->end)
        return UP_THE_STACK;
    struct translation *shown = 0;
    __u32 terminal = inner->destination;
    if (unlikely(terminal == settings->hiding)) {
        shown = translation_of(settings, inner);
        if (!shown)
            return UP_THE_STACK;
        terminal = shown->address;
    }
    packet->octets = to_be16(inner->length);
    packet->strip = 0;
    __u32 slot = slot_of_terminal(settings, terminal, packet->octets);
    struct record *record = map_lookup(&RECORDS, &slot);
    if (!record || !plain(inner, packet->octets) ||
        sizeof *packet->ethernet + packet->octets > packet->length)
        return UP_THE_STACK;
    __u32 teid = now_of(record->teid);
    if (!teid || record->terminal != terminal)
        return UP_THE_STACK;
    __u64 rules = forwarding(record, teid);
    packet->way = peer_of(rules);
    if (!(downlink_of(rules) & TAKEN) || !packet->way)
        return UP_THE_STACK;
    packet->room = now_of(packet->way->known);
    if (!packet->room || unfinished(inner, packet->end, packet->octets))
        return UP_THE_STACK;
    if (unlikely(packet->room == TUNNEL_6) && (shown || !sum_4(&packet->sum, inner, packet->octets)))
        return UP_THE_STACK;
    packet->teid = (__u32)rules;
    packet->qfi = downlink_of(rules) & QOS_FLOW;
    if (shown && !translate(inner, packet->end, shown, 0))
        return UP_THE_STACK;
    return pass(packet, record, slot, DOWN);
}

/* What becomes of a packet. Where it leaves, `strip` says in which direction: nothing is stripped towards a terminal. */
INLINE enum verdict decide(struct packet *packet)
{
    struct ipv4 *ipv4 = (void *)(packet->ethernet + 1);
    __u32 zero = 0;
    struct settings *settings = map_lookup(&SETTINGS, &zero);
    if (!settings || (void *)(ipv4 + 1) > packet->end)
        return UP_THE_STACK;
    if (unlikely(packet->ethernet->type != to_be16(ETHERNET_IPV4))) {
        struct ipv6 *ipv6 = (void *)ipv4;
        int ours = (void *)(ipv6 + 1) <= packet->end && ipv6->destination[0] == settings->address_6[0] &&
                   ipv6->destination[1] == settings->address_6[1];
        return ours ? uplink_over_6(packet) : downlink_6(packet);
    }
    if (ipv4->version_length != PLAIN_IPV4 || ipv4->fragment & to_be16(FRAGMENT))
        return UP_THE_STACK;
    if (ipv4->destination == settings->address)
        return ipv4->protocol != UDP
                   ? UP_THE_STACK
                   : uplink(packet, settings, ipv4, sizeof *ipv4, to_be16(ipv4->length) - sizeof *ipv4);
    return downlink(packet, settings, ipv4);
}

INLINE void write_ends(__u8 *frame, struct way *way)
{
    *(any64 *)frame = *(any64 *)way->frame;
    *(any32 *)(frame + 8) = *(any32 *)(way->frame + 8);
}

INLINE void write_gtpu(any32 *gtpu, struct packet *packet)
{
    gtpu[0] = to_be32(0x34ff0000 | (packet->octets + GTPU - sizeof(struct gtpu)));
    gtpu[1] = to_be32(packet->teid);
    gtpu[2] = to_be32(SESSION_CONTAINER);
    gtpu[3] = to_be32(1 << 24 | packet->qfi << 8);
}

/* Everything before the terminal's packet (TS 29.281 5.2.2.7, TS 38.415 5.5.2.1: PDU type 0, no reflective QoS). */
INLINE void write_tunnel(__u8 *frame, struct packet *packet)
{
    struct way *way = packet->way;
    for (int word = 0; word < BEFORE_GTPU / 8; word++)
        ((any64 *)frame)[word] = ((any64 *)way->frame)[word];
    __u32 sum = way->sum + packet->octets + TUNNEL;
    sum = (sum & 0xffff) + (sum >> 16);
    struct ipv4 *outer = (void *)(frame + sizeof(struct ethernet));
    outer->length = to_be16((__u16)(packet->octets + TUNNEL));
    outer->checksum = to_be16((__u16) ~((sum & 0xffff) + (sum >> 16)));
    struct udp *udp = (void *)(outer + 1);
    udp->length = to_be16((__u16)(packet->octets + GTPU + sizeof *udp));
    udp->checksum = 0;
    write_gtpu((any32 *)(udp + 1), packet);
}

/* The same over IPv6, where a checksum is over all of it (RFC 8200 8.1): that of the terminal's packet is known. */
INLINE void write_tunnel_6(__u8 *frame, struct packet *packet)
{
    struct way *way = packet->way;
    for (int word = 0; word < BEFORE_GTPU_6 / 8; word++)
        ((any64 *)frame)[word] = ((any64 *)way->frame)[word];
    *(any32 *)(frame + 56) = *(any32 *)(way->frame + 56);
    *(any16 *)(frame + 60) = *(any16 *)(way->frame + 60);
    struct ipv6 *outer = (void *)(frame + sizeof(struct ethernet));
    struct udp *udp = (void *)(outer + 1);
    any32 *gtpu = (any32 *)(udp + 1);
    outer->length = udp->length = to_be16((__u16)(packet->octets + GTPU + sizeof *udp));
    write_gtpu(gtpu, packet);
    __u64 sum = (__u64)way->sum + 2 * udp->length + packet->sum;
    for (int word = 0; word < GTPU / 4; word++)
        sum += gtpu[word];
    __u16 checksum = ~folded(sum);
    udp->checksum = checksum ? checksum : 0xffff;
}

/* All that is before the terminal's packet now that its room is made; 0 where the frame does not reach that far. */
INLINE int write_front(struct packet *packet, struct ethernet *ethernet, void *limit)
{
    if (packet->strip) {
        if ((void *)(ethernet + 1) > limit)
            return 0;
        write_ends(ethernet->ends, packet->way);
        ethernet->type = to_be16((__u16)packet->kind);
    } else if (likely(packet->room == TUNNEL)) {
        if ((void *)(ethernet + 1) + TUNNEL > limit)
            return 0;
        write_tunnel((void *)ethernet, packet);
    } else {
        if ((void *)(ethernet + 1) + TUNNEL_6 > limit)
            return 0;
        write_tunnel_6((void *)ethernet, packet);
    }
    return 1;
}

SEC("xdp") int userplane(struct xdp_md *context)
{
    struct packet packet = {.ethernet = (void *)(long)context->data, .end = (void *)(long)context->data_end};
    long begin = context->data, end = context->data_end;
    __asm__ volatile("" : "+r"(begin), "+r"(end)); /* pointers are subtracted in 64 bits, or the kernel refuses */
    packet.length = end - begin;
    switch (decide(&packet)) {
    case UP_THE_STACK:
        return passed(context->ingress_ifindex, XDP_PASS);
    case DROP:
        return dropped(context->ingress_ifindex, XDP_DROP);
    case FORWARD:
        break;
    }
    if (adjust_head(context, packet.strip ? (int)packet.strip : -(int)packet.room))
        return dropped(context->ingress_ifindex, XDP_ABORTED);
    struct ethernet *ethernet = (void *)(long)context->data;
    void *limit = (void *)(long)context->data_end;
    if (!write_front(&packet, ethernet, limit))
        return dropped(context->ingress_ifindex, XDP_ABORTED);
    redirected(context->ingress_ifindex, packet.way->port);
    return redirect_map(&PORTS, packet.way->port, 0);
}

/* The same in front of the host's stack. Several segments in one packet are the portable engine's, which keeps them so. */
SEC("classifier") int userplane_tc(struct __sk_buff *context)
{
    if (context->gso_size)
        return passed(context->ifindex, TC_NEXT);
    __u32 wanted = context->len < MOST_HEADERS ? context->len : MOST_HEADERS;
    if ((void *)(long)context->data + MOST_HEADERS > (void *)(long)context->data_end && pull_data(context, wanted))
        return passed(context->ifindex, TC_NEXT);
    struct packet packet = {
        .ethernet = (void *)(long)context->data, .end = (void *)(long)context->data_end, .length = context->len};
    switch (decide(&packet)) {
    case UP_THE_STACK:
        return passed(context->ifindex, TC_NEXT);
    case DROP:
        return dropped(context->ifindex, TC_DROP);
    case FORWARD:
        break;
    }
    __u64 flags = (packet.room == TUNNEL ? ENCAPSULATES_IPV4 : ENCAPSULATES_IPV6) | ENCAPSULATES_UDP;
    if (packet.strip)
        flags = packet.kind == ETHERNET_IPV6                          ? LEAVES_IPV6
                : packet.ethernet->type == to_be16(ETHERNET_IPV6) ? LEAVES_IPV4
                                                                  : 0;
    if (adjust_room(context, packet.strip ? -(int)packet.strip : (int)packet.room, ROOM_BEHIND_ETHERNET, flags))
        return dropped(context->ifindex, TC_DROP);
    struct ethernet *ethernet = (void *)(long)context->data;
    void *limit = (void *)(long)context->data_end;
    if (!write_front(&packet, ethernet, limit))
        return dropped(context->ifindex, TC_DROP);
    redirected(context->ifindex, packet.way->port);
    return redirect(packet.way->device, 0);
}

char LICENSE[] SEC("license") = "Apache-2.0";
