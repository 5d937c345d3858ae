"""Mails that come back: bounces, complaints, and what only looks like them. Pure: octets in, an answer out."""

from newsletter.delivery.bounces.model import BounceKind, Returned
from newsletter.delivery.bounces.reading import read

__all__ = ["BounceKind", "Returned", "read"]
