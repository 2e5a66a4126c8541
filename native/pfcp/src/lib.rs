//! Table-driven PFCP engine: octets to values and back, by tables of messages, groups and layouts (TS 29.244 7 and 8).
//!
//! The tables are data of the caller; values are built through [`Sink`] and read through [`Source`], so that this crate
//! knows no language binding. Work and memory are bounded by the length of the message; nesting by the tables.

mod decode;
mod encode;
pub mod plain;
mod table;
#[cfg(test)]
mod tests;

pub use decode::{Decoded, Fault, Header, Kept, Reason, Sink, decode};
pub use encode::{Source, Wrong, encode};
pub use table::{Content, Form, Group, Item, Layout, Member, Message, Presence, Tables, When};
