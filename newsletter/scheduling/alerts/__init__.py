"""Alerts about what keeps the program from working: failing services, stalled editions, lost machines."""
