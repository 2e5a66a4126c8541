//! Python's rules of a session to the engine's, and its refusals to words.
use freehold_fabric::Fault;
use freehold_fabric::userplane::{
    Action, CounterRules, Filter, FrameFilter, MacAddress, Measured, Peer, Prefix, Refused, Rule, SessionRules, Usage,
    ip_number, station_number,
};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use std::net::IpAddr;

/// An address in its text form.
pub struct Address(pub IpAddr);

fn parse(text: &str) -> PyResult<IpAddr> {
    text.parse().map_err(|_| PyValueError::new_err(format!("not an IP address: {text:?}")))
}

impl<'py> FromPyObject<'_, 'py> for Address {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(Self(parse(&object.extract::<PyBackedStr>()?)?))
    }
}

/// Whom a trace is about: an address of IP, or the MAC address of a station.
pub struct TraceEnd(pub u128);

fn station(text: &str) -> Option<u128> {
    let octets: Option<Vec<u8>> = text.split(':').map(|part| u8::from_str_radix(part, 16).ok()).collect();
    Some(station_number(octets?.try_into().ok()?))
}

impl<'py> FromPyObject<'_, 'py> for TraceEnd {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let text = object.extract::<PyBackedStr>()?;
        station(&text).map_or_else(|| parse(&text).map(|address| Self(ip_number(address))), |number| Ok(Self(number)))
    }
}

/// An address and the length of its prefix.
pub struct Network(pub Prefix);

impl<'py> FromPyObject<'_, 'py> for Network {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let (address, length): (Address, u8) = object.extract()?;
        Ok(Self(Prefix::new(address.0, length)))
    }
}

#[derive(FromPyObject)]
struct PyFilter {
    protocol: u8,
    local: Option<Network>,
    remote: Option<Network>,
    local_ports: (u16, u16),
    remote_ports: (u16, u16),
    service: (u8, u8),
    security_parameter_index: Option<u32>,
    flow_label: Option<u32>,
}

#[derive(FromPyObject)]
struct PyRule {
    filters: Vec<PyFilter>,
    match_qfi: u8,
    action: PyBackedStr,
    gate_closed: bool,
    qfi: u8,
    rates: Vec<(u32, u64)>,
    reflective: bool,
    service: u8,
    id: u16,
    tunnel: u32,
    peer: Option<PyTunnel>,
    counters: Vec<u32>,
    copies: Vec<PyTunnel>,
    windows: Vec<(u32, u32)>,
    packet_rates: Vec<(u32, u32, u64)>,
    frames: Vec<PyFrame>,
}

#[derive(FromPyObject)]
struct PyFrame {
    sources: Vec<(MacAddress, MacAddress)>,
    destinations: Vec<(MacAddress, MacAddress)>,
    kind: Option<u16>,
    customer_tag: Option<(u16, u16)>,
    service_tag: Option<(u16, u16)>,
    filters: Vec<PyFilter>,
}

#[derive(FromPyObject)]
struct PyTunnel {
    address: Address,
    teid: u32,
}

impl From<PyTunnel> for Peer {
    fn from(tunnel: PyTunnel) -> Self {
        Self { address: tunnel.address.0, teid: tunnel.teid }
    }
}

#[derive(FromPyObject)]
struct PyCounter {
    id: u32,
    report_at: u64,
    quota: Option<[u64; 3]>,
    dropped_at: [u64; 2],
    before_enforcement: bool,
    inactive: bool,
    restart: bool,
}

#[derive(FromPyObject)]
struct PyRules {
    instance: u16,
    ipv4: Option<Address>,
    ipv6: Option<Address>,
    uplink: Vec<PyRule>,
    downlink: Vec<PyRule>,
    peer: Option<PyTunnel>,
    report_at: u64,
    quota: Option<[u64; 3]>,
    framed: Vec<Network>,
    counters: Vec<PyCounter>,
    held_packets: Option<u16>,
    ethernet: bool,
}

/// `freehold.services.userplane.SessionRules`.
pub struct Rules(pub SessionRules);

impl<'py> FromPyObject<'_, 'py> for Rules {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let rules: PyRules = object.extract()?;
        let ipv4 = match rules.ipv4 {
            Some(Address(IpAddr::V4(address))) => Some(address),
            Some(_) => return Err(PyValueError::new_err("ipv4 is no IPv4 address")),
            None => None,
        };
        let ipv6 = match rules.ipv6 {
            Some(Address(IpAddr::V6(address))) => Some((address.to_bits() >> 64) as u64),
            Some(_) => return Err(PyValueError::new_err("ipv6 is no IPv6 prefix")),
            None => None,
        };
        Ok(Self(SessionRules {
            instance: rules.instance,
            ipv4,
            ipv6,
            uplink: rules.uplink.into_iter().map(rule).collect::<PyResult<_>>()?,
            downlink: rules.downlink.into_iter().map(rule).collect::<PyResult<_>>()?,
            peer: rules.peer.map(Peer::from),
            report_at: rules.report_at,
            quota: rules.quota,
            framed: rules.framed.into_iter().map(|network| network.0).collect(),
            counters: rules.counters.into_iter().map(counter).collect(),
            held_packets: rules.held_packets,
            ethernet: rules.ethernet,
        }))
    }
}

fn rule(rule: PyRule) -> PyResult<Rule> {
    let action = match &*rule.action {
        "forward" => Action::Forward,
        "buffer" => Action::Buffer { notify: false },
        "notify" => Action::Buffer { notify: true },
        "drop" => Action::Drop,
        other => return Err(PyValueError::new_err(format!("no such action: {other:?}"))),
    };
    Ok(Rule {
        filters: rule.filters.into_iter().map(filter).collect(),
        match_qfi: rule.match_qfi,
        action,
        gate_closed: rule.gate_closed,
        qfi: rule.qfi,
        rates: rule.rates,
        reflective: rule.reflective,
        service: rule.service,
        id: rule.id,
        tunnel: rule.tunnel,
        peer: rule.peer.map(Peer::from),
        counters: rule.counters,
        copies: rule.copies.into_iter().map(Peer::from).collect(),
        windows: rule.windows,
        packet_rates: rule.packet_rates,
        frames: rule.frames.into_iter().map(frame).collect(),
    })
}

fn frame(frame: PyFrame) -> FrameFilter {
    FrameFilter {
        sources: frame.sources,
        destinations: frame.destinations,
        kind: frame.kind,
        customer_tag: frame.customer_tag,
        service_tag: frame.service_tag,
        filters: frame.filters.into_iter().map(filter).collect(),
    }
}

fn counter(counter: PyCounter) -> CounterRules {
    CounterRules {
        id: counter.id,
        report_at: counter.report_at,
        quota: counter.quota,
        dropped_at: counter.dropped_at,
        before_enforcement: counter.before_enforcement,
        inactive: counter.inactive,
        restart: counter.restart,
    }
}

fn filter(filter: PyFilter) -> Filter {
    Filter {
        protocol: filter.protocol,
        local: filter.local.map_or(Prefix::ANY, |network| network.0),
        remote: filter.remote.map_or(Prefix::ANY, |network| network.0),
        local_ports: filter.local_ports,
        remote_ports: filter.remote_ports,
        service: filter.service,
        security_parameter_index: filter.security_parameter_index,
        flow_label: filter.flow_label,
    }
}

pub fn refusal(refused: Refused) -> &'static str {
    match refused {
        Refused::Full => "full",
        Refused::UnknownSession => "unknown_session",
        Refused::UnknownInstance => "unknown_instance",
        Refused::WrongInstance => "wrong_instance",
        Refused::AddressOutsidePools => "address_outside_pools",
        Refused::AddressInUse => "address_in_use",
        Refused::TooManyRules => "too_many_rules",
        Refused::UnknownTunnel => "unknown_tunnel",
        Refused::TunnelInUse => "tunnel_in_use",
    }
}

pub fn fault(fault: Fault) -> PyErr {
    match fault {
        Fault::Unknown => PyIndexError::new_err("no such engine or network instance"),
        Fault::AddressInUse(address) => PyValueError::new_err(format!("N3 address {address} is in use")),
        Fault::Instance => PyValueError::new_err("too many network instances"),
        Fault::System(error) => error.into(),
    }
}

pub fn usage(usage: Usage) -> (u64, u64, u64, u64) {
    (usage.uplink_octets, usage.uplink_packets, usage.downlink_octets, usage.downlink_packets)
}

/// A counter's identifier, its usage, dropped octets and packets, and the times of its first and last packet.
pub type MeasuredTuple = (u32, (u64, u64, u64, u64), (u64, u64), (u64, u64));

pub fn measured(one: &Measured) -> MeasuredTuple {
    (one.id, usage(one.usage), (one.dropped_octets, one.dropped_packets), (one.first_ns, one.last_ns))
}
