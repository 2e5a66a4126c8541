"""Each assurance test, and the fault that must turn it to FAIL."""
