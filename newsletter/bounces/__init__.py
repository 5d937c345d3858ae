"""Reads the bounce mailbox, and applies bounces, complaints and unsubscribe requests."""
