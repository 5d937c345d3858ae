"""Parsing of bounces and complaints, and of emails that only look like them. Pure: bytes in, a result out."""

from newsletter.bounces.reading.model import BounceKind, Returned

__all__ = ["BounceKind", "Returned"]
