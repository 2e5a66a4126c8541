"""The owner's keys: a root in shares, certificates and tokens under it, and SIMs' keys sealed or kept in a token."""
