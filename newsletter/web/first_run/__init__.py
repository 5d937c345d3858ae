"""Setting up a site in the browser, before there is a config.toml.

Promises: only whoever has the printed link sees anything; nothing is written until the last step, and then a whole
configuration; no database is used.
"""
