"""What a gNB answers to peers that break the rules, seen from outside."""
