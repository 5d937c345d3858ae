"""Pages for letters, blocks, and changes of several posts."""
