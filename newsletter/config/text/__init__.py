"""The text of config.toml: where its sections and entries are."""
