/* A session's record: found, policed, counted. */
#pragma once

#include "records.h"

enum { BURST_NS = 100000000, BURST_OCTETS_SHIFT = 14, COST_FRACTION = 20, COST_BITS = 26, ATTEMPTS = 4 };

#define NEVER (1ULL << 62)
#define NO_SLOT 0xffffffff

SHARED_ARRAY(SETTINGS, struct settings);

SHARED_ARRAY(RECORDS, struct record);

SHARED_ARRAY(SPILLED, struct spilled);

/* The upper half of the addresses of each session's terminal, host order; 0 where it has no IPv6. */
SHARED_ARRAY(PREFIXES, __u64);

/* The slots of the pools' addresses, and of the prefixes of those of IPv6. */
SHARED_ARRAY(ADDRESSES, struct slots);

struct {
    MAP_KEPT
    MAP_TYPE(ARRAY);
    MAP_ENTRIES(MOST_WAYS);
    MAP_KEY(__u32);
    MAP_VALUE(struct way);
} WAYS SEC(".maps");

struct {
    MAP_KEPT
    MAP_TYPE(PERCPU_ARRAY);
    MAP_ENTRIES(COUNTS);
    MAP_KEY(__u32);
    MAP_VALUE(__u64);
} TOTALS SEC(".maps");

struct {
    MAP_KEPT
    MAP_TYPE(PERCPU_ARRAY);
    MAP_ENTRIES(1);
    MAP_KEY(__u32);
    MAP_VALUE(struct interfaces);
} INTERFACES SEC(".maps");

struct {
    MAP_KEPT
    MAP_TYPE(RING);
    MAP_ENTRIES(1 << 18);
} EVENTS SEC(".maps");

#ifdef TIMED
/* A clock that a test sets. */
struct {
    MAP_TYPE(ARRAY);
    MAP_ENTRIES(1);
    MAP_KEY(__u32);
    MAP_VALUE(__u64);
} CLOCK SEC(".maps");

INLINE __u64 time_ns(void)
{
    __u32 zero = 0;
    __u64 *now = map_lookup(&CLOCK, &zero);
    return now ? now_of(*now) : 0;
}
#else
/* The coarse clock, asked once a tick: it is no finer than that, and asking takes as long as all the rest of a packet. */
static struct {
    __u64 tick;
    __u64 ns;
} moment __attribute__((aligned(64)));

INLINE __u64 time_ns(void)
{
    __u64 tick = ticks();
    if (unlikely(now_of(moment.tick) != tick)) {
        now_of(moment.ns) = coarse_ns();
        __asm__ volatile("" ::: "memory");
        now_of(moment.tick) = tick;
    }
    return now_of(moment.ns);
}
#endif

INLINE int counted(enum count what, int verdict)
{
    __u32 key = what;
    __u64 *total = map_lookup(&TOTALS, &key);
    if (total)
        (*total)++;
    return verdict;
}

INLINE struct interface *interface_of(__u32 device)
{
    __u32 zero = 0;
    struct interfaces *interfaces = map_lookup(&INTERFACES, &zero);
    return interfaces ? &interfaces->ports[device == interfaces->ports[1].device] : 0;
}

INLINE int passed(__u32 device, int verdict)
{
    struct interface *interface = interface_of(device);
    if (interface)
        interface->passed++;
    return verdict;
}

INLINE int dropped(__u32 device, int verdict)
{
    struct interface *interface = interface_of(device);
    if (interface)
        interface->dropped++;
    return verdict;
}

INLINE void redirected(__u32 device, __u32 port)
{
    struct interface *interface = interface_of(device);
    if (interface)
        interface->redirected[port & 1]++;
}

/* The generic cell rate algorithm, as native/userplane/src/meter.rs has it (TS 29.244 5.4.4). */
INLINE int conforms(struct record *record, int direction, __u32 octets)
{
    __u32 packed = record->costs[direction];
    if (!packed)
        return 1;
    __u64 *arrival = &record->arrivals_ns[direction], cost = (__u64)(packed & ((1 << COST_BITS) - 1)) << (packed >> COST_BITS);
    __u64 now = time_ns(), burst = cost >> (COST_FRACTION - BURST_OCTETS_SHIFT), seen = *arrival;
    if (burst < BURST_NS)
        burst = BURST_NS;
    ROLLED for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        __u64 next = (seen > now ? seen : now) + ((octets * cost) >> COST_FRACTION);
        if (next - now > burst)
            return 0;
        __u64 found = __sync_val_compare_and_swap(arrival, seen, next);
        if (likely(found == seen))
            return 1;
        seen = found;
    }
    return 0;
}

/* Told once; where there is no room for the event, the next packet tells it (TS 29.244 5.2.2.2). */
INLINE void tell_volume(struct record *record)
{
    __u64 reached = __sync_lock_test_and_set(&record->report_at, NEVER);
    __u32 teid = now_of(record->teid);
    if (reached < NEVER / 2 && ring_output(&EVENTS, &teid, sizeof teid, 0))
        record->report_at = reached;
}

/* The octets and the packets so far become wide; a reader that meets both waits (native/xdp/src/record.rs). */
INLINE void spill(struct record *record, __u32 slot, __u32 direction, __u64 octets)
{
    struct spilled *spilled = map_lookup(&SPILLED, &slot);
    if (!spilled)
        return;
    __sync_fetch_and_add(&spilled->volumes[direction].octets, octets);
    __sync_fetch_and_add(&spilled->volumes[direction].packets, SPILL);
    __sync_fetch_and_add(&record->report_at, -octets);
    __sync_fetch_and_add(&record->volumes[direction], -(octets << PACKETS_BITS | SPILL));
}

/* What few packets do. */
static __attribute__((noinline)) int seldom(__u32 slot, __u32 direction, __u64 octets, int told)
{
    struct record *record = map_lookup(&RECORDS, &slot);
    if (!record)
        return 0;
    if (told)
        tell_volume(record);
    else
        spill(record, slot, direction & 1, octets);
    return 0;
}

INLINE void measure(struct record *record, __u32 slot, int direction, __u32 octets)
{
    __u64 before = __sync_fetch_and_add(&record->volumes[direction], (__u64)octets << PACKETS_BITS | 1);
    __u64 own = (before >> PACKETS_BITS) + octets;
    if (unlikely(own + (now_of(record->volumes[!direction]) >> PACKETS_BITS) >= now_of(record->report_at)))
        seldom(slot, direction, own, 1);
    if (unlikely((before & (2 * SPILL - 1)) == SPILL - 1))
        seldom(slot, direction, own, 0);
}

/* The slot that a tunnel identifier hides. */
INLINE __u32 slot_of(struct settings *settings, __u32 teid)
{
    __u32 turned = (teid >> 16 | teid << 16) * settings->inverses[1];
    return (((turned ^ turned >> 16) * settings->inverses[0]) ^ settings->mask) & settings->slot_mask;
}

INLINE __u32 slot_at(__u32 place)
{
    __u32 pair = place >> 1;
    struct slots *slots = map_lookup(&ADDRESSES, &pair);
    return slots ? slots->slot[place & 1] - 1 : NO_SLOT;
}

/* The slot of a terminal's address; beyond all slots where it has none, or where its link does not carry that many
 * octets whole. */
INLINE __u32 slot_of_terminal(struct settings *settings, __u32 destination, __u32 octets)
{
    ROLLED for (__u32 number = 0; number < MOST_POOLS; number++) {
        if (number >= settings->pools_count)
            break;
        struct pool *pool = &settings->pools[number];
        __u32 place = to_be32(destination) - pool->base;
        if (place >= pool->size)
            continue;
        return octets > pool->mtu ? NO_SLOT : slot_at(place + pool->offset);
    }
    return NO_SLOT;
}

/* What a session's packets meet, all of one moment; 0 where it is another session by now. */
INLINE __u64 forwarding(struct record *record, __u32 teid)
{
    __u64 word = now_of(record->forwarding);
    __asm__ volatile("" ::: "memory");
    return now_of(record->teid) == teid ? word : 0;
}

INLINE __u8 uplink_of(__u64 forwarding)
{
    return forwarding >> 48;
}

INLINE __u8 downlink_of(__u64 forwarding)
{
    return forwarding >> 56;
}

/* Where packets to the session's gNB or UPF leave. */
INLINE struct way *peer_of(__u64 forwarding)
{
    __u32 number = (__u16)(forwarding >> 32);
    return map_lookup(&WAYS, &number);
}

INLINE int kept_back(struct settings *settings, __u32 destination)
{
    if (!(settings->first_octets[destination >> 29] >> (destination >> 24 & 31) & 1))
        return 0;
    ROLLED for (__u32 number = 0; number < MOST_NETWORKS; number++) {
        if (number >= settings->networks_count)
            break;
        struct network *network = &settings->networks[number];
        if ((destination & network->mask) == network->base)
            return 1;
    }
    return 0;
}
