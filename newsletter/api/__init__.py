"""The API under /api/v1, for other programs: what the desk and the commands do, with their functions and rules."""
