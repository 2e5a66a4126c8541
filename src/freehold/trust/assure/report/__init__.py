"""What a run becomes for a person, a regulator and a machine."""
