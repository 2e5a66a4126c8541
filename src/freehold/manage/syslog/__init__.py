"""Security events told to log servers: what is told, how it is written, and how it gets there."""
