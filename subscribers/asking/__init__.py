"""Asks subscribers who have been inactive for long whether they still want a newsletter."""
