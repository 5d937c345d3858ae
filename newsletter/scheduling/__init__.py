"""The schedule of editions, housekeeping, checks, and alerts about failing services."""
