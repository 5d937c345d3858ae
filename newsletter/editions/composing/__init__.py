"""Compose editions: letters beside the schedule, blocks, and changes of several posts at once."""
