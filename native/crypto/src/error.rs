use std::fmt;

/// What an algorithm refuses; it never carries an octet of a key or of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// A parameter is longer than the two octets of its length can say (TS 33.220 B.2).
    TooLong(&'static str),
    /// A value is outside its range.
    Range(&'static str),
    /// A scheme output is too short for its profile (TS 33.501 C.3.4).
    Truncated,
    /// A public key is not one of its curve, or one whose shared secret anybody can compute.
    PublicKey,
    /// A private key is zero or not below the order of its curve.
    PrivateKey,
    /// A message authentication code is not the expected one.
    Mac,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::TooLong(what) => write!(f, "{what} is longer than 65535 octets"),
            Error::Range(what) => write!(f, "{what} is out of range"),
            Error::Truncated => f.write_str("length"),
            Error::PublicKey => f.write_str("public key"),
            Error::PrivateKey => f.write_str("private key"),
            Error::Mac => f.write_str("mac"),
        }
    }
}

impl std::error::Error for Error {}
