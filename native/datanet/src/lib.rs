//! An in-process data network and terminal IP stacks, sans-I/O.
