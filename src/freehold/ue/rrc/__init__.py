"""What a terminal does of RRC: the mobility of its connection (TS 38.331 5.3.5)."""
