"""MILENAGE, the authentication and key generation functions f1 to f5* (TS 35.206 4.1).

K, OP, OPc and RAND have 16 octets, AMF two, and SQN is a number of 48 bits. `opc(k, op)` hides OP in a subscriber's
OPc; `f1` is MAC-A, `f1_star` MAC-S, `f2345` gives RES, CK, IK and AK, and `f5_star` the AK of a resynchronisation.
"""

from __future__ import annotations

from freehold._native.crypto import f1, f1_star, f5_star, f2345, opc

__all__ = ["f1", "f1_star", "f5_star", "f2345", "opc"]
