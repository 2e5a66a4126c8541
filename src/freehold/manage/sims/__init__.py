"""SIMs: made with keys that leave once, encrypted to whoever writes the cards, and what else a card has to hold."""
