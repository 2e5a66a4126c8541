"""What an SMF keeps: sessions, address pools, UPFs."""
