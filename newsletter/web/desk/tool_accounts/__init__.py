"""Reading an account at another tool by its address and key, and importing what was read."""
