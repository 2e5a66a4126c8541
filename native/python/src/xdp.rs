//! Glue of `freehold_xdp`: control calls in, totals out; packets never pass here.
use crate::userplane::Fabric;
use crate::userplane::convert::{Address, Rules, usage};
use freehold_fabric::userplane::TunnelKey;
use freehold_xdp::{Connection, Datapath as Inner, Fast, Hook, Hop, Kept, Load, Objects, Plan, Pool, Programs};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddrV4};
use std::os::fd::RawFd;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A session's identifier, its IPv4 address and its prefix, its tunnel, its directions' octets and their rates.
type Left = (u32, Option<String>, Option<String>, (String, u32), (u8, u8), (u64, u64));
type Counted = (u64, u64, u64, u64);

#[pyclass(frozen)]
struct Datapath {
    inner: Mutex<Inner>,
}

fn version_4(address: Address) -> PyResult<Ipv4Addr> {
    match address.0 {
        IpAddr::V4(address) => Ok(address),
        IpAddr::V6(_) => Err(PyValueError::new_err("an IPv4 address is needed")),
    }
}

type End = (Address, u16);

fn connection(protocol: u8, terminal: End, peer: End, outside: End) -> PyResult<Connection> {
    let end = |(address, port)| Ok::<_, PyErr>(SocketAddrV4::new(version_4(address)?, port));
    Ok(Connection { protocol, terminal: end(terminal)?, peer: end(peer)?, outside: end(outside)? })
}

fn hook(name: &str) -> PyResult<Hook> {
    match name {
        "xdp" => Ok(Hook::Xdp),
        "generic" => Ok(Hook::Generic),
        "tc" => Ok(Hook::Tc),
        _ => Err(PyValueError::new_err("a hook is xdp, generic or tc")),
    }
}

impl Datapath {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Datapath {
    #[new]
    fn new(
        programs: Compiled<'_>,
        addresses: Vec<Address>,
        key: (u32, u32, u32, u32),
        seed: [u8; 16],
        pools: Vec<(Address, u32, u32)>,
        hiding: bool,
        names: Option<PathBuf>,
    ) -> PyResult<Self> {
        let (mask, first, second, index_bits) = key;
        let pools = pools.into_iter().map(|(base, size, mtu)| Pool { base: base.0, size, mtu }).collect();
        let key = TunnelKey { mask, inverses: [first, second], index_bits };
        let mut plan = Plan { address: Ipv4Addr::UNSPECIFIED, address_6: None, key, seed, pools, hiding };
        for address in addresses {
            match address.0 {
                IpAddr::V4(address) => plan.address = address,
                IpAddr::V6(address) => plan.address_6 = Some(address),
            }
        }
        let programs = Programs { alone: programs.0, kept: programs.1 };
        Ok(Self { inner: Mutex::new(Inner::new(programs, plan, names.as_deref())?) })
    }

    fn keep_back(&self, networks: Vec<(Address, u8)>) -> PyResult<()> {
        let networks: Vec<_> = networks.into_iter().map(|(base, length)| (base.0, length)).collect();
        Ok(self.inner().keep_back(&networks)?)
    }

    fn limit(&self, pool: usize, mtu: u32) {
        self.inner().limit(pool, mtu);
    }

    fn hide_behind(&self, address: Option<Address>) -> PyResult<()> {
        self.inner().hide_behind(address.map(version_4).transpose()?);
        Ok(())
    }

    /// Whether the program carries the connection from now on.
    fn hide(&self, protocol: u8, terminal: End, peer: End, outside: End) -> PyResult<bool> {
        Ok(self.inner().hiding().hide(&connection(protocol, terminal, peer, outside)?))
    }

    fn show(&self, protocol: u8, terminal: End, peer: End, outside: End) -> PyResult<()> {
        self.inner().hiding().show(&connection(protocol, terminal, peer, outside)?);
        Ok(())
    }

    /// The program carries these connections and no others.
    fn hide_only(&self, connections: Vec<(u8, End, End, End)>) -> PyResult<()> {
        let connections = connections
            .into_iter()
            .map(|(protocol, terminal, peer, outside)| connection(protocol, terminal, peer, outside))
            .collect::<PyResult<Vec<_>>>()?;
        self.inner().hiding().only(&connections);
        Ok(())
    }

    fn idle(&self, protocol: u8, terminal: End, peer: End, outside: End) -> PyResult<Option<u32>> {
        Ok(self.inner().hiding().idle(&connection(protocol, terminal, peer, outside)?))
    }

    fn port(&self, number: u32, device: u32) -> PyResult<()> {
        Ok(self.inner().port(number, device)?)
    }

    /// No `hop`: packets of the way go up.
    fn way(&self, number: u16, peer: Option<Address>, hop: Option<([u8; 12], u32, u32)>) -> PyResult<()> {
        Ok(self.inner().way(
            number,
            peer.map(|peer| peer.0),
            hop.map(|(ends, port, device)| Hop { ends, port, device }),
        )?)
    }

    /// Lets the engine `upf` take from the same buckets.
    fn share(&self, py: Python<'_>, fabric: &Fabric, upf: usize) -> PyResult<()> {
        let meters = Box::new(self.inner().meters()?);
        fabric.upf(py, upf, |upf| upf.share_meters(meters))
    }

    fn detach(&self) {
        self.inner().detach();
    }

    /// Every packet of these terminals goes up, and of no others.
    fn pause(&self, ends: Vec<Address>) {
        let ends: Vec<IpAddr> = ends.into_iter().map(|end| end.0).collect();
        self.inner().pause(&ends);
    }

    fn leave(&self) {
        self.inner().leave();
    }

    fn ways(&self) -> PyResult<Vec<(u16, String)>> {
        Ok(self.inner().ways()?.into_iter().map(|(number, peer)| (number, peer.to_string())).collect())
    }

    /// The sessions that an earlier process left.
    fn kept(&self) -> PyResult<Vec<Left>> {
        let left = |kept: Kept| {
            let fast = kept.fast;
            let prefix = (fast.prefix != 0).then(|| Ipv6Addr::from(u128::from(fast.prefix) << 64).to_string());
            let [up, down] = fast.directions;
            let tunnel = (fast.peer.to_string(), fast.peer_teid);
            (kept.teid, fast.terminal.map(|end| end.to_string()), prefix, tunnel, (up, down), kept.rates.into())
        };
        Ok(self.inner().kept()?.into_iter().map(left).collect())
    }

    /// Whether the program stays when this process dies.
    fn attach(&self, devices: Vec<u32>, at: &str) -> PyResult<bool> {
        let mut inner = self.inner();
        inner.attach(&devices, hook(at)?)?;
        Ok(inner.stays())
    }

    fn install(&self, teid: u32, rules: Rules, way: u16, remaining: u64, hidden: bool) -> bool {
        let mut inner = self.inner();
        let fast = Fast::of(&rules.0).map(|fast| if hidden { fast.hidden() } else { fast });
        let taken = fast.is_some_and(|fast| inner.install(teid, &fast, way, remaining));
        if !taken {
            inner.remove(teid);
        }
        taken
    }

    fn remove(&self, teid: u32) {
        self.inner().remove(teid);
    }

    fn close_session(&self, teid: u32) -> Counted {
        usage(self.inner().close(teid))
    }

    fn usage(&self, teid: u32) -> Counted {
        usage(self.inner().usage(teid))
    }

    fn fileno(&self) -> RawFd {
        self.inner().signal()
    }

    fn take_events(&self) -> Vec<u32> {
        self.inner().take_events()
    }

    fn totals(&self) -> PyResult<Vec<(&'static str, u64)>> {
        Ok(self.inner().totals()?)
    }

    fn run<'py>(&self, py: Python<'py>, at: &str, frame: &[u8]) -> PyResult<(u32, Bound<'py, PyBytes>)> {
        let (verdict, left) = self.inner().run(hook(at)?, frame)?;
        Ok((verdict, PyBytes::new(py, &left)))
    }
}

type Compiled<'a> = (&'a [u8], &'a [u8]);

fn objects<'a>((program, bench): Compiled<'a>) -> Objects<'a> {
    Objects { program, bench }
}

/// Nanoseconds a packet of the program, and of a bare redirect.
#[pyfunction]
fn measure(
    py: Python<'_>,
    compiled: Compiled<'_>,
    sessions: u32,
    octets: u16,
    uplink: bool,
    packets: u32,
    hidden: bool,
) -> PyResult<(f64, f64)> {
    let load = Load { sessions, octets, uplink, hidden };
    let found = py.detach(|| freehold_xdp::measure(objects(compiled), load, packets))?;
    Ok((found.program_ns, found.redirect_ns))
}

/// Packets a second of one processor with the program and with a bare redirect, and the share that was lost.
#[pyfunction]
fn live(
    py: Python<'_>,
    compiled: Compiled<'_>,
    at: &str,
    load: (u32, u16, bool),
    seconds: f64,
) -> PyResult<(f64, f64, f64)> {
    let (sessions, octets, uplink) = load;
    let (load, hook) = (Load { sessions, octets, uplink, hidden: false }, hook(at)?);
    let time = Duration::try_from_secs_f64(seconds).map_err(|error| PyValueError::new_err(error.to_string()))?;
    let found = py.detach(|| freehold_xdp::live(objects(compiled), load, hook, time))?;
    Ok((found.packets_per_second, found.redirect_packets_per_second, found.loss))
}

/// Seconds that loading so many sessions takes.
#[pyfunction]
fn load_time(py: Python<'_>, program: &[u8], sessions: u32) -> PyResult<f64> {
    Ok(py.detach(|| freehold_xdp::load_time(program, sessions))?.as_secs_f64())
}

/// What the tunnels of the process that left its program in a folder were made of.
#[pyfunction]
fn left_seed(names: PathBuf) -> Option<[u8; 16]> {
    freehold_xdp::left_seed(&names)
}

/// Device, then packets passed to the host, dropped, redirected and, given by others, transmitted.
type Passed = (u32, u64, u64, u64, u64);

/// What the programs of these identifiers counted on the interfaces they are at.
#[pyfunction]
fn passages(programs: Vec<u32>) -> PyResult<Vec<Passed>> {
    let found = freehold_xdp::passages_of(&programs)?;
    Ok(found.iter().map(|one| (one.device, one.passed, one.dropped, one.redirected, one.transmitted)).collect())
}

/// The programs in front of the host's stack at an interface.
#[pyfunction]
fn classifiers(name: &str) -> Vec<u32> {
    freehold_xdp::classifiers(name)
}

pub fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(left_seed, module)?)?;
    module.add_function(wrap_pyfunction!(passages, module)?)?;
    module.add_function(wrap_pyfunction!(classifiers, module)?)?;
    module.add_function(wrap_pyfunction!(measure, module)?)?;
    module.add_function(wrap_pyfunction!(live, module)?)?;
    module.add_function(wrap_pyfunction!(load_time, module)?)?;
    module.add_class::<Datapath>()
}
