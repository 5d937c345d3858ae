"""The pages of the welcome series."""
