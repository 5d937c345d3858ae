"""Questions that are phrased once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from newsletter.jobs.phrased import Phrased
from newsletter.models import Edition
from tests.jobs.outbox_samples import NEWSLETTER, NOW, queued

asked: list[tuple[str, datetime]] = []


@Phrased
def since(newsletter: str, moment: datetime) -> QuerySet[Edition, Any]:
    asked.append((newsletter, moment))
    return Edition.objects.filter(newsletter=newsletter, since__gte=moment, audience=None).values_list("pk", "period")


@pytest.mark.django_db
def test_it_answers_as_the_queryset_does_and_is_phrased_once() -> None:
    queued("2026-W05", since=NOW - timedelta(days=14))
    queued("2026-W06", since=NOW - timedelta(days=7))
    for days, found in ((14, {"2026-W05", "2026-W06"}), (7, {"2026-W06"}), (6, set())):
        with CaptureQueriesContext(connection) as queries:
            assert {period for _, period in since.rows(NEWSLETTER, NOW - timedelta(days=days))} == found
        assert len(queries) == 1
    assert since.rows("another", NOW - timedelta(days=14)) == []
    assert len(asked) <= 1
