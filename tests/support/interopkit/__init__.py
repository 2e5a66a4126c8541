"""Foreign programs against Freehold: processes, network namespaces, and how UERANSIM is configured and read."""
