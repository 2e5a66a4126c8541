"""What a gNB keeps: small parts, each owned by one context."""
