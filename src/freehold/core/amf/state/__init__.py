"""What an AMF keeps: small parts, each owned by one context."""
