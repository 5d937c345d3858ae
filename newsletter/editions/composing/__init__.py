"""Compose editions: letters outside the schedule, blocks, and changes of several posts at once."""
