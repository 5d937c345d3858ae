"""Files with every state that each tool's documents name: who receives the newsletter afterwards, and who doesn't."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from subscribers.importing import import_file
from subscribers.models import Import, Subscription, Suppression
from tests.subscribers.make import AT

pytestmark = pytest.mark.django_db

FOLDER = Path(__file__).parent / "exports"
FILES = sorted(path.name for path in FOLDER.glob("*.csv"))
ALL_FIGURES = ("active", "waiting", "suppressed", "present")
BLOCKED = {"bounced": "bounced", "blocked": "by hand", "complained": "complained"}
State = Subscription.State


def addresses(name: str) -> list[str]:
    """The addresses of a file; the word before the digits says what must become of each: a, waits, left and so on."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [
        word.strip('"') for word in text.replace("\n", ",").split(",") if word.strip('"').endswith("@reader.example")
    ]


def kind(address: str) -> str:
    return address.partition("@")[0].rstrip("0123456789")


def receiving() -> set[str]:
    found = Subscription.objects.receiving_on("kinaforum", AT.date())
    return set(found.values_list("subscriber__key", flat=True))


def older_lists(folder: Path, names: Iterable[str]) -> Iterator[Path]:
    """An older list of everybody in each file, without any states."""
    for number, name in enumerate(names):
        path = folder / f"older {number}.csv"
        path.write_text("email\n" + "".join(f"{each}\n" for each in addresses(name)), encoding="utf-8")
        yield path


@pytest.mark.parametrize("name", FILES)
def test_each_state_is_kept_and_no_older_list_undoes_it(tmp_path: Path, name: str) -> None:
    people = addresses(name)
    report = import_file(FOLDER / name, "kinaforum", consent="moved", at=AT)
    expected = [kind(each) for each in people]
    stopped = [each for each in expected if each not in ("a", "waits")]
    figures = (expected.count("a"), expected.count("waits"), len(stopped), 0)
    assert tuple(getattr(report, figure) for figure in ALL_FIGURES) == figures
    assert (report.lines, report.refused) == (len(people), ())
    assert receiving() == {each for each in people if kind(each) == "a"}
    for each in people:
        reason = Suppression.objects.suppressed([each]).get(each)
        assert reason == BLOCKED.get(kind(each)), each
        if kind(each) == "left":
            assert Subscription.objects.get(subscriber__key=each).state == State.UNSUBSCRIBED
    (older,) = older_lists(tmp_path, [name])
    again = import_file(older, "kinaforum", consent="an older list", at=AT)
    assert receiving() == {each for each in people if kind(each) in ("a", "waits")}
    assert len(again.refused) == len(stopped)
    assert again.lines == sum(getattr(again, figure) for figure in ALL_FIGURES) + len(again.refused)


@pytest.mark.parametrize("name", FILES)
def test_the_same_file_twice_changes_nothing(name: str) -> None:
    import_file(FOLDER / name, "kinaforum", consent="moved", at=AT)
    before = list(Subscription.objects.order_by("pk").values()), list(Suppression.objects.order_by("pk").values())
    again = import_file(FOLDER / name, "kinaforum", consent="moved", at=AT)
    assert (again.present, again.lines) == (again.lines, len(addresses(name)))
    after = list(Subscription.objects.order_by("pk").values()), list(Suppression.objects.order_by("pk").values())
    assert after == before


@pytest.mark.parametrize("name", FILES)
def test_a_dry_run_says_what_the_import_does(name: str) -> None:
    tried = import_file(FOLDER / name, "kinaforum", dry_run=True, at=AT)
    assert not Import.objects.exists()
    done = import_file(FOLDER / name, "kinaforum", at=AT)
    record = Import.objects.get()
    for figure in ("lines", *ALL_FIGURES):
        assert getattr(tried, figure) == getattr(done, figure) == getattr(record, figure)


@pytest.mark.parametrize(
    ("name", "address", "left"),
    [
        ("unsubscribed_email_audience_export.csv", "left@reader.example", datetime(2023, 7, 3, 12, 19, 27, tzinfo=UTC)),
        ("mailerlite.csv", "left@reader.example", datetime(2025, 3, 4, 8, tzinfo=UTC)),
        ("beehiiv.csv", "left2@reader.example", datetime(2024, 3, 13, 11, 33, 53, tzinfo=UTC)),
        ("own.csv", "left@reader.example", datetime(2025, 3, 5, 10, tzinfo=UTC)),
        ("kit.csv", "left@reader.example", AT),
    ],
)
def test_who_left_keeps_the_date(name: str, address: str, left: datetime) -> None:
    import_file(FOLDER / name, "kinaforum", at=AT)
    subscription = Subscription.objects.get(subscriber__key=address)
    assert (subscription.unsubscribed_at, subscription.returns) == (left, True)


def test_a_cleaned_address_keeps_its_date_and_reason() -> None:
    import_file(FOLDER / "cleaned_email_audience_export.csv", "kinaforum", at=AT)
    row = Suppression.objects.get()
    assert (row.reason, row.at) == ("bounced", datetime(2020, 3, 4, 17, 30, 5, tzinfo=UTC))
    assert not Subscription.objects.exists()


def test_a_state_that_a_tool_is_not_known_to_have_is_refused(tmp_path: Path) -> None:
    text = (FOLDER / "kit.csv").read_text(encoding="utf-8").replace("confirmed", "archived")
    (tmp_path / "kit.csv").write_text(text, encoding="utf-8")
    report = import_file(tmp_path / "kit.csv", "kinaforum", at=AT)
    assert [str(each.reason) for each in report.refused] == [
        "'archived' is not a known state; correct it, such as to active, or choose another column for it"
    ]
    assert receiving() == {"a1@reader.example"}


def test_left_elsewhere_is_of_this_newsletter_only_and_blocked_is_for_all(tmp_path: Path) -> None:
    import_file(FOLDER / "kit.csv", "kinaforum", at=AT)
    (older,) = older_lists(tmp_path, ["kit.csv"])
    import_file(older, "daily", consent="they asked for this one, too", at=AT)
    found = Subscription.objects.receiving_on("daily", AT.date()).values_list("subscriber__key", flat=True)
    assert {kind(each) for each in found} == {"a", "waits", "left"}
