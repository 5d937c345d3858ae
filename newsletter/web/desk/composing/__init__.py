"""Letters, blocks and changes of several posts: what an edition is composed of beyond its draft page."""
