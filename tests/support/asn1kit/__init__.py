"""Random values of any ASN.1 type in the generated tables, and an independent implementation to compare with."""
