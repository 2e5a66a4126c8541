"""The messages of TS 24.501 clause 8, each class a table: element, presence, format and lengths."""
