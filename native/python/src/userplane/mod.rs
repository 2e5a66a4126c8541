//! Glue of `freehold_fabric`: control calls in, events out; packets never pass here.
pub mod convert;
mod events;
mod watch;

use convert::{Address, Network, Rules, TraceEnd, fault, refusal};
use freehold_fabric::datanet::{Access, Config, Error, UplinkRule};
use freehold_fabric::userplane::{Count, Instance, LocalSwitch, Prefix, Settings, Upf, Usage};
use freehold_fabric::{Fabric as Inner, Handle, HostRelay};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};
use std::net::{IpAddr, SocketAddr};
use std::os::fd::RawFd;
use watch::{FlowFields, TracedFields, flow_fields, traced_fields};

const GTPU_PORT: u16 = freehold_fabric::userplane::GTPU_PORT;

#[pyclass(frozen)]
pub struct Fabric {
    handle: Handle,
}

fn ips(addresses: Vec<Address>) -> Vec<IpAddr> {
    addresses.into_iter().map(|address| address.0).collect()
}

fn prefixes(networks: Vec<Network>) -> Vec<Prefix> {
    networks.into_iter().map(|network| network.0).collect()
}

impl Fabric {
    pub fn upf<R: Send>(
        &self,
        py: Python<'_>,
        upf: usize,
        change: impl FnOnce(&mut freehold_fabric::userplane::Upf) -> R + Send,
    ) -> PyResult<R> {
        let done = py.detach(|| self.handle.with(|fabric| fabric.upfs.get_mut(upf).map(|node| change(&mut node.upf))));
        done.ok_or_else(|| PyIndexError::new_err("no such user plane function"))
    }

    /// Changes an access engine, and wakes the packet thread for what it sends.
    fn access<R: Send>(
        &self,
        py: Python<'_>,
        access: usize,
        change: impl FnOnce(&mut Access) -> R + Send,
    ) -> PyResult<R> {
        let change = |fabric: &mut Inner| fabric.accesses.get_mut(access).map(|node| change(&mut node.access));
        py.detach(|| self.handle.with_wake(change)).ok_or_else(|| PyIndexError::new_err("no such access engine"))
    }

    /// The same for what makes nothing happen: the packet thread sleeps on.
    fn look<R: Send>(&self, py: Python<'_>, access: usize, look: impl FnOnce(&mut Access) -> R + Send) -> PyResult<R> {
        let look = |fabric: &mut Inner| fabric.accesses.get_mut(access).map(|node| look(&mut node.access));
        py.detach(|| self.handle.with(look)).ok_or_else(|| PyIndexError::new_err("no such access engine"))
    }

    fn session<R: Send>(
        &self,
        py: Python<'_>,
        access: usize,
        change: impl FnOnce(&mut Access) -> Result<R, Error> + Send,
    ) -> PyResult<R> {
        self.access(py, access, change)?.map_err(|error| PyValueError::new_err(error.to_string()))
    }
}

#[pymethods]
impl Fabric {
    // Building and driving.

    #[new]
    fn new() -> PyResult<Self> {
        Ok(Self { handle: Handle::new()? })
    }

    fn start(&self) -> PyResult<()> {
        Ok(self.handle.start()?)
    }

    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.handle.stop());
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| {
            self.handle.stop();
            self.handle.with(|fabric| *fabric = Inner::default());
        });
    }

    fn poll(&self, py: Python<'_>, now_ns: u64) -> Option<u64> {
        py.detach(|| self.handle.poll(now_ns))
    }

    fn busy_ns(&self) -> u64 {
        self.handle.busy_ns()
    }

    fn fileno(&self) -> RawFd {
        self.handle.signal()
    }

    fn take_events<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        events::list(py, self.handle.take_events())
    }

    #[pyo3(signature = (address, seed, *, second, capacity, protected, trusted, buffer_packets, answers_a_second, echo_seconds, link_mtu, socket))]
    #[allow(clippy::too_many_arguments)]
    fn add_upf(
        &self,
        address: Address,
        seed: [u8; 16],
        second: Option<Address>,
        capacity: usize,
        protected: Vec<Network>,
        trusted: Vec<Network>,
        buffer_packets: usize,
        answers_a_second: u32,
        echo_seconds: u32,
        link_mtu: u16,
        socket: Option<RawFd>,
    ) -> PyResult<usize> {
        let mut settings = Settings::new(address.0, seed);
        settings.capacity = capacity;
        settings.second = second.map(|second| second.0);
        settings.protected.extend(settings.second.map(|second| Prefix::new(second, 128)));
        settings.protected.extend(prefixes(protected));
        settings.trusted_sources = prefixes(trusted);
        (settings.buffer_packets, settings.answers_a_second) = (buffer_packets, answers_a_second);
        settings.link_mtu = link_mtu;
        settings.echo_interval_ns = u64::from(echo_seconds) * 1_000_000_000;
        self.handle.with_port(|fabric| fabric.add_upf(&settings, socket)).map_err(fault)
    }

    /// Opens the second N3 address to the outside.
    fn add_second_socket(&self, upf: usize, socket: RawFd) -> PyResult<()> {
        self.handle.with_port(|fabric| fabric.add_second_socket(upf, socket)).map_err(fault)
    }

    fn add_instance(
        &self,
        upf: usize,
        pools: Vec<Network>,
        mtu: u16,
        local_switch: &str,
        ethernet: bool,
    ) -> PyResult<u16> {
        let local_switch = match local_switch {
            "switch" => LocalSwitch::Switch,
            "route" => LocalSwitch::DataNetwork,
            _ => LocalSwitch::Refuse,
        };
        let instance = Instance { pools: prefixes(pools), mtu, local_switch, ethernet };
        self.handle.with(|fabric| fabric.add_instance(upf, &instance)).map_err(fault)
    }

    /// Traces terminals by their addresses, of IP or of stations; nobody where there are none.
    fn trace(&self, py: Python<'_>, upf: usize, ends: Vec<TraceEnd>, octets: usize, a_second: u32) -> PyResult<()> {
        let ends: Vec<u128> = ends.into_iter().map(|end| end.0).collect();
        self.upf(py, upf, |upf| upf.trace(&ends, octets, a_second))
    }

    fn take_traced<'py>(&self, py: Python<'py>, upf: usize) -> PyResult<Vec<TracedFields<'py>>> {
        let traced = self.upf(py, upf, Upf::take_traced)?;
        Ok(traced.iter().map(|one| traced_fields(py, one)).collect())
    }

    fn record_flows(&self, py: Python<'_>, upf: usize, instances: Vec<u16>) -> PyResult<()> {
        self.upf(py, upf, |upf| upf.record_flows(&instances))
    }

    /// Flows that ended or are long enough, in the order of the exporter's records.
    fn take_flows<'py>(
        &self,
        py: Python<'py>,
        upf: usize,
        now_ns: u64,
        idle_ns: u64,
        active_ns: u64,
    ) -> PyResult<Vec<FlowFields<'py>>> {
        let flows = self.upf(py, upf, |upf| upf.take_flows(now_ns, idle_ns, active_ns))?;
        Ok(flows.iter().map(|flow| flow_fields(py, flow)).collect())
    }

    fn uncounted(&self, py: Python<'_>, upf: usize) -> PyResult<u64> {
        self.upf(py, upf, |upf| upf.uncounted())
    }

    /// Whether a session is open again under an identifier that it had before.
    fn reopen_session(&self, py: Python<'_>, upf: usize, teid: u32) -> PyResult<bool> {
        self.upf(py, upf, |upf| upf.reopen(teid).is_ok())
    }

    /// Whether one more tunnel of a session is.
    fn reopen_tunnel(&self, py: Python<'_>, upf: usize, teid: u32, tunnel: u32) -> PyResult<bool> {
        self.upf(py, upf, |upf| upf.reopen_tunnel(teid, tunnel).is_ok())
    }

    /// Has a session's usage go on from what it carried before.
    fn carry_on(&self, py: Python<'_>, upf: usize, teid: u32, carried: (u64, u64, u64, u64)) -> PyResult<bool> {
        let (uplink_octets, uplink_packets, downlink_octets, downlink_packets) = carried;
        let usage = Usage { uplink_octets, uplink_packets, downlink_octets, downlink_packets };
        self.upf(py, upf, |upf| upf.carry_on(teid, usage).is_ok())
    }

    fn set_mtu(&self, py: Python<'_>, upf: usize, instance: u16, mtu: u16) -> PyResult<()> {
        self.upf(py, upf, |upf| upf.set_mtu(instance, mtu))
    }

    fn attach_network(&self, upf: usize, instance: u16, addresses: Vec<Address>, mtu: u16, seed: u64) -> PyResult<()> {
        let config = Config { mtu, seed, ..Config::at(&ips(addresses)) };
        self.handle.with(|fabric| fabric.attach_engine(upf, instance, config)).map_err(fault)
    }

    /// The same with a way through the host; `resolver` answers for the names the network does not know.
    fn attach_relay(
        &self,
        upf: usize,
        instance: u16,
        addresses: Vec<Address>,
        mtu: u16,
        seed: u64,
        resolver: Option<Address>,
    ) -> PyResult<()> {
        let resolver = resolver.map(|resolver| SocketAddr::new(resolver.0, 53));
        let config = Config { mtu, seed, resolver, ..Config::at(&ips(addresses)) };
        let relay = HostRelay::new()?;
        self.handle.with_port(|fabric| fabric.attach_relay(upf, instance, config, relay)).map_err(fault)
    }

    fn attach_tun(&self, upf: usize, instance: u16, descriptor: RawFd, offloads: bool) -> PyResult<()> {
        self.handle.with_port(|fabric| fabric.attach_tun(upf, instance, descriptor, offloads)).map_err(fault)
    }

    fn attach_terminal(&self, access: usize, session: u64, descriptor: RawFd, offloads: bool) -> PyResult<()> {
        let attach = |fabric: &mut Inner| fabric.attach_terminal(access, session, descriptor, offloads);
        self.handle.with_port(attach).map_err(fault)
    }

    fn detach_terminal(&self, access: usize, session: u64) -> PyResult<()> {
        self.handle.with(|fabric| fabric.detach_terminal(access, session)).map_err(fault)
    }

    fn inject(&self, py: Python<'_>, upf: usize, instance: u16, packet: &[u8]) -> PyResult<()> {
        py.detach(|| self.handle.with_wake(|fabric| fabric.inject(upf, instance, packet))).map_err(fault)
    }

    fn detach_network(&self, py: Python<'_>, upf: usize, instance: u16) -> PyResult<()> {
        py.detach(|| self.handle.with(|fabric| fabric.detach(upf, instance))).map_err(fault)
    }

    fn add_access(&self, address: Address, seed: u64, socket: Option<RawFd>) -> PyResult<usize> {
        self.handle.with_port(|fabric| fabric.add_access(address.0, seed, socket)).map_err(fault)
    }

    fn tap(&self, py: Python<'_>, on: bool) {
        py.detach(|| self.handle.with(|fabric| fabric.tap.turn(on)));
    }

    fn take_tap<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        events::tapped(py, py.detach(|| self.handle.with(|fabric| fabric.tap.take())))
    }

    // Sessions of a user plane function.

    fn open_session(&self, py: Python<'_>, upf: usize) -> PyResult<Option<u32>> {
        self.upf(py, upf, |upf| upf.open().ok())
    }

    fn install(
        &self,
        py: Python<'_>,
        upf: usize,
        teid: u32,
        rules: Rules,
        end_marker: bool,
    ) -> PyResult<Option<&'static str>> {
        let change = |fabric: &mut Inner| {
            let now_ns = fabric.now_ns;
            let node = fabric.upfs.get_mut(upf)?;
            let done = node.upf.install(now_ns, teid, &rules.0, end_marker);
            Some((done, node.upf.has_output()))
        };
        let done = py.detach(|| match self.handle.with(change) {
            Some((done, true)) => self.handle.with_wake(|_| Some(done)),
            other => other.map(|(done, _)| done),
        });
        let done = done.ok_or_else(|| PyIndexError::new_err("no such user plane function"))?;
        Ok(done.err().map(refusal))
    }

    fn close_session(&self, py: Python<'_>, upf: usize, teid: u32) -> PyResult<Option<(u64, u64, u64, u64)>> {
        Ok(self.upf(py, upf, |upf| upf.close(teid).ok())?.map(convert::usage))
    }

    fn usage(&self, py: Python<'_>, upf: usize, teid: u32) -> PyResult<Option<(u64, u64, u64, u64)>> {
        Ok(self.upf(py, upf, |upf| upf.usage(teid).ok())?.map(convert::usage))
    }

    /// One more local tunnel of a session, under the identifier `wanted` where that is not 0, or why there is none.
    fn open_tunnel(&self, py: Python<'_>, upf: usize, teid: u32, wanted: u32) -> PyResult<(u32, Option<&'static str>)> {
        let open =
            |upf: &mut Upf| if wanted == 0 { upf.open_tunnel(teid) } else { upf.open_chosen_tunnel(teid, wanted) };
        Ok(match self.upf(py, upf, open)? {
            Ok(tunnel) => (tunnel, None),
            Err(refused) => (0, Some(refusal(refused))),
        })
    }

    fn measured(&self, py: Python<'_>, upf: usize, teid: u32) -> PyResult<Option<Vec<convert::MeasuredTuple>>> {
        let found = self.upf(py, upf, |upf| upf.measured(teid).ok())?;
        Ok(found.map(|all| all.iter().map(convert::measured).collect()))
    }

    /// The next packet held for a session is told again.
    fn tell_again(&self, py: Python<'_>, upf: usize, teid: u32) -> PyResult<bool> {
        self.upf(py, upf, |upf| upf.tell_again(teid).is_ok())
    }

    fn discard(&self, py: Python<'_>, upf: usize, teid: u32) -> PyResult<bool> {
        self.upf(py, upf, |upf| upf.discard_held(teid).is_ok())
    }

    fn teids(&self, py: Python<'_>, upf: usize) -> PyResult<Vec<u32>> {
        self.upf(py, upf, |upf| upf.teids())
    }

    fn sessions(&self, py: Python<'_>, upf: usize) -> PyResult<usize> {
        self.upf(py, upf, |upf| upf.sessions())
    }

    /// What turns a TEID into its slot: the mask, both factors, and the bits of a slot.
    fn tunnel_key(&self, py: Python<'_>, upf: usize) -> PyResult<(u32, u32, u32, u32)> {
        let key = self.upf(py, upf, |upf| upf.tunnel_key())?;
        let [first, second] = key.inverses;
        Ok((key.mask, first, second, key.index_bits))
    }

    fn counters<'py>(&self, py: Python<'py>, upf: usize) -> PyResult<Bound<'py, PyDict>> {
        let read = |fabric: &mut Inner| fabric.upfs.get(upf).map(|node| (node.upf.counters().clone(), node.losses()));
        let (counters, losses) =
            py.detach(|| self.handle.with(read)).ok_or_else(|| PyIndexError::new_err("no such user plane function"))?;
        let found = PyDict::new(py);
        for (name, count) in losses {
            found.set_item(name, count)?;
        }
        for count in Count::ALL {
            found.set_item(count.name(), counters.get(*count))?;
        }
        Ok(found)
    }

    // Bearers of a gNB.

    fn add_bearer(&self, py: Python<'_>, access: usize, peer: Address, teid: u32, qfi: u8) -> PyResult<(u64, u32)> {
        self.access(py, access, |access| access.add_bearer(SocketAddr::new(peer.0, GTPU_PORT), teid, qfi))
    }

    #[allow(clippy::too_many_arguments)]
    fn update_bearer(
        &self,
        py: Python<'_>,
        access: usize,
        bearer: u64,
        peer: Address,
        teid: u32,
        qfi: u8,
    ) -> PyResult<()> {
        let peer = SocketAddr::new(peer.0, GTPU_PORT);
        self.session(py, access, |access| access.update_bearer(bearer, peer, teid, qfi))
    }

    fn remove_bearer(&self, py: Python<'_>, access: usize, bearer: u64) -> PyResult<()> {
        self.session(py, access, |access| access.remove_bearer(bearer))
    }

    fn take_activity(&self, py: Python<'_>, access: usize, bearer: u64) -> PyResult<bool> {
        self.look(py, access, |access| access.take_activity(bearer))
    }

    // Bearers in a handover.

    /// Sends what comes for a bearer's terminal on to a target's tunnel.
    fn forward(&self, py: Python<'_>, access: usize, bearer: u64, peer: Address, teid: u32) -> PyResult<()> {
        let peer = SocketAddr::new(peer.0, GTPU_PORT);
        self.session(py, access, |access| access.forward(bearer, peer, teid))
    }

    /// The tunnel that a source forwards to.
    fn await_forwarding(&self, py: Python<'_>, access: usize, bearer: u64) -> PyResult<u32> {
        self.session(py, access, |access| access.await_forwarding(bearer))
    }

    fn end_forwarding(&self, py: Python<'_>, access: usize, bearer: u64) -> PyResult<()> {
        self.session(py, access, |access| access.end_forwarding(bearer))
    }

    /// Packets that crossed a bearer uplink and downlink.
    fn counts(&self, py: Python<'_>, access: usize, bearer: u64) -> PyResult<(u32, u32)> {
        self.session(py, access, |access| access.counts(bearer))
    }

    fn set_counts(&self, py: Python<'_>, access: usize, bearer: u64, uplink: u32, downlink: u32) -> PyResult<()> {
        self.session(py, access, |access| access.set_counts(bearer, uplink, downlink))
    }

    // IP stacks of terminals.

    /// Moves a session to another gNB's engine; its uplink packets wait until it is bound or settled there.
    fn relocate(&self, source: usize, target: usize, session: u64) -> PyResult<()> {
        self.handle.with_port(|fabric| fabric.relocate(source, target, session)).map_err(fault)
    }

    fn pause(&self, py: Python<'_>, access: usize, session: u64) -> PyResult<()> {
        self.session(py, access, |access| access.pause(session))
    }

    fn settle(&self, py: Python<'_>, access: usize, session: u64) -> PyResult<()> {
        self.session(py, access, |access| access.settle(session))
    }

    fn attach(&self, py: Python<'_>, access: usize, session: u64, address: Address, mtu: u16) -> PyResult<()> {
        let IpAddr::V4(address) = address.0 else { return Err(PyValueError::new_err("an IPv4 address is needed")) };
        self.access(py, access, |access| access.address(session, address, mtu))
    }

    /// Gives a session the interface identifier of its IPv6 link: the address comes as an event.
    fn link(&self, py: Python<'_>, access: usize, session: u64, identifier: u64, mtu: u16) -> PyResult<()> {
        self.access(py, access, |access| access.link(session, identifier, mtu))
    }

    /// Makes a session one of Ethernet frames.
    fn ethernet(&self, py: Python<'_>, access: usize, session: u64, mtu: u16) -> PyResult<()> {
        self.access(py, access, |access| access.ethernet(session, mtu))
    }

    fn bind(&self, py: Python<'_>, access: usize, session: u64, bearer: Option<u64>) -> PyResult<()> {
        self.session(py, access, |access| access.bind(session, bearer))
    }

    fn detach(&self, py: Python<'_>, access: usize, session: u64) -> PyResult<()> {
        self.session(py, access, |access| access.remove_session(session))
    }

    #[allow(clippy::too_many_arguments)]
    fn ping(
        &self,
        py: Python<'_>,
        access: usize,
        session: u64,
        to: Address,
        size: u16,
        identifier: u32,
    ) -> PyResult<()> {
        self.session(py, access, |access| access.ping(session, to.0, size, identifier))
    }

    fn octets(&self, py: Python<'_>, access: usize, session: u64) -> PyResult<Option<(u64, u64)>> {
        let counters = self.look(py, access, |access| access.counters(session))?;
        Ok(counters.map(|counters| (counters.uplink_bytes, counters.downlink_bytes)))
    }

    fn udp_open(&self, py: Python<'_>, access: usize, session: u64, port: u16) -> PyResult<u64> {
        self.session(py, access, |access| access.udp_open(session, port))
    }

    fn tcp_connect(&self, py: Python<'_>, access: usize, session: u64, to: Address, port: u16) -> PyResult<u64> {
        self.session(py, access, |access| access.tcp_connect(session, SocketAddr::new(to.0, port)))
    }

    fn tcp_listen(&self, py: Python<'_>, access: usize, session: u64, port: u16) -> PyResult<u64> {
        self.session(py, access, |access| access.tcp_listen(session, port))
    }

    fn send(&self, py: Python<'_>, access: usize, socket: u64, octets: &[u8]) -> PyResult<usize> {
        self.session(py, access, |access| access.send(socket, octets))
    }

    #[allow(clippy::too_many_arguments)]
    fn send_to(
        &self,
        py: Python<'_>,
        access: usize,
        socket: u64,
        octets: &[u8],
        to: Address,
        port: u16,
    ) -> PyResult<usize> {
        self.session(py, access, |access| access.send_to(socket, octets, SocketAddr::new(to.0, port)))
    }

    fn receive<'py>(
        &self,
        py: Python<'py>,
        access: usize,
        socket: u64,
        limit: usize,
    ) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let octets = self.session(py, access, |access| access.recv(socket, limit))?;
        Ok(octets.map(|octets| PyBytes::new(py, &octets)))
    }

    #[allow(clippy::type_complexity)]
    fn receive_from<'py>(
        &self,
        py: Python<'py>,
        access: usize,
        socket: u64,
    ) -> PyResult<Option<(String, u16, Bound<'py, PyBytes>)>> {
        let found = self.session(py, access, |access| access.recv_from(socket))?;
        Ok(found.map(|(from, octets)| (from.ip().to_string(), from.port(), PyBytes::new(py, &octets))))
    }

    /// Which flow uplink packets of a session take: QFIs with the components of their filters.
    fn classify(
        &self,
        py: Python<'_>,
        access: usize,
        session: u64,
        rules: Vec<(u8, Vec<(u8, Vec<u8>)>)>,
    ) -> PyResult<()> {
        let rules = rules.into_iter().map(|(qfi, parts)| UplinkRule::new(qfi, &parts)).collect();
        self.session(py, access, |access| access.classify(session, rules))
    }

    fn frames_open(&self, py: Python<'_>, access: usize, session: u64) -> PyResult<u64> {
        self.session(py, access, |access| access.frames_open(session))
    }

    fn frame_send(&self, py: Python<'_>, access: usize, socket: u64, frame: &[u8]) -> PyResult<()> {
        self.session(py, access, |access| access.frame_send(socket, frame))
    }

    fn frame_receive<'py>(&self, py: Python<'py>, access: usize, socket: u64) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let frame = self.session(py, access, |access| access.frame_receive(socket))?;
        Ok(frame.map(|frame| PyBytes::new(py, &frame)))
    }

    fn close_socket(&self, py: Python<'_>, access: usize, socket: u64, abort: bool) -> PyResult<()> {
        self.session(py, access, |access| access.close(socket, abort))
    }

    fn raw(&self, py: Python<'_>, access: usize, session: u64, on: bool) -> PyResult<()> {
        self.session(py, access, |access| access.raw(session, on))
    }

    fn raw_send(&self, py: Python<'_>, access: usize, session: u64, packet: Vec<u8>) -> PyResult<()> {
        self.session(py, access, |access| access.raw_send(session, packet))
    }

    fn raw_receive<'py>(&self, py: Python<'py>, access: usize, session: u64) -> PyResult<Bound<'py, PyList>> {
        let packets = self.session(py, access, |access| access.raw_receive(session))?;
        PyList::new(py, packets.iter().map(|packet| PyBytes::new(py, packet)))
    }
}

/// Nanoseconds a packet of the engine alone, uplink and downlink.
#[pyfunction]
fn measure(py: Python<'_>, sessions: u32, octets: u16, packets: usize) -> PyResult<(f64, f64)> {
    let one = |uplink| freehold_fabric::userplane::measure(sessions, octets, uplink, packets, freehold_fabric::now_ns);
    let (uplink, downlink) = py.detach(|| (one(true), one(false)));
    uplink.zip(downlink).ok_or_else(|| PyValueError::new_err("1..262144 sessions, 28..9000 octets"))
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(measure, module)?)?;
    module.add_class::<Fabric>()
}
