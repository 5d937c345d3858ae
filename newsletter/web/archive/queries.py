"""Which editions are public: those of which a mail has left, whatever became of them since."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from newsletter.models import Edition


@dataclass(frozen=True, slots=True)
class Listed:
    """An edition as the archive lists it."""

    newsletter: str
    period: str
    subject: str
    preheader: str
    at: datetime

    @property
    def path(self) -> str:
        """Where it stands on the site."""
        return f"/n/{self.newsletter}/{self.period}/"


def public() -> QuerySet[Edition]:
    """Editions that may be read: frozen, and begun."""
    return Edition.objects.filter(began_at__isnull=False, frozen__isnull=False)


def listed(newsletter: str, *, first: int = 0, count: int = 50) -> list[Listed]:
    """A newsletter's public editions, newest first."""
    rows = public().filter(newsletter=newsletter).order_by("-until", "-pk")
    fields = ("newsletter", "period", "frozen__subject", "frozen__preheader", "began_at")
    return [Listed(*row) for row in rows.values_list(*fields)[first : first + count]]


def newest_change() -> datetime | None:
    """When an edition last became public."""
    return public().order_by("-began_at").values_list("began_at", flat=True).first()


def frozen_state(newsletter: str, period: str) -> tuple[int, int, datetime] | None:
    """What an edition's page depends on: its number, revision and first mail; None where it is not public."""
    row = public().filter(newsletter=newsletter, period=period)
    found = row.values_list("pk", "frozen__revision", "began_at").first()
    return (found[0], found[1], found[2]) if found and found[2] else None
