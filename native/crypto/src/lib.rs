//! 5G security algorithms: MILENAGE, key derivation, NEA, NIA, SUCI (TS 33.501).
