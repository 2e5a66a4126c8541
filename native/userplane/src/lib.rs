//! The portable user plane: sans-I/O packet engine over compiled session rules (TS 29.244, TS 29.281).
//!
//! [`Upf`] owns flat session records and turns packets of N3 into packets of N6 and back, in place. It opens no socket,
//! reads no clock and draws no randomness: packets, time and the seed are arguments. No packet allocates, and no octet of
//! a peer can make it panic.
#![forbid(unsafe_code)]

mod address;
mod bridge;
mod buffer;
mod chain;
mod control;
mod count;
mod engine;
mod filter;
mod flows;
mod fragments;
mod frame;
mod gtpu;
mod inner;
mod install;
mod measure;
mod meter;
mod packet;
mod paths;
mod record;
mod router;
mod rules;
mod seal;
mod signal;
mod table;
mod watch;

pub use address::{Pool as AddressPool, Prefix, ip_number, number_ip};
pub use control::{Instance, LocalSwitch, Settings};
pub use count::{Count, Counters};
pub use engine::Upf;
pub use filter::Filter;
pub use flows::Measured;
pub use frame::{FrameFilter, MacAddress};
pub use gtpu::{Fault as GtpuFault, GTPU_PORT, Header, parse as parse_gtpu};
pub use inner::{Inner, parse as parse_inner};
pub use measure::measure;
pub use meter::{Meter, SharedMeters};
pub use packet::{HEADROOM, Packet, Port, Recycler};
pub use record::Usage;
pub use router::ROUTER;
pub use rules::{Action, CounterRules, Direction, Peer, Refused, Rule, SessionRules};
pub use seal::TunnelKey;
pub use signal::Event;
pub use watch::{Ending, Flow, Traced, station_number};
