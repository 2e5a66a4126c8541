"""Tests of sockets, namespaces and the kernel's paths."""
