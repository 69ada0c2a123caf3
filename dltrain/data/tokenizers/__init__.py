"""How texts become tokens."""
