"""The gNB's user plane part: bearers between terminals and N3 (TS 38.401 6.1)."""
