"""Logging in, two-step login, forgotten passwords and the account page."""
