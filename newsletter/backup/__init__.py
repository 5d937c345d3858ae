"""Backups, restoring them, and moving the database to another server or file.

A backup is a ZIP file with the rows of every table in PostgreSQL's text format (COPY), whichever database they come
from, so that it can be restored into either.
"""


class BackupProblem(Exception):
    """A backup can't be written, read or restored; the message is a sentence that says why and what to do."""
