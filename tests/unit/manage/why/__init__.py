"""Why procedures fail."""
