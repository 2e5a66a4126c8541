"""Sessions as the specifications want them, seen from outside."""
