"""Background jobs started at the desk, and the page of their progress."""
