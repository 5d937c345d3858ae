"""Comparing two revisions of an edition."""
