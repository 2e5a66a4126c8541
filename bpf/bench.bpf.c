/* What drives the fast path under the clock: a fresh packet of a random session, then the program under test. */
#include "packet.h"

enum { UPLINK_WORDS = 11, DOWNLINK_WORDS = 5, TEID_AT = 46, SOURCE_AT = 70, INNER_PORTS_AT = 78, DESTINATION_AT = 30, PORTS_AT = 34 };

struct bench {
    __u32 length;
    __u32 sessions;
    __u32 next;
    __u32 device; /* that a live packet leaves by */
    __u64 packet[16];
};

struct target {
    __u32 teid; /* all in network order */
    __u32 terminal;
    __u32 ports;
    __u32 unused;
};

SHARED_ARRAY(BENCH, struct bench);

SHARED_ARRAY(TARGETS, struct target);

struct {
    MAP_TYPE(PROGRAMS);
    MAP_ENTRIES(1);
    MAP_KEY(__u32);
    MAP_VALUE(__u32);
} UNDER_TEST SEC(".maps");

struct {
    MAP_TYPE(DEVICES);
    MAP_ENTRIES(1);
    MAP_KEY(__u32);
    MAP_VALUE(__u32);
} OUT SEC(".maps");

/* User space shuffled them: walking costs no miss that the program would be charged with. */
struct {
    MAP_TYPE(PERCPU_ARRAY);
    MAP_ENTRIES(1);
    MAP_KEY(__u32);
    MAP_VALUE(__u64);
} RECEIVED SEC(".maps");

INLINE struct target *next_target(struct bench *bench)
{
    __u32 number = bench->next;
    bench->next = number + 1 < bench->sessions ? number + 1 : 0;
    return map_lookup(&TARGETS, &number);
}

/* The packet as long as it was before the last turn. */
INLINE int restore_length(struct xdp_md *context, struct bench *bench)
{
    long begin = context->data, end = context->data_end;
    __asm__ volatile("" : "+r"(begin), "+r"(end));
    long length = end - begin;
    __asm__ volatile("" : "+r"(length)); /* pointers are subtracted in 64 bits, or the kernel refuses */
    return adjust_head(context, (int)(length - (long)bench->length));
}

INLINE int write_uplink(struct xdp_md *context, struct bench *bench)
{
    struct target *target = next_target(bench);
    __u8 *octets = (void *)(long)context->data;
    if (!target || (void *)(octets + 8 * UPLINK_WORDS) > (void *)(long)context->data_end)
        return 0;
    for (int word = 0; word < UPLINK_WORDS; word++)
        ((any64 *)octets)[word] = bench->packet[word];
    *(any32 *)(octets + TEID_AT) = target->teid;
    *(any32 *)(octets + SOURCE_AT) = target->terminal;
    *(any32 *)(octets + INNER_PORTS_AT) = target->ports;
    return 1;
}

INLINE int write_downlink(struct xdp_md *context, struct bench *bench)
{
    struct target *target = next_target(bench);
    __u8 *octets = (void *)(long)context->data;
    if (!target || (void *)(octets + 8 * DOWNLINK_WORDS) > (void *)(long)context->data_end)
        return 0;
    for (int word = 0; word < DOWNLINK_WORDS; word++)
        ((any64 *)octets)[word] = bench->packet[word];
    *(any32 *)(octets + DESTINATION_AT) = target->terminal;
    *(any32 *)(octets + PORTS_AT) = target->ports;
    return 1;
}

INLINE struct bench *bench_of(void)
{
    __u32 zero = 0;
    return map_lookup(&BENCH, &zero);
}

SEC("xdp") int drive_uplink(struct xdp_md *context)
{
    struct bench *bench = bench_of();
    if (bench && !restore_length(context, bench) && write_uplink(context, bench))
        tail_call(context, &UNDER_TEST, 0);
    return XDP_ABORTED;
}

SEC("xdp") int drive_downlink(struct xdp_md *context)
{
    struct bench *bench = bench_of();
    if (bench && !restore_length(context, bench) && write_downlink(context, bench))
        tail_call(context, &UNDER_TEST, 0);
    return XDP_ABORTED;
}

/* Packets that really leave. */
SEC("xdp") int generate_uplink(struct xdp_md *context)
{
    struct bench *bench = bench_of();
    return bench && write_uplink(context, bench) ? redirect(bench->device, 0) : XDP_ABORTED;
}

SEC("xdp") int generate_downlink(struct xdp_md *context)
{
    struct bench *bench = bench_of();
    return bench && write_downlink(context, bench) ? redirect(bench->device, 0) : XDP_ABORTED;
}

/* Where they arrive: only IPv4 counts. */
SEC("xdp") int sink(struct xdp_md *context)
{
    __u32 zero = 0;
    __u64 *received = map_lookup(&RECEIVED, &zero);
    struct ethernet *ethernet = (void *)(long)context->data;
    if (received && (void *)(ethernet + 1) <= (void *)(long)context->data_end &&
        ethernet->type == to_be16(ETHERNET_IPV4))
        (*received)++;
    return XDP_DROP;
}

/* What driving itself costs. */
SEC("xdp") int nothing(struct xdp_md *context)
{
    (void)context;
    return XDP_PASS;
}

/* The limit: the least that forwarding is. */
SEC("xdp") int bare_redirect(struct xdp_md *context)
{
    struct ethernet *ethernet = (void *)(long)context->data;
    if ((void *)(ethernet + 1) > (void *)(long)context->data_end)
        return XDP_ABORTED;
    for (int place = 0; place < 12; place++)
        ethernet->ends[place] = 2;
    return redirect_map(&OUT, 0, 0);
}

char LICENSE[] SEC("license") = "Apache-2.0";
