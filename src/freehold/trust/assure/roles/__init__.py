"""Who attacks: a gNB, a terminal, a peer on N3 and N4, a visitor of the console."""
