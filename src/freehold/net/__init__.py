"""The only input and output: sockets, interfaces, the loop."""
