"""Queries that are compiled once."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from newsletter.models import Edition, Variant
from newsletter.sending.sql.precompiled import PrecompiledQuery
from tests.sending.outbox_samples import NEWSLETTER, NOW, queued

asked: list[tuple[str, datetime]] = []


@PrecompiledQuery
def since(newsletter: str, moment: datetime) -> QuerySet[Edition, Any]:
    asked.append((newsletter, moment))
    return Edition.objects.filter(newsletter=newsletter, since__gte=moment, audience=None).values_list("pk", "period")


@pytest.mark.django_db
def test_it_returns_what_the_queryset_returns_and_is_compiled_once() -> None:
    queued("2026-W05", since=NOW - timedelta(days=14))
    queued("2026-W06", since=NOW - timedelta(days=7))
    for days, found in ((14, {"2026-W05", "2026-W06"}), (7, {"2026-W06"}), (6, set())):
        with CaptureQueriesContext(connection) as queries:
            assert {period for _, period in since.rows(NEWSLETTER, NOW - timedelta(days=days))} == found
        assert len(queries) == 1
    assert since.rows("another", NOW - timedelta(days=14)) == []
    assert len(asked) <= 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    "phrase",
    [
        pytest.param(lambda name: Edition.objects.filter(newsletter__contains=name), id="wrapped in %"),
        pytest.param(lambda name: Edition.objects.filter(newsletter=name.upper()), id="changed before"),
        pytest.param(lambda name: Edition.objects.filter(newsletter=f"a {name}"), id="part of another value"),
        pytest.param(lambda name: Edition.objects.filter(period="2026-W05"), id="not asked for"),
        pytest.param(lambda name: Edition.objects.all()[: len(name) + 1 + int(name[-1:].isdigit())], id="a slice"),
    ],
)
def test_a_value_that_the_field_would_convert_is_refused(phrase: Any) -> None:
    with pytest.raises(ValueError, match="a value of a precompiled query"):
        PrecompiledQuery(lambda name: phrase(name).values_list("pk")).rows(NEWSLETTER)


@pytest.mark.django_db
def test_a_value_may_be_that_of_a_small_column(monkeypatch: pytest.MonkeyPatch) -> None:
    """With PostgreSQL's limits; Django doesn't even ask for a number that no row can have."""
    monkeypatch.setattr(connection.ops, "integer_field_range", lambda _: (0, 32_767))
    query = PrecompiledQuery(lambda position: Variant.objects.filter(position=position).values_list("pk"))
    assert query.rows(1) == []
