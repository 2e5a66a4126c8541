"""What functions offer each other."""
