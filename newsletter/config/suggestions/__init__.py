"""Suggestions for values of `config.toml` that are not valid."""
