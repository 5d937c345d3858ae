"""Deliverability: the requirements of mailbox providers, and who sends in our name; for admins."""
