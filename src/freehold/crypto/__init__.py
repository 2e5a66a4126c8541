"""The security algorithms of 5GS as pure functions over octets: they neither draw randomness nor keep state.

`milenage` (TS 35.206), `aka` (TS 33.501 6.1.3.2), `keys` (TS 33.501 Annex A), `suci` (TS 33.501 Annex C), `algorithms`
(TS 33.501 Annex D) and `sqn` (TS 33.102 Annex C).
"""
