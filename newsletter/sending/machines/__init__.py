"""Machines that send from one database: which of them holds an identity, and what part of the limits each may use."""
