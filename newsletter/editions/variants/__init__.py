"""Variants of an edition: the same edition for subscribers who had different posts before."""
