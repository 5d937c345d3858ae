"""The exception of this package."""


class BackupProblem(Exception):
    """A backup can't be written, read or restored; the message is a sentence that says why and what to do."""
