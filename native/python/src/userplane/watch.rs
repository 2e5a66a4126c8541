//! What was traced, and records of flows, as Python has them.

use freehold_fabric::userplane::{Flow, Traced, number_ip};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// Time, whether at N3, whether it came in, the other node, the whole length, the first octets.
pub type TracedFields<'py> = (u64, [bool; 3], (String, u16), usize, Bound<'py, PyBytes>);

/// Instance, whether uplink; source, destination, protocol, ports, control bits; octets, packets; first and last time,
/// why it is told. Addresses are as on the wire.
pub type FlowFields<'py> =
    ((u16, bool), (Bound<'py, PyBytes>, Bound<'py, PyBytes>, u8, u16, u16, u8), (u64, u64), (u64, u64, u8));

pub fn traced_fields<'py>(py: Python<'py>, one: &Traced) -> TracedFields<'py> {
    let peer = (one.peer.ip().to_string(), one.peer.port());
    (one.time_ns, [one.at_n3, one.inward, one.frame], peer, one.length, PyBytes::new(py, &one.octets))
}

pub fn flow_fields<'py>(py: Python<'py>, flow: &Flow) -> FlowFields<'py> {
    let address = |number| match number_ip(number) {
        std::net::IpAddr::V4(address) => PyBytes::new(py, &address.octets()),
        std::net::IpAddr::V6(address) => PyBytes::new(py, &address.octets()),
    };
    let [source, destination] = flow.ports;
    (
        (flow.instance, flow.uplink),
        (address(flow.source), address(flow.destination), flow.protocol, source, destination, flow.control),
        (flow.octets, flow.packets),
        (flow.first_ns, flow.last_ns, flow.ending as u8),
    )
}
