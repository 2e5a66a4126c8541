//! Events as tuples: a name, the engine's number, and what the event carries.
use freehold_fabric::datanet::Event as AccessEvent;
use freehold_fabric::userplane::Event as UpfEvent;
use freehold_fabric::{FabricEvent, Tapped};
use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

pub fn list(py: Python<'_>, events: Vec<FabricEvent>) -> PyResult<Bound<'_, PyList>> {
    let found = PyList::empty(py);
    for event in events {
        found.append(match event {
            FabricEvent::Upf(number, event) => upf(py, number, event)?,
            FabricEvent::Access(number, event) => access(py, number, event)?,
            FabricEvent::Broken => ("broken", 0).into_bound_py_any(py)?,
        })?;
    }
    Ok(found)
}

fn upf(py: Python<'_>, number: usize, event: UpfEvent) -> PyResult<Bound<'_, PyAny>> {
    match event {
        UpfEvent::DownlinkData { teid, rule, qfi, service } => {
            ("downlink_data", number, teid, rule, qfi, service).into_bound_py_any(py)
        }
        UpfEvent::Volume { teid } => ("volume", number, teid).into_bound_py_any(py),
        UpfEvent::ErrorIndication { teid, peer } => {
            ("error_indication", number, teid, peer.address.to_string(), peer.teid).into_bound_py_any(py)
        }
        UpfEvent::StationHeard { teid, address } => {
            ("station_heard", number, teid, PyBytes::new(py, &address)).into_bound_py_any(py)
        }
        UpfEvent::PathFailed { peer } => ("path_failed", number, peer.to_string()).into_bound_py_any(py),
        UpfEvent::PathRecovered { peer } => ("path_recovered", number, peer.to_string()).into_bound_py_any(py),
        UpfEvent::ForeignSource { teid, source } => {
            ("foreign_source", number, teid, source.to_string()).into_bound_py_any(py)
        }
        UpfEvent::ProtectedDestination { teid } => ("protected_destination", number, teid).into_bound_py_any(py),
    }
}

fn access(py: Python<'_>, number: usize, event: AccessEvent) -> PyResult<Bound<'_, PyAny>> {
    match event {
        AccessEvent::PingReply { session, id, size, rtt_ns, .. } => {
            ("ping_reply", number, session, id, size, rtt_ns).into_bound_py_any(py)
        }
        AccessEvent::PingLost { session, id } => ("ping_lost", number, session, id).into_bound_py_any(py),
        AccessEvent::Connected { session, socket } => ("connected", number, session, socket).into_bound_py_any(py),
        AccessEvent::Accepted { session, listener, socket, remote } => {
            let from = (remote.ip().to_string(), remote.port());
            ("accepted", number, session, listener, socket, from).into_bound_py_any(py)
        }
        AccessEvent::Configured { session, address } => {
            ("configured", number, session, address.to_string()).into_bound_py_any(py)
        }
        AccessEvent::Unconfigured { session } => ("unconfigured", number, session).into_bound_py_any(py),
        AccessEvent::Readable { session, socket } => ("readable", number, session, socket).into_bound_py_any(py),
        AccessEvent::Writable { session, socket } => ("writable", number, session, socket).into_bound_py_any(py),
        AccessEvent::Closed { session, socket, reset } => {
            ("closed", number, session, socket, reset).into_bound_py_any(py)
        }
        AccessEvent::UplinkPending { session } => ("uplink_pending", number, session).into_bound_py_any(py),
        AccessEvent::UnknownTunnel { peer, teid } => {
            ("unknown_tunnel", number, peer.to_string(), teid).into_bound_py_any(py)
        }
        AccessEvent::TunnelLost { bearer } => ("tunnel_lost", number, bearer).into_bound_py_any(py),
        AccessEvent::EndMarker { bearer } => ("end_marker", number, bearer).into_bound_py_any(py),
    }
}

pub fn tapped(py: Python<'_>, datagrams: Vec<Tapped>) -> PyResult<Bound<'_, PyList>> {
    let found = PyList::empty(py);
    for datagram in datagrams {
        let (source, destination) = (datagram.source, datagram.destination);
        found.append((
            datagram.time_ns,
            (source.ip().to_string(), source.port()),
            (destination.ip().to_string(), destination.port()),
            PyBytes::new(py, &datagram.octets),
        ))?;
    }
    Ok(found)
}
