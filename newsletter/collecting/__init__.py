"""Read the sources and store their state and their posts in the ledger."""
