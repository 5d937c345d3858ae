"""Filters of subscribers, built in rows by choosing. What is stored is the filter as text."""
