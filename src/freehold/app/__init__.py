"""The only wiring: which function gets which service, link and store."""
