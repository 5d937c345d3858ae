"""Asking readers who gave no sign for long whether they still want a newsletter."""
