"""The procedures of an AMF, one file each, in the order of their call flows (TS 23.502, TS 24.501, TS 38.413)."""
