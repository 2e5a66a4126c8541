"""The gNB's control plane part: NGAP, UE contexts, and one day RRC (TS 38.401 6.1)."""
