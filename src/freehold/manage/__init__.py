"""Operating a network that was handed over."""
