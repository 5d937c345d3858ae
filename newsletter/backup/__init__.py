"""Backups, restoring them, and moving the database to another server or file.

A backup is a ZIP file with the rows of every table in PostgreSQL's text format (COPY), whichever database they come
from, so that it can be restored into either.
"""
