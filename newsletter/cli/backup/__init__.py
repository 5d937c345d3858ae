"""Commands for backups, restoring them, and moving the database."""
