"""Collecting: from a source's address to cleaned posts.

Promises: a source costs a bounded number of bytes, seconds, pages and levels, whatever it answers; a source that fails
gives one sentence that names it and the remedy, never an exception, and what could be read before is kept; posts keep
their source's id, offset and characters; their HTML is safe to put into an email and has nothing twice.
Nothing here knows the database: what must be remembered between two readings is handed out and back as `Memory`.
"""

from newsletter.feeds.model import Memory, SourceReading

__all__ = ["Memory", "SourceReading"]
