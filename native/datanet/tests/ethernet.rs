//! Terminals' Ethernet sessions: frames as they are, in both directions.
mod common;
use common::{g_pdu, gnb, upf};
use freehold_datanet::{Access, Datagram, Error, Event, gtpu};

const FRAME: [u8; 60] = [0x5a; 60];

fn session() -> Access {
    let mut access = Access::new(gnb());
    access.ethernet(1, 1400);
    access.update(1, 0x1001, upf(), 0x8001, 9).unwrap();
    access
}

fn poll(access: &mut Access, frames: &[&[u8]]) -> Vec<Datagram> {
    let datagram = |frame: &&[u8]| Datagram { source: upf(), destination: gnb(), payload: g_pdu(0x1001, frame) };
    let (mut from_n3, mut to_n3) = (frames.iter().map(datagram).collect(), Vec::new());
    access.poll(1, &mut from_n3, &mut to_n3);
    to_n3
}

#[test]
fn when_a_frame_is_sent_then_it_leaves_whole() {
    let mut access = session();
    let socket = access.frames_open(1).unwrap();
    let longest = vec![1; 1422];
    access.frame_send(socket, &longest).unwrap();
    assert_eq!(access.frame_send(socket, &[1; 1423]), Err(Error::TooLong));
    let out = poll(&mut access, &[]);
    let [Datagram { payload, .. }] = out.as_slice() else { panic!("{out:?}") };
    assert_eq!(gtpu::parse(payload), Some(gtpu::Message::GPdu { teid: 0x8001, qfi: Some(9), payload: &longest }));
    assert_eq!(access.counters(1).unwrap().uplink_bytes, 1422);
}

#[test]
fn when_frames_come_then_their_socket_is_told_once_and_gets_them_in_order() {
    let mut access = session();
    let socket = access.frames_open(1).unwrap();
    assert!(poll(&mut access, &[&FRAME, &[0x60; 64]]).is_empty());
    assert_eq!(access.take_events(), vec![Event::Readable { session: 1, socket }]);
    assert_eq!(access.frame_receive(socket).unwrap(), Some(FRAME.to_vec()));
    assert_eq!(access.frame_receive(socket).unwrap(), Some(vec![0x60; 64]));
    assert_eq!(access.frame_receive(socket).unwrap(), None);
    poll(&mut access, &[&FRAME]);
    assert_eq!(access.take_events(), vec![Event::Readable { session: 1, socket }]);
}

#[test]
fn when_nobody_takes_frames_then_they_are_dropped_and_never_without_bound() {
    let mut access = session();
    poll(&mut access, &[&FRAME]);
    assert_eq!(access.counters(1).unwrap().dropped, 1);
    let socket = access.frames_open(1).unwrap();
    for _ in 0..1030 {
        poll(&mut access, &[&FRAME]);
    }
    assert_eq!(access.counters(1).unwrap().dropped, 1 + 6);
    access.close(socket, false).unwrap();
    assert_eq!(access.frame_receive(socket), Err(Error::NoSocket));
    access.raw(1, true).unwrap();
}

#[test]
fn when_a_session_is_in_use_or_of_packets_then_there_is_no_second_owner() {
    let mut access = session();
    access.raw(1, true).unwrap();
    assert_eq!(access.frames_open(1), Err(Error::InUse));
    access.raw(1, false).unwrap();
    let socket = access.frames_open(1).unwrap();
    assert_eq!((access.frames_open(1), access.raw(1, true)), (Err(Error::InUse), Err(Error::InUse)));
    access.add_session(2, common::terminal(2), 1400, 0x1002, upf(), 0x8002, 9).unwrap();
    assert_eq!(access.frames_open(2), Err(Error::WrongState));
    assert_eq!(access.udp_open(1, 0), Err(Error::NoAddress));
    access.remove_session(1).unwrap();
    assert_eq!(access.frame_send(socket, &FRAME), Err(Error::NoSocket));
}
