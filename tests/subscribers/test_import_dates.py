"""Dates in imports: every way of writing them, those that are ambiguous, and names of months."""

from datetime import UTC, date, datetime

import pytest
from babel.dates import format_date, get_month_names
from hypothesis import example, given, strategies as st

from subscribers.importing import vocabulary
from subscribers.importing.dates import BadDate, DateOrder, moment
from subscribers.importing.headers import OWN_COLUMNS, squeezed
from subscribers.models import Subscription
from tests.subscribers.conftest import Import
from tests.subscribers.make import AT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-05", datetime(2024, 3, 5, tzinfo=UTC)),
        ("2024-03-05T10:00:00Z", datetime(2024, 3, 5, 10, tzinfo=UTC)),
        ("2024-03-05 10:00:00 UTC", datetime(2024, 3, 5, 10, tzinfo=UTC)),
        ("2024-03-05T12:00:00+02:00", datetime(2024, 3, 5, 10, tzinfo=UTC)),
        ("05.03.2024", datetime(2024, 3, 5, tzinfo=UTC)),
        ("5. 3. 2024 10:00", datetime(2024, 3, 5, 10, tzinfo=UTC)),
        ("31/12/2024", datetime(2024, 12, 31, tzinfo=UTC)),
        ("12/31/2024 3:05 PM", datetime(2024, 12, 31, 15, 5, tzinfo=UTC)),
        ("31-12-2024", datetime(2024, 12, 31, tzinfo=UTC)),
        ("04/04/2024", datetime(2024, 4, 4, tzinfo=UTC)),
        ("2024-4-5 10.11", datetime(2024, 4, 5, 10, 11, tzinfo=UTC)),
        ("2024-04-05 10:11:12.12345 +0000 UTC", datetime(2024, 4, 5, 10, 11, 12, 123450, tzinfo=UTC)),
        ("2024-04-05 12:11:12 +0200 CEST", datetime(2024, 4, 5, 10, 11, 12, tzinfo=UTC)),
        ("", None),
        ("  ", None),
    ],
)
def test_times(text: str, expected: datetime | None) -> None:
    assert moment(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("31.02.2025", "is not a date"),
        ("2025-02-31", "is not a date"),
        ("31/31/2025", "is not a date"),
        ("yesterday", "is not a date"),
        ("1 Jan 25", "is not a date"),
        ("1 Foo 2025", "is not a date"),
        ("1 Jan Feb 2025", "is not a date"),
        ("32. januar 2025", "is not a date"),
        ("fredag i januar 2025", "is not a date"),
        ("01/02/25", "is not a date"),
        ("1/2/2025 13:00 PM", "is not a date"),
        ("45678", "is not a date"),
        ("01/02/2025", "can be read in two ways"),
        ("1-2-2025", "can be read in two ways"),
        ("9999-12-31T23:59:59-12:00", "is in the future"),
        ("0001-01-01T00:00:00+14:00", "is not a date"),
        ("0000-00-00 00:00:00", "is not a date"),
        ("9999-12-31", "is in the future"),
        ("1900-01-01", "is before 1970"),
    ],
)
def test_ambiguous_dates_are_refused(text: str, sentence: str) -> None:
    order: DateOrder = "month" if text.endswith("PM") else ""
    with pytest.raises(BadDate, match=sentence):
        moment(text, order)


@pytest.mark.parametrize(("order", "month"), [("day", 2), ("month", 1)])
def test_an_ambiguous_date_is_read_as_specified(order: DateOrder, month: int) -> None:
    found = moment("01/02/2025", order)
    assert found is not None
    assert found.month == month
    dotted = moment("01.02.2025", order)
    assert dotted is not None
    assert dotted.month == 2


def test_an_invalid_date_affects_its_own_line_only(take: Import) -> None:
    report = take(
        "email,joined\na@reader.example,01.01.2025\nb@reader.example,31.02.2025\n"
        "c@reader.example,9999-12-31T23:59:59-12:00\nd@reader.example,01/02/2025\ne@reader.example,\n"
    )
    assert [(r.line, r.address) for r in report.refused] == [(4, "c@reader.example")]
    assert [(r.line, r.address, r.reason.code) for r in report.incomplete] == [
        (3, "b@reader.example", "import.not-a-date"),
        (5, "d@reader.example", "import.ambiguous-date"),
    ]
    joined = dict(Subscription.objects.values_list("subscriber__address", "joined"))
    without_date = dict.fromkeys(("b@reader.example", "d@reader.example", "e@reader.example"), AT)
    assert joined == {"a@reader.example": datetime(2025, 1, 1, tzinfo=UTC), **without_date}


def test_an_invalid_consent_date_affects_its_own_line_only(take: Import) -> None:
    head = "address,newsletter,state,joined,name,language,tags," + ",".join(OWN_COLUMNS[1:])
    cells = {"address": "a@reader.example", "newsletter": "kinaforum", "state": "active", "consent": "at the fair"}

    def line(**more: str) -> str:
        return ",".join({**cells, **more}.get(squeezed(name), "") for name in head.split(","))

    wrong = [line(consentat="31.02.2025"), line(confirmedat="9999-12-31"), line(pauseduntil="soon")]
    report = take("\n".join([head, *wrong]))
    assert [r.line for r in report.refused] == [2, 3, 4]
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("31. desember 2025", datetime(2025, 12, 31, tzinfo=UTC)),
        ("fredag 6. februar 2026 kl. 14.05", datetime(2026, 2, 6, 14, 5, tzinfo=UTC)),
        ("31.12.2025 kl. 14.05", datetime(2025, 12, 31, 14, 5, tzinfo=UTC)),
        ("6 Feb 2026", datetime(2026, 2, 6, tzinfo=UTC)),
        ("February 6th, 2026 at 2:05 PM", datetime(2026, 2, 6, 14, 5, tzinfo=UTC)),
        ("06-feb-2026", datetime(2026, 2, 6, tzinfo=UTC)),
        ("fredag den 6. februar 2026", datetime(2026, 2, 6, tzinfo=UTC)),
        ("6. März 2025, 14:05 Uhr", datetime(2025, 3, 6, 14, 5, tzinfo=UTC)),
        ("1er août 2025 à 14:05", datetime(2025, 8, 1, 14, 5, tzinfo=UTC)),
        ("viernes, 6 de febrero de 2026", datetime(2026, 2, 6, tzinfo=UTC)),
        ("2025/12/31 14:05:06", datetime(2025, 12, 31, 14, 5, 6, tzinfo=UTC)),
    ],
)
def test_dates_with_names_of_months(text: str, expected: datetime) -> None:
    assert moment(text, future=True) == expected


@given(
    st.dates(date(1971, 1, 1), date(2099, 12, 31)),
    st.sampled_from([*vocabulary.LANGUAGES, "en_GB"]),
    st.sampled_from(["long", "full"]),
)
def test_a_date_is_read_as_each_language_writes_it(day: date, language: str, width: str) -> None:
    found = moment(format_date(day, width, locale=language), future=True)
    assert found is not None
    assert found.date() == day


@given(
    st.dates(date(1971, 1, 1), date(2099, 12, 31)),
    st.sampled_from([*vocabulary.LANGUAGES, "en_GB"]),
    st.sampled_from(["short", "medium"]),
)
def test_a_short_date_is_read_as_meant_or_refused(day: date, language: str, width: str) -> None:
    try:
        found = moment(format_date(day, width, locale=language), future=True)
    except BadDate:
        return
    assert found is not None
    assert found.date() == day


@pytest.mark.parametrize("text", ["13/13/2024", "2024", "01/02/2024", "1 Jan 25", "45678", "32. januar 2025 kl. 14.05"])
def test_an_unreadable_date_costs_no_subscriber(take: Import, text: str) -> None:
    content = f"email,Påmeldt\na@reader.example,{text}\n"
    tried, report = take(content, dry_run=True), take(content)
    assert [r.line for r in report.incomplete] == [r.line for r in tried.incomplete] == [2]
    assert (report.active, report.refused) == (1, ())
    assert not take(content).incomplete, "the date of who is here already is not needed"


@pytest.mark.parametrize(
    "text",
    ["no", "nei", "0", "1", "#N/A", "never", "uke 6", "not in 2024", "0000-00-00 00:00:00", "0001-01-01T00:00:00+14:00",
     "1970-01-01", "9999-12-31"],
)  # fmt: skip
def test_who_may_never_have_subscribed_is_refused(take: Import, text: str) -> None:
    report = take(f"email,Påmeldt\na@reader.example,{text}\n")
    assert [r.line for r in report.refused] == [2]
    assert not report.incomplete
    assert not Subscription.objects.exists()


def test_another_column_has_the_date_that_one_lacks(take: Import) -> None:
    report = take("email,Påmeldt,Bekreftet dato\na@reader.example,13/13/2024,2024-03-05\n")
    assert not report.incomplete
    assert Subscription.objects.get().joined == datetime(2024, 3, 5, tzinfo=UTC)


def test_names_of_months_mean_the_same_in_every_language() -> None:
    assert set(vocabulary.months().values()) == set(range(1, 13))
    for language in vocabulary.LANGUAGES:
        for number, name in get_month_names("wide", locale=language).items():
            assert vocabulary.months()[vocabulary.folded(name)] == number
    assert not set(vocabulary.months()) & vocabulary.FILLERS


@given(st.text(st.sampled_from("0123456789.-/:+ TZUCAPMapm,W"), max_size=40) | st.text(max_size=40))
@example("9999-12-31T23:59:59-12:00")
@example("0001-01-01T00:00:00+23:59")
@example("²5.1.2025")
def test_any_date_is_read_or_refused(text: str) -> None:
    for order in ("", "day", "month"):
        try:
            found = moment(text, order)
        except BadDate:
            continue
        if found is not None:
            assert found.astimezone(UTC).year >= 1970
