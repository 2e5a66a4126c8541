"""The tests themselves, each named in our words, with document and clause; preconditions, steps, expected result."""
