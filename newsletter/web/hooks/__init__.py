"""Webhooks: email services report what became of messages."""
