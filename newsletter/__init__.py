"""Collects a blog's posts, makes them into a mail grouped by day, and sends it once to each subscriber."""

__version__ = "0.1.0"
