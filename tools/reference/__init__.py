"""The reference pages: every message of every protocol, from the tables that the codecs read."""
