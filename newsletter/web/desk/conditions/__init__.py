"""Filters of subscribers, built in rows by choosing, or written as text, which is the form that is stored."""
