/* What the kernel offers an XDP program: the parts of its stable interface that we use, in our own words (linux/bpf.h). */
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef long long __s64;

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))
#define likely(condition) __builtin_expect(!!(condition), 1)
#define compiler_barrier() __asm__ volatile("" ::: "memory")

/* A map's declaration is read from the type information of its members. */
#define MAP_TYPE(number) int (*type)[number]
#define MAP_ENTRIES(number) int (*max_entries)[number]
#define MAP_FLAGS(number) int (*map_flags)[number]
#define MAP_KEY(kind) kind *key
#define MAP_VALUE(kind) kind *value

enum { ARRAY = 2, PROGRAMS = 3, PERCPU_ARRAY = 6, DEVICES = 14, RING = 27 };
enum { MMAPABLE = 1 << 10 };
enum { XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT };

struct xdp_md {
    __u32 data;
    __u32 data_end;
    __u32 data_meta;
    __u32 ingress_ifindex;
    __u32 rx_queue_index;
    __u32 egress_ifindex;
};

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static long (*const tail_call)(void *context, void *programs, __u32 index) = (void *)12;
static long (*const redirect)(__u32 device, __u64 flags) = (void *)23;
static long (*const adjust_head)(struct xdp_md *context, int delta) = (void *)44;
static long (*const redirect_map)(void *devices, __u64 key, __u64 flags) = (void *)51;
static long (*const ring_output)(void *ring, void *data, __u64 size, __u64 flags) = (void *)130;
static __u64 (*const coarse_ns)(void) = (void *)160;

#define to_be16(value) __builtin_bswap16(value)
#define to_be32(value) __builtin_bswap32(value)
