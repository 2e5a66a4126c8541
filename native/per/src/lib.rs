//! Table-driven ASN.1 PER (ITU-T X.691), aligned and unaligned.
