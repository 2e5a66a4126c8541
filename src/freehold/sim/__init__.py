"""Virtual time and links."""
