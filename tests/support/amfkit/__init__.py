"""An AMF in a test: its gNBs, terminals and neighbours played by the test."""
