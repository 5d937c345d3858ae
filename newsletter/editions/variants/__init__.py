"""Variants of an edition: the same edition for readers who had different posts before."""
