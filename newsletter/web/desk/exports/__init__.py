"""Exports: subscribers for any tool, people who must not get anything, and the archive as a static site."""
