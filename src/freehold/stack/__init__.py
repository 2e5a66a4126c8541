"""Protocol entities that both ends share."""
