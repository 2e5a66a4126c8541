"""NAS of a terminal: the link, 5GMM and 5GSM (TS 24.501)."""
