"""The pages of the team and the audit log."""
