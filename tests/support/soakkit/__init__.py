"""Tools of the soak tests."""
