"""5GSM procedures of the UE, each in the order of its clause (TS 24.501 6)."""
