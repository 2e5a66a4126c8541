//! Table-driven NAS information element engine (TS 24.501, TS 24.007 11.2).
