"""Editions that were sent with another tool: they come with its archive, are only read, and are mailed to nobody."""
