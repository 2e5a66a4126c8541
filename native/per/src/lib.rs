//! Table-driven ASN.1 PER (ITU-T X.691), aligned and unaligned.
//!
//! A schema's tables say how values are laid out ([`Schema`]); [`Decoder`] turns octets into whatever a [`Build`] makes of
//! them, [`Encoder`] writes whatever a [`Source`] can show. Neither knows Python, and neither panics on a peer's octets:
//! depth, lengths, counts and work are bounded.
mod bits;
mod decode;
mod encode;
mod fault;
mod reading;
mod schema;
mod table;
#[cfg(test)]
mod tests;
mod writing;

pub use bits::{Reader, Writer};
pub use decode::{Build, Decoder, Outcome};
pub use encode::{BitString, Encoder, Source, Wrong};
pub use fault::{Cause, Criticality, Fault, NotUnderstood, Place, Stop};
pub use schema::{Default, Message, NameId, Node, NodeId, Opening, Schema, Structure};
pub use table::Table;
