"""What a terminal knows while it is on, in small parts."""
