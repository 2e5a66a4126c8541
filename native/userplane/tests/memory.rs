//! What the hot path allocates (nothing), and what a session occupies.
mod common;
use common::*;
use freehold_userplane::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

struct Counting;
static CALLS: AtomicUsize = AtomicUsize::new(0);
static OCTETS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on unchanged to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Relaxed);
        OCTETS.fetch_add(layout.size(), Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        OCTETS.fetch_sub(layout.size(), Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn when_packets_flow_then_nothing_is_allocated_and_a_session_is_small() {
    let mut settings = settings();
    settings.capacity = 100_000;
    let before = OCTETS.load(Relaxed);
    let mut upf = Upf::new(&settings);
    upf.add_instance(&Instance { pools: vec![Prefix::new("10.0.0.0".parse().unwrap(), 15)], ..Default::default() })
        .unwrap();
    let mut teids = Vec::with_capacity(100_000);
    let mut rules = rules(UE, 0);
    for number in 0..100_000_u32 {
        let teid = upf.open().unwrap();
        rules.ipv4 = Some(std::net::Ipv4Addr::from_bits(0x0a00_0002 + number));
        rules.peer = Some(Peer { address: "192.0.2.10".parse().unwrap(), teid: number + 1 });
        upf.install(0, teid, &rules, false).unwrap();
        teids.push(teid);
    }
    let each = (OCTETS.load(Relaxed) - before - teids.capacity() * 4) / 100_000;
    assert!(each <= 256, "{each} octets a session");

    let fill = |upf: &mut Upf, input: &mut Vec<Packet>, turn: u32| {
        for number in 0..64 {
            let mut packet = upf.recycler().take();
            let source = [10, 0, 0, 2 + (turn + number) as u8 % 200];
            let mut inner = [0_u8; 28];
            inner[..12].copy_from_slice(&[0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0]);
            inner[12..16].copy_from_slice(&if number % 2 == 0 { source } else { [198, 51, 100, 1] });
            inner[16..20].copy_from_slice(&if number % 2 == 0 { [198, 51, 100, 1] } else { source });
            let mut datagram = [0_u8; 44];
            datagram[..4].copy_from_slice(&[0x34, 255, 0, 36]);
            datagram[4..8].copy_from_slice(&teids[usize::from(source[3] - 2)].to_be_bytes());
            datagram[8..16].copy_from_slice(&[0, 0, 0, 0x85, 1, 0x10, 9, 0]);
            datagram[16..].copy_from_slice(&inner);
            packet.fill(if number % 2 == 0 { &datagram } else { &inner });
            packet.port = if number % 2 == 0 { Port::N3 } else { Port::N6(0) };
            packet.peer = std::net::SocketAddr::from(([192, 0, 2, 10], 2152));
            input.push(packet);
        }
    };
    let (mut input, mut output) = (Vec::with_capacity(64), Vec::with_capacity(128));
    for turn in 0..100 {
        fill(&mut upf, &mut input, turn);
        let calls = CALLS.load(Relaxed);
        upf.poll(u64::from(turn), &mut input, &mut output);
        assert_eq!(CALLS.load(Relaxed), calls, "allocated in turn {turn}");
        assert_eq!(output.len(), 64);
        output.drain(..).for_each(|packet| upf.recycler().keep(packet));
    }
}
