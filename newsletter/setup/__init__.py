"""Setting up a newsletter: what a blog's own pages say about it, and the first config.toml made from that."""
