"""Where a program comes from: built again from the source in hand, compared octet by octet, and told part by part."""
