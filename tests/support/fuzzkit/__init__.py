"""Seeds, damage and tables for fuzzing every decoder."""
