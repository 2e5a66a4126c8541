//! Table-driven PFCP information element engine (TS 29.244 8.1).
