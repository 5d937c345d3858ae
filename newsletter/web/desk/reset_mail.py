"""The mail with which somebody chooses a new password."""
