/* The fast path: N3 to N6 and back for sessions of one rule a direction; every other packet is the portable engine's.
 *
 * A session is one record of two cache lines, found by the slot its TEID hides, or through its terminal's address. */
#include "packet.h"
#include "records.h"

enum { BURST_NS = 100000000, BURST_OCTETS_SHIFT = 14, COST_FRACTION = 20, LONGEST_HEADER = 28 };

struct {
    MAP_TYPE(ARRAY);
    MAP_ENTRIES(1);
    MAP_FLAGS(MMAPABLE);
    MAP_KEY(__u32);
    MAP_VALUE(struct settings);
} SETTINGS SEC(".maps");

struct {
    MAP_TYPE(ARRAY);
    MAP_ENTRIES(1);
    MAP_FLAGS(MMAPABLE);
    MAP_KEY(__u32);
    MAP_VALUE(struct record);
} RECORDS SEC(".maps");

/* The slot of each address of the pools, from 1. */
struct {
    MAP_TYPE(ARRAY);
    MAP_ENTRIES(1);
    MAP_FLAGS(MMAPABLE);
    MAP_KEY(__u32);
    MAP_VALUE(__u32);
} ADDRESSES SEC(".maps");

struct {
    MAP_TYPE(ARRAY);
    MAP_ENTRIES(MOST_HOPS);
    MAP_KEY(__u32);
    MAP_VALUE(struct hop);
} HOPS SEC(".maps");

struct {
    MAP_TYPE(DEVICES);
    MAP_ENTRIES(MOST_DEVICES);
    MAP_KEY(__u32);
    MAP_VALUE(__u32);
} PORTS SEC(".maps");

struct {
    MAP_TYPE(PERCPU_ARRAY);
    MAP_ENTRIES(COUNTS);
    MAP_KEY(__u32);
    MAP_VALUE(__u64);
} TOTALS SEC(".maps");

struct {
    MAP_TYPE(RING);
    MAP_ENTRIES(1 << 18);
} EVENTS SEC(".maps");

INLINE int counted(enum count what, int verdict)
{
    __u32 key = what;
    __u64 *total = map_lookup(&TOTALS, &key);
    if (total)
        (*total)++;
    return verdict;
}

/* The generic cell rate algorithm, as native/userplane/src/meter.rs has it (TS 29.244 5.4.4). */
INLINE int conforms(struct meter *meter, __u32 octets)
{
    __u64 cost = meter->octet_cost;
    if (!cost)
        return 1;
    __u64 now = coarse_ns(), burst = cost >> (COST_FRACTION - BURST_OCTETS_SHIFT), seen = meter->arrival_ns;
    if (burst < BURST_NS)
        burst = BURST_NS;
    for (int attempt = 0; attempt < 4; attempt++) {
        __u64 next = (seen > now ? seen : now) + ((octets * cost) >> COST_FRACTION);
        if (next - now > burst)
            return 0;
        __u64 found = __sync_val_compare_and_swap(&meter->arrival_ns, seen, next);
        if (likely(found == seen))
            return 1;
        seen = found;
    }
    return 0;
}

/* One event when the session passes the volume that was to be reported (TS 29.244 5.2.2.2). */
INLINE void approach_report(struct record *record, __u32 octets)
{
    if (!(record->flags & REPORT))
        return;
    __s64 left = __sync_fetch_and_add(&record->remaining, -(__s64)octets);
    if (left > 0 && left <= (__s64)octets) {
        __u32 teid = record->teid;
        ring_output(&EVENTS, &teid, sizeof teid, 0);
    }
}

INLINE void measure(struct volume *volume, __u32 octets)
{
    __sync_fetch_and_add(&volume->octets, octets);
    __sync_fetch_and_add(&volume->packets, 1);
}

/* A hop whose way is known now; user space keeps it up to date. */
INLINE struct hop *find_hop(__u32 number)
{
    struct hop *hop = map_lookup(&HOPS, &number);
    return hop && hop->known ? hop : 0;
}

INLINE int leave(struct ethernet *ethernet, struct hop *hop)
{
    __builtin_memcpy(ethernet->ends, hop->ends, sizeof hop->ends);
    ethernet->type = to_be16(ETHERNET_IPV4);
    return redirect_map(&PORTS, hop->device, 0);
}

INLINE struct record *find(struct settings *settings, __u32 teid)
{
    __u32 turned = (teid >> 16 | teid << 16) * settings->inverses[1];
    __u32 slot = (((turned ^ turned >> 16) * settings->inverses[0]) ^ settings->mask) & settings->slot_mask;
    struct record *record = map_lookup(&RECORDS, &slot);
    return record && teid && record->teid == teid ? record : 0;
}

INLINE int kept_back(struct settings *settings, __u32 destination)
{
    for (__u32 number = 0; number < MOST_NETWORKS; number++) {
        if (number >= settings->networks_count)
            break;
        struct network *network = &settings->networks[number];
        if ((destination & network->mask) == network->base)
            return 1;
    }
    return 0;
}

/* Whether the terminal's packet is a whole one of the plain kind, within `room` octets; eight octets follow its header. */
INLINE int plain(struct ipv4 *inner, __u32 room)
{
    __u32 length = to_be16(inner->length);
    return inner->version_length == PLAIN_IPV4 && !(inner->fragment & to_be16(FRAGMENT)) && inner->hops > 1 &&
           length >= sizeof(struct ipv4) + sizeof(struct udp) && length <= room;
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
    *qfi = octets[14] & 0x3f; /* TS 38.415 5.5.3.3 */
    return length;
}

INLINE int uplink(struct xdp_md *context, struct settings *settings, struct ipv4 *outer, void *end)
{
    struct udp *udp = (void *)(outer + 1);
    struct gtpu *gtpu = (void *)(udp + 1);
    __u8 qfi = 0;
    if ((void *)(gtpu + 1) > end || outer->protocol != UDP || udp->destination != to_be16(GTPU_PORT) ||
        (gtpu->flags & 0xf0) != 0x30 || gtpu->kind != G_PDU)
        return XDP_PASS;
    __u32 header = header_length(gtpu, end, &qfi), message = sizeof *gtpu + to_be16(gtpu->length);
    struct ipv4 *inner = (void *)gtpu + header;
    if (!header || (void *)(inner + 1) + sizeof(struct udp) > end || message < header ||
        sizeof *outer + sizeof *udp + message > to_be16(outer->length))
        return XDP_PASS;
    struct record *record = find(settings, to_be32(gtpu->teid));
    if (!record || !(record->flags & UPLINK) || (record->match_qfi && record->match_qfi != qfi) ||
        outer->source != *(__u32 *)(record->outer + OUTER_PEER) || !plain(inner, message - header))
        return XDP_PASS;
    if (inner->source != record->terminal)
        return counted(INNER_SOURCE, XDP_DROP); /* TS 33.117 4.3.3.1.1 */
    __u32 octets = to_be16(inner->length);
    if ((void *)inner + octets > end)
        return XDP_PASS;
    if (inner->protocol == UDP && ((struct udp *)(inner + 1))->destination == to_be16(GTPU_PORT))
        return XDP_PASS;
    if (kept_back(settings, to_be32(inner->destination)))
        return XDP_PASS;
    struct hop *hop = find_hop(record->uplink_hop);
    if (!hop)
        return XDP_PASS;
    if (!conforms(&record->meters[0], octets))
        return counted(RATE_EXCEEDED, XDP_DROP);
    measure(&record->volumes[0], octets);
    approach_report(record, octets);
    if (adjust_head(context, sizeof *outer + sizeof *udp + header))
        return XDP_ABORTED;
    struct ethernet *ethernet = (void *)(long)context->data;
    if ((void *)(ethernet + 1) > (void *)(long)context->data_end)
        return XDP_ABORTED;
    return counted(FORWARDED_UPLINK, leave(ethernet, hop));
}

INLINE struct record *find_terminal(struct settings *settings, __u32 destination)
{
    for (__u32 number = 0; number < MOST_POOLS; number++) {
        if (number >= settings->pools_count)
            break;
        struct pool *pool = &settings->pools[number];
        __u32 place = to_be32(destination) - pool->base;
        if (place >= pool->size)
            continue;
        place += pool->offset;
        __u32 *slot = map_lookup(&ADDRESSES, &place);
        if (!slot || !*slot)
            return 0;
        __u32 key = *slot - 1;
        struct record *record = map_lookup(&RECORDS, &key);
        return record && record->teid && record->terminal == destination ? record : 0;
    }
    return 0;
}

/* Puts the session's outer header before a packet of so many octets; 0 where its record changed meanwhile. */
INLINE int encapsulate(struct record *record, __u32 teid, __u8 *place, __u32 octets)
{
    __builtin_memcpy(place, record->outer, OUTER);
    compiler_barrier();
    if (*(volatile __u32 *)&record->teid != teid)
        return 0;
    __u32 sum = *(__u16 *)(place + OUTER_CHECKSUM) + octets + OUTER;
    sum = (sum & 0xffff) + (sum >> 16);
    ((struct ipv4 *)place)->length = to_be16((__u16)(octets + OUTER));
    ((struct ipv4 *)place)->checksum = to_be16((__u16) ~((sum & 0xffff) + (sum >> 16)));
    ((struct udp *)(place + OUTER_UDP))->length = to_be16((__u16)(octets + OUTER - OUTER_UDP));
    ((struct gtpu *)(place + OUTER_GTPU))->length = to_be16((__u16)(octets + 8));
    return 1;
}

INLINE int downlink(struct xdp_md *context, struct settings *settings, struct ipv4 *inner, void *end)
{
    struct record *record = find_terminal(settings, inner->destination);
    __u32 octets = to_be16(inner->length);
    if (!record || !(record->flags & DOWNLINK) || (void *)(inner + 1) + sizeof(struct udp) > end ||
        octets + OUTER > settings->n3_mtu || !plain(inner, octets) || (void *)inner + octets > end)
        return XDP_PASS;
    __u32 teid = record->teid;
    struct hop *hop = find_hop(record->downlink_hop);
    if (!hop)
        return XDP_PASS;
    if (!conforms(&record->meters[1], octets))
        return counted(RATE_EXCEEDED, XDP_DROP);
    if (adjust_head(context, -OUTER))
        return XDP_PASS;
    struct ethernet *ethernet = (void *)(long)context->data;
    if ((void *)(ethernet + 1) + OUTER > (void *)(long)context->data_end)
        return XDP_ABORTED;
    if (!encapsulate(record, teid, (void *)(ethernet + 1), octets))
        return counted(CHANGED, XDP_DROP);
    measure(&record->volumes[1], octets);
    approach_report(record, octets);
    return counted(FORWARDED_DOWNLINK, leave(ethernet, hop));
}

SEC("xdp") int userplane(struct xdp_md *context)
{
    void *end = (void *)(long)context->data_end;
    struct ethernet *ethernet = (void *)(long)context->data;
    struct ipv4 *ipv4 = (void *)(ethernet + 1);
    __u32 zero = 0;
    struct settings *settings = map_lookup(&SETTINGS, &zero);
    if (!settings || (void *)(ipv4 + 1) > end || ethernet->type != to_be16(ETHERNET_IPV4) ||
        ipv4->version_length != PLAIN_IPV4 || ipv4->fragment & to_be16(FRAGMENT))
        return XDP_PASS;
    if (ipv4->destination == settings->address)
        return uplink(context, settings, ipv4, end);
    return downlink(context, settings, ipv4, end);
}

char LICENSE[] SEC("license") = "Apache-2.0";
