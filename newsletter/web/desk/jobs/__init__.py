"""Long work that is started at the desk: it is done in the background, and a page shows its progress."""
