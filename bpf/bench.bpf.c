/* What drives the fast path under the clock: a fresh packet of a random session, then the program under test. */
#include "packet.h"

enum { UPLINK_WORDS = 11, DOWNLINK_WORDS = 5, TEID_AT = 46, SOURCE_AT = 70, DESTINATION_AT = 30 };

struct bench {
    __u32 length;
    __u32 sessions;
    __u64 next;
    __u64 packet[16];
};

struct target {
    __u32 teid; /* both in network order */
    __u32 terminal;
};

struct {
    MAP_TYPE(ARRAY);
    MAP_ENTRIES(1);
    MAP_FLAGS(MMAPABLE);
    MAP_KEY(__u32);
    MAP_VALUE(struct bench);
} BENCH SEC(".maps");

struct {
    MAP_TYPE(ARRAY);
    MAP_ENTRIES(1);
    MAP_FLAGS(MMAPABLE);
    MAP_KEY(__u32);
    MAP_VALUE(struct target);
} TARGETS SEC(".maps");

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

SEC("xdp") int drive_uplink(struct xdp_md *context)
{
    __u32 zero = 0;
    struct bench *bench = map_lookup(&BENCH, &zero);
    if (!bench || restore_length(context, bench))
        return XDP_ABORTED;
    struct target *target = next_target(bench);
    __u8 *octets = (void *)(long)context->data;
    if (!target || (void *)(octets + 8 * UPLINK_WORDS) > (void *)(long)context->data_end)
        return XDP_ABORTED;
    __builtin_memcpy(octets, bench->packet, 8 * UPLINK_WORDS);
    *(__u32 *)(octets + TEID_AT) = target->teid;
    *(__u32 *)(octets + SOURCE_AT) = target->terminal;
    tail_call(context, &UNDER_TEST, 0);
    return XDP_ABORTED;
}

SEC("xdp") int drive_downlink(struct xdp_md *context)
{
    __u32 zero = 0;
    struct bench *bench = map_lookup(&BENCH, &zero);
    if (!bench || restore_length(context, bench))
        return XDP_ABORTED;
    struct target *target = next_target(bench);
    __u8 *octets = (void *)(long)context->data;
    if (!target || (void *)(octets + 8 * DOWNLINK_WORDS) > (void *)(long)context->data_end)
        return XDP_ABORTED;
    __builtin_memcpy(octets, bench->packet, 8 * DOWNLINK_WORDS);
    *(__u32 *)(octets + DESTINATION_AT) = target->terminal;
    tail_call(context, &UNDER_TEST, 0);
    return XDP_ABORTED;
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
