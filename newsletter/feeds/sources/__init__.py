"""Kinds of sources: finding the feed of a website, Blogger, WordPress and folders."""
