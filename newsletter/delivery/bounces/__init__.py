"""Parsing of bounces and complaints, and of emails that only look like them. Pure: bytes in, a result out."""

from newsletter.delivery.bounces.model import BounceKind, Returned
from newsletter.delivery.bounces.reading import read, read_reply

__all__ = ["BounceKind", "Returned", "read", "read_reply"]
