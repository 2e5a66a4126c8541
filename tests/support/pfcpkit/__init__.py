"""What the tests of PFCP share."""
