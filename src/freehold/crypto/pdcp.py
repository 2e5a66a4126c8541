"""Security of the PDCP data PDUs of one radio bearer, many in one call (TS 38.323 5.8, 5.9).

`PdcpBearer(ciphering, ciphering_key, integrity, integrity_key, bearer, direction, header, sdap=0)` is one direction of
a bearer: identities of NEA and NIA with their keys of 16 octets (an integrity of None is a DRB without MAC-I), the RB
identity minus 1, the direction bit, and the octets of the PDCP header (2 or 3) and of the SDAP header (0 or 1), which
stay in clear. `protect(pdus)` takes `(COUNT, headers and data)` and gives the PDUs; ValueError where one is shorter
than its headers. `unprotect(pdus)` takes `(COUNT, PDU)` and gives headers and data, None where the MAC-I is wrong or
parts are missing. All leave the interpreter to other threads while they work.

Where PDUs lie one after the other, as in a transport block or a ring, `protect_joined(counts, lengths, octets)` gives
them so too, each `TRAILER` octets longer where the bearer has integrity protection, and `unprotect_joined` the same
octets deciphered, MAC-I still behind each PDU, and whether each MAC-I is right: a PDU whose MAC-I is not is all zeros.
Lengths are those of the PDUs in the argument; ValueError where they do not add up or are not as many as the COUNTs.
"""

from __future__ import annotations

from freehold._native.crypto import PdcpBearer

__all__ = ["TRAILER", "PdcpBearer"]

# TS 38.323 6.3.4: octets of MAC-I.
TRAILER = 4
