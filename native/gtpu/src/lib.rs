//! GTP-U (TS 29.281 5): the header with its chain of extension headers, and the frames in them as tables of parts.
//!
//! Signalling messages' elements are the caller's. Work and memory are bounded by the length of the message.

mod frame;
mod header;
#[cfg(test)]
mod tests;

pub use frame::{Content, Field, Part, difference};
pub use header::{EXTENSIONS, Head, Refused, Written, open, write};
