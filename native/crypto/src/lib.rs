//! The security algorithms of 5GS as pure functions over octets: no clock, no randomness, no state between calls.
//! Keys of a fixed length are arrays, so that a wrong length is the caller's type error and never a panic here.

mod aes;
pub mod aka;
pub mod algorithms;
pub mod eap;
mod ecdh;
pub mod error;
mod hmac;
pub mod kdf;
pub mod milenage;
pub mod nas;
pub mod pdcp;
pub mod seal;
pub mod suci;
pub mod tuak;

pub use error::Error;
