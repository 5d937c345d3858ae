"""Protection of the sign-up form from bots: limits, and challenges during an attack."""
