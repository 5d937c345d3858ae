"""The designs of an email, with the newsletter's own posts."""
