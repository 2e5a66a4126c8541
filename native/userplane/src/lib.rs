//! The portable user plane: sans-I/O packet engine over compiled session rules (TS 29.244, TS 29.281).
