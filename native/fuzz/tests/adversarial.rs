//! Inputs built to cost most: what they allocate stands in proportion to their length, whatever they promise.
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
    static COUNT: Cell<usize> = const { Cell::new(0) };
}

/// Counts what the thread allocates.
struct Counting;

// SAFETY: every call goes to the system's allocator as it came; the counters allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.get().wrapping_add(layout.size());
        LIVE.set(live);
        PEAK.set(PEAK.get().max(live));
        COUNT.set(COUNT.get() + 1);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get().wrapping_sub(layout.size()));
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A check reads an input, writes it again and reads that: so many allocations and octets for each of its octets.
const ALLOCATIONS: usize = 24;
const OCTETS: usize = 2048;
/// What the smallest input may take.
const LEAST: usize = 512;

fn bounded(name: &str, check: fn(&[u8]), octets: &[u8]) {
    check(octets); // the tables are read once
    LIVE.set(0);
    PEAK.set(0);
    COUNT.set(0);
    check(octets);
    let (count, peak, size) = (COUNT.get(), PEAK.get(), octets.len().max(LEAST));
    if std::env::var_os("FREEHOLD_FUZZ_SHOW").is_some() {
        println!("{name}: {} octets, {count} allocations, {peak} octets at once", octets.len());
    }
    assert!(count <= ALLOCATIONS * size, "{name}: {count} allocations of {} octets", octets.len());
    assert!(peak <= OCTETS * size, "{name}: {peak} octets at once of {} octets", octets.len());
}

/// Octets after their length (X.691 11.9), in fragments where they are many.
fn counted(mut octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while octets.len() >= 0x4000 {
        let parts = (octets.len() / 0x4000).min(4);
        out.push(0xc0 | parts as u8);
        out.extend(&octets[..parts * 0x4000]);
        octets = &octets[parts * 0x4000..];
    }
    match octets.len() {
        size @ ..0x80 => out.push(size as u8),
        size => out.extend((0x8000 | size as u16).to_be_bytes()),
    }
    out.extend(octets);
    out
}

/// One NGAP PDU of these IEs, under the octet that chooses the protocol.
fn ngap(kind: u8, procedure: u8, ies: &[(u16, u8, Vec<u8>)]) -> Vec<u8> {
    let mut content = vec![0];
    content.extend((ies.len() as u16).to_be_bytes());
    for (id, criticality, value) in ies {
        content.extend(id.to_be_bytes());
        content.push(criticality << 6);
        content.extend(counted(value));
    }
    let mut out = vec![0, kind << 5, procedure, 0];
    out.extend(counted(&content));
    out
}

const NG_SETUP: u8 = 21;
const ERROR_INDICATION: u8 = 9;
const SUPPORTED_TA_LIST: u16 = 102;
const CRITICALITY_DIAGNOSTICS: u16 = 19;

#[test]
fn when_a_container_has_as_many_ies_as_it_can_then_work_is_linear() {
    let unknown: Vec<_> = (0..=65534).map(|n| (50000 + n % 5000, 1, Vec::new())).collect();
    bounded("unknown IEs", freehold_fuzz::per::check, &ngap(0, NG_SETUP, &unknown));
    let same: Vec<_> = (0..65535).map(|_| (SUPPORTED_TA_LIST, 1, Vec::new())).collect();
    bounded("one IE again and again", freehold_fuzz::per::check, &ngap(0, NG_SETUP, &same));
}

#[test]
fn when_lists_promise_more_than_there_is_then_nothing_is_made_of_it() {
    for fill in [0x00, 0xff, 0x80, 0xc4] {
        for size in [4, 64, 4096, 1 << 20] {
            let name = format!("{size} octets of {fill:#04x}");
            bounded(&name, freehold_fuzz::per::check, &ngap(0, NG_SETUP, &[(SUPPORTED_TA_LIST, 0, vec![fill; size])]));
            let diagnostics = (CRITICALITY_DIAGNOSTICS, 1, vec![fill; size]);
            bounded(&name, freehold_fuzz::per::check, &ngap(0, ERROR_INDICATION, &[diagnostics]));
        }
    }
}

#[test]
fn when_a_type_alone_is_all_extensions_or_all_nesting_then_work_is_bounded() {
    for node in 0..=u16::MAX.min(1500) {
        for fill in [0x00, 0x40, 0x7f, 0x80, 0xc4, 0xff] {
            let input = [&[0x80, (node >> 8) as u8, node as u8], &[fill; 3000][..]].concat();
            bounded(&format!("type {node} of {fill:#04x}"), freehold_fuzz::per::check, &input);
        }
    }
}

#[test]
fn when_nas_elements_are_many_and_empty_then_work_is_linear() {
    for head in [&[0x7e, 0, 0x41, 0x79, 0, 1, 1][..], &[0x2e, 1, 1, 0xc1, 0xff, 0xff], &[0x7e, 0, 0x54]] {
        for fill in [&[0x91][..], &[0x70, 0], &[0x7b, 0, 0], &[0x77, 0, 0], &[0x15, 0]] {
            bounded(
                &format!("{head:02x?} {fill:02x?}"),
                freehold_fuzz::nas::check,
                &[head, &fill.repeat(20_000)].concat(),
            );
        }
    }
}

#[test]
fn when_pfcp_groups_are_nested_or_empty_then_work_is_linear() {
    let message = |ies: &[u8]| {
        let size = (ies.len() as u16 + 12).to_be_bytes();
        [&[0x21, 50, size[0], size[1], 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0], ies].concat()
    };
    for ie in [1u16, 2, 3, 15, 27, 60, 0x7fff] {
        let empty = [ie.to_be_bytes(), [0, 0]].concat();
        bounded(&format!("empty {ie}"), freehold_fuzz::pfcp::check, &message(&empty.repeat(16_000)));
        let mut nested = Vec::new();
        while nested.len() < 60_000 {
            nested = [&ie.to_be_bytes()[..], &(nested.len() as u16).to_be_bytes(), &nested].concat();
            if nested.len() > 4 * 400 {
                break;
            }
        }
        bounded(&format!("nested {ie}"), freehold_fuzz::pfcp::check, &message(&nested));
    }
}

#[test]
fn when_gtpu_extension_headers_are_a_chain_then_work_is_linear() {
    let chain = [&[0, 0x34, 255, 0xff, 0xf0, 0, 0, 0, 1, 0, 0, 0, 0xc0][..], &[1, 0, 0, 0xc0].repeat(16_000)].concat();
    bounded("extension headers", freehold_fuzz::userplane::check, &chain);
    bounded("extension headers", freehold_fuzz::datanet::check, &[&[1], &chain[1..]].concat());
}
