"""Collects a blog's posts, makes them into an email grouped by day, and sends it once to each subscriber."""

from importlib.metadata import version

__version__ = version("newsletter")
