"""Fetching over HTTP: limits, conditional requests, and only public addresses."""
