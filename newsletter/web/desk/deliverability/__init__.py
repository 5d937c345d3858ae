"""Deliverability: what mailbox providers require, and who sends in our name; for admins."""
