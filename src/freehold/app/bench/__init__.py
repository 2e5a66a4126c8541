"""The figures of this machine: each benchmark is a function that returns a struct."""
