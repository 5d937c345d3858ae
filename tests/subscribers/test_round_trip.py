"""What is exported from one site and imported into another is the same there; in one database, emptied in between."""

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from subscribers.addresses import read_address
from subscribers.erasure import forget
from subscribers.exporting import export_csv, export_suppressions
from subscribers.importing import FileProblem, import_blocked, import_file, undo_import
from subscribers.importing.blocking import export_hashes, has_hashes, import_hashes
from subscribers.models import Consent, EarlierKey, Fingerprint, Import, Subscriber, Subscription, Suppression
from subscribers.tokens import check_key
from tests.subscribers.make import AT, add_subscription

pytestmark = pytest.mark.django_db
FILES = ("readers.csv", "blocked.csv", "hashes.json")


def exported(folder: Path) -> list[str]:
    """What a site exports, as texts, and as files in a folder."""
    folder.mkdir(exist_ok=True)
    texts = []
    for name in FILES:
        file = io.StringIO(newline="")
        if name == "readers.csv":
            export_csv("kinaforum", file)
        elif name == "blocked.csv":
            export_suppressions("kinaforum", file)
        else:
            export_hashes(file)
        (folder / name).write_text(file.getvalue(), encoding="utf-8", newline="")
        texts.append(file.getvalue())
    return texts


def site_with_everything() -> None:
    active = add_subscription("kari@reader.example", tags=("film", "oslo"))
    Subscription.objects.filter(pk=active.pk).update(
        joined=AT, paused_until=date(2030, 1, 2), cadence="day", topics="film,music"
    )
    Consent.objects.create(subscription=active, how="form", wording="v2", text="=a form", at=AT, confirmed_at=AT,
                           language="nb", network="192.0.2.0/24", page="https://blog.example/")  # fmt: skip
    waits = add_subscription("waits@reader.example", state="pending")
    Consent.objects.create(subscription=waits, how="form", text="a form", at=AT)
    Subscription.objects.filter(pk=waits.pk).update(joined=None)
    again = add_subscription("again@reader.example", state="pending")  # left, and asked to be subscribed again
    Consent.objects.create(subscription=again, how="form", text="a form", at=AT)
    left = add_subscription("left@reader.example", state="unsubscribed")
    Subscription.objects.filter(pk=left.pk).update(joined=AT, unsubscribed_at=AT, reason="Too many, “really”")
    add_subscription("bounced@reader.example")
    Suppression.objects.suppress("bounced@reader.example", "bounced")
    Suppression.objects.suppress_domain("shut.example", "by hand", "a competitor")
    add_subscription("erased@reader.example")
    forget(read_address("erased@reader.example"))


def other_site(settings: Any) -> None:
    """Empty the database, and give the site another secret key."""
    for model in (Subscriber, Suppression, Import, EarlierKey, Fingerprint):
        model.objects.all().delete()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key, which is as long as the usual ones are", []
    check_key()


def rows(text: str) -> list[list[str]]:
    return sorted(csv.reader(io.StringIO(text, newline="")))


def test_nothing_differs_after_a_round_trip(tmp_path: Path, settings: Any) -> None:
    site_with_everything()
    before = exported(tmp_path)
    count = Suppression.objects.count()
    other_site(settings)
    assert has_hashes(tmp_path / "hashes.json")
    assert import_hashes(tmp_path / "hashes.json").suppressed == count
    assert import_hashes(tmp_path / "hashes.json").present == count  # a second time
    import_file(tmp_path / "readers.csv", "kinaforum")
    check_key()  # the keys that the hashes need are there
    after = exported(tmp_path / "again")
    refused = [row for row in rows(before[0]) if row not in rows(after[0])]
    assert [row[0] for row in refused] == ["bounced@reader.example"]  # blocked, and so not stored as a subscriber
    for address in ("erased@reader.example", "someone@shut.example", "bounced@reader.example"):
        (tmp_path / "new.csv").write_text(f"email\n{address}\n", encoding="utf-8")
        assert len(import_file(tmp_path / "new.csv", "kinaforum").refused) == 1
    assert (report := import_file(tmp_path / "readers.csv", "kinaforum")).present == report.lines - 1
    assert exported(tmp_path / "again")[0] == after[0]
    reasons = set(Suppression.objects.values_list("kind", "reason", "note"))
    assert reasons >= {("domain", "by hand", "a competitor"), ("address", "bounced", ""), ("address", "erased", "")}


def test_hashes_block_subscribers_who_are_here_already(tmp_path: Path, settings: Any) -> None:
    site_with_everything()
    exported(tmp_path)
    other_site(settings)
    add_subscription("erased@reader.example")
    import_hashes(tmp_path / "hashes.json")
    assert not Subscription.objects.receiving_on("kinaforum", AT.date()).exists()
    record = Import.objects.latest("pk")
    undo_import(record, AT)
    assert Subscription.objects.receiving_on("kinaforum", AT.date()).exists()


@pytest.mark.parametrize("line", ["no json", '{"kind": "address"}', "[1]"])
def test_a_damaged_file_of_hashes_is_refused(line: str, tmp_path: Path) -> None:
    site_with_everything()
    exported(tmp_path)
    with (tmp_path / "hashes.json").open("a", encoding="utf-8") as file:
        file.write(line + "\n")
    with pytest.raises(FileProblem, match="can't be read as the hashes of another site"):
        import_hashes(tmp_path / "hashes.json")


def test_people_and_blocks_move_by_the_files_for_other_tools_too(tmp_path: Path, settings: Any) -> None:
    site_with_everything()
    exported(tmp_path)
    other_site(settings)
    import_blocked(tmp_path / "blocked.csv", "by hand")
    import_file(tmp_path / "readers.csv", "kinaforum")
    states = dict(Subscription.objects.values_list("subscriber__key", "state"))
    assert states.get("left@reader.example") != "active"
    assert "bounced@reader.example" not in states
