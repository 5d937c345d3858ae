"""The database as sending uses it: SQL written by hand, precompiled queries, durability and health."""
