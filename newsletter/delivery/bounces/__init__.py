"""Mails that come back: bounces, complaints, and what only looks like them. Pure: octets in, an answer out."""

from newsletter.delivery.bounces.model import BounceKind, Returned
from newsletter.delivery.bounces.reading import read, read_reply

__all__ = ["BounceKind", "Returned", "read", "read_reply"]
