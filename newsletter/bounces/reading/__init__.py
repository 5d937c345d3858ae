"""Parsing of bounces and complaints, and of emails that only look like them. Pure: bytes in, a result out."""

from newsletter.bounces.reading.model import BounceKind, Returned
from newsletter.bounces.reading.parsing import read, read_reply

__all__ = ["BounceKind", "Returned", "read", "read_reply"]
