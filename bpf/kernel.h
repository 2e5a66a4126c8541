/* What the kernel offers a program: the parts of its stable interface that we use, in our own words (linux/bpf.h). */
#pragma once

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef long long __s64;

/* Octets of a packet taken as a word: there the address is what it is. */
typedef __u64 __attribute__((may_alias)) any64;
typedef __u32 __attribute__((may_alias)) any32;
typedef __u16 __attribute__((may_alias)) any16;

#define SEC(name) __attribute__((section(name), used))
#define INLINE static inline __attribute__((always_inline))
#define likely(condition) __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)
#define ROLLED _Pragma("clang loop unroll(disable)")
#define now_of(word) (*(volatile __typeof__(word) *)&(word))

/* A map's declaration is read from the type information of its members. */
#define MAP_TYPE(number) int (*type)[number]
#define MAP_ENTRIES(number) int (*max_entries)[number]
#define MAP_FLAGS(number) int (*map_flags)[number]
#define MAP_KEY(kind) kind *key
#define MAP_VALUE(kind) kind *value
/* A map that outlives the process which made it, where there is a file system for its name. */
#ifdef KEPT
#define MAP_KEPT int (*pinning)[1];
#else
#define MAP_KEPT
#endif

/* One value, or as many as user space says, which has them in its own memory too. */
#define SHARED_ARRAY(name, kind) \
    struct {                     \
        MAP_KEPT                 \
        MAP_TYPE(ARRAY);         \
        MAP_ENTRIES(1);          \
        MAP_FLAGS(MMAPABLE);     \
        MAP_KEY(__u32);          \
        MAP_VALUE(kind);         \
    } name SEC(".maps")

enum { ARRAY = 2, PROGRAMS = 3, PERCPU_ARRAY = 6, DEVICES = 14, RING = 27 };
enum { MMAPABLE = 1 << 10 };
enum { XDP_ABORTED, XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT };
enum { TC_NEXT = -1, TC_DROP = 2 };
enum { ROOM_BEHIND_ETHERNET = 1 };
enum { ENCAPSULATES_IPV4 = 1 << 1, ENCAPSULATES_IPV6 = 1 << 2, ENCAPSULATES_UDP = 1 << 4 };
enum { LEAVES_IPV4 = 1 << 7, LEAVES_IPV6 = 1 << 8 };

struct xdp_md {
    __u32 data;
    __u32 data_end;
    __u32 data_meta;
    __u32 ingress_ifindex;
    __u32 rx_queue_index;
    __u32 egress_ifindex;
};

/* A packet of the host's stack; only what is used has a name. */
struct __sk_buff {
    __u32 len;
    __u32 before_device[9];
    __u32 ifindex;
    __u32 before_data[8];
    __u32 data;
    __u32 data_end;
    __u32 before_segments[20];
    __u32 gso_segs;
    __u32 before_size[2];
    __u32 gso_size;
};

_Static_assert(__builtin_offsetof(struct __sk_buff, ifindex) == 40, "linux/bpf.h");
_Static_assert(__builtin_offsetof(struct __sk_buff, data) == 76, "linux/bpf.h");
_Static_assert(__builtin_offsetof(struct __sk_buff, gso_segs) == 164, "linux/bpf.h");
_Static_assert(__builtin_offsetof(struct __sk_buff, gso_size) == 176, "linux/bpf.h");

static void *(*const map_lookup)(void *map, const void *key) = (void *)1;
static long (*const tail_call)(void *context, void *programs, __u32 index) = (void *)12;
static long (*const redirect)(__u32 device, __u64 flags) = (void *)23;
static long (*const pull_data)(struct __sk_buff *context, __u32 length) = (void *)39;
static long (*const adjust_head)(struct xdp_md *context, int delta) = (void *)44;
static long (*const adjust_room)(struct __sk_buff *context, int delta, __u32 mode, __u64 flags) = (void *)50;
static long (*const redirect_map)(void *devices, __u64 key, __u64 flags) = (void *)51;
static __u64 (*const ticks)(void) = (void *)118; /* a load, no call */
static long (*const ring_output)(void *ring, void *data, __u64 size, __u64 flags) = (void *)130;
static __u64 (*const coarse_ns)(void) = (void *)160;

#define to_be16(value) __builtin_bswap16(value)
#define to_be32(value) __builtin_bswap32(value)
