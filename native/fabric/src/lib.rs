//! The user plane as a whole: engines joined by rings in the process, UDP sockets and TUN interfaces.
//!
//! A [`Fabric`] owns user plane functions, access engines and data networks. Driven by [`Handle::start`] it runs in a
//! thread of its own, in real time; driven by [`Handle::poll`] it runs where and when its caller says.
mod fabric;
mod handle;
mod offload;
mod relay;
mod ring;
mod sys;
mod tap;
mod tun;
mod udp;

pub use fabric::{AccessNumber, Fabric, FabricEvent, Fault, UpfNumber};
pub use freehold_datanet as datanet;
pub use freehold_userplane as userplane;
pub use handle::Handle;
pub use relay::{HostRelay, permit};
pub use sys::now_ns;
pub use tap::Tapped;
