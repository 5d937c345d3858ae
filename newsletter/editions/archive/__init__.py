"""Which editions are public, and their removal from the archive by an editor."""
