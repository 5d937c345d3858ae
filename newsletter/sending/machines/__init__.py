"""Machines that send from one database: which of them holds an identity, and whether they are configured alike."""
