"""Saved segments of subscribers, and which one an edition is sent to."""
