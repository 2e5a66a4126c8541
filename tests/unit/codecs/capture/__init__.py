"""Tests of captures: pcap, pcapng and what stands in them."""
