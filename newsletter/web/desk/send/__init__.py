"""The pages of sending: approving, sending, progress and the report."""
