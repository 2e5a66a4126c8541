"""The security algorithms of 5GS as pure functions over octets: they neither draw randomness nor keep state.

`milenage` (TS 35.206), `tuak` (TS 35.231), `aka` (TS 33.501 6.1.3.2), `eap` (RFC 9048), `keys` (TS 33.501 Annex A),
`interworking` (TS 33.501 A.14, A.15, TS 33.401 Annex A), `handover` (TS 33.501 6.9.2), `suci` (TS 33.501 Annex C),
`algorithms` (TS 33.501 Annex D), `pdcp` (TS 38.323 5.8, 5.9), `sqn` (TS 33.102 Annex C), and `seal`
(AES-256-GCM) for rows at rest.
"""
