"""Accounts at other tools, read by address and key: subscribers and old issues, as files that can be imported."""
