//! Table-driven NAS information element engine (TS 24.501 clauses 7 to 9, TS 24.007 11.2).
//!
//! The tables (which message holds which elements, and how the bits of each value lie) are declared in Python beside
//! the classes they fill; this crate splits, orders, checks and builds. It knows neither Python nor any class: values
//! are made through [`Sink`] and read through [`Source`].
//!
//! Every decoder is total: hostile octets end in a [`Fault`], never in a panic, and the work is bounded by the length
//! of the input, because a layout is a finite tree and each repeated item consumes at least one bit.

mod bits;
mod layout;
mod message;
#[cfg(test)]
mod tests;
mod value;

pub use bits::{Reader, Writer};
pub use layout::{Layout, Node, NodeId, Presence, Step};
pub use message::{
    Decoded, Fault, FaultKind, Format, InformationElement, MOBILITY_MANAGEMENT, Message, Protected, SESSION_MANAGEMENT,
    Tables,
};
pub use value::{Malformed, Sink, Source, Unencodable, decode, encode};
