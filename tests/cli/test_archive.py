"""`newsletter archive`: an edition leaves the public archive and returns to it."""

from pathlib import Path

import pytest
from django.utils import timezone

from newsletter.models import Act, Edition, State
from newsletter.sandbox import Sandbox
from tests.cli.conftest import Run
from tests.web import make

pytestmark = pytest.mark.django_db
EDITION = f"kinaforum/{make.PERIOD}"


def published() -> Edition:
    """An edition whose first message was accepted."""
    edition = make.draft("First")
    now = timezone.now()
    Edition.objects.filter(pk=edition.pk).update(state=State.SENT, began_at=now, published_at=now)
    return Edition.objects.get()


def test_an_edition_is_removed_and_returned(command: Run) -> None:
    published()
    assert f"newsletter archive restore {EDITION}" in command("archive", "remove", EDITION).out
    assert Edition.objects.get().removed_from_archive_at is not None
    assert command("archive", "restore", EDITION, "--json").document == {
        "edition": EDITION,
        "removed_from_archive_at": None,
    }
    assert Edition.objects.get().removed_from_archive_at is None
    assert Act.objects.count() == 2


def test_only_what_is_public_can_be_removed(command: Run) -> None:
    make.draft("First")
    refused = command("archive", "remove", EDITION, status=1)
    assert "none of its emails has been accepted yet" in refused.err


def test_old_issues_are_imported_listed_and_undone(
    command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sandbox, "run", lambda _sandbox, function, *arguments: function(*arguments))
    (tmp_path / "2019-05-03-bread.md").write_text("# On bread\n\nRye and wheat.\n")
    (tmp_path / "undated.md").write_text("# Undated\n\nWords.\n")
    import_it = ("archive", "import", str(tmp_path), "-n", "kinaforum")
    assert "An import would give: 1 issue added, 0 already here, 1 left out" in command(*import_it, "--dry-run").out
    document = command(*import_it, "--json").document
    assert (document["added"], document["present"], document["images_missing"]) == (1, 0, 0)
    assert [each["code"] for each in document["left_out"]] == ["archive.no-date"]
    assert "0 issues added, 1 already here" in command(*import_it).out
    assert "/2019-05-03-bread," in command("archive", "addresses", "-n", "kinaforum").out
    site = tmp_path / "site"
    assert f"files written to {site}" in command("archive", "export", str(site), "-n", "kinaforum").out
    assert (site / "n" / "kinaforum" / "issue-2019-05-03" / "index.html").is_file()
    assert "is not empty" in command("archive", "export", str(site), "-n", "kinaforum", status=1).err
    assert command("archive", "imports", "--json").document["imports"][1]["added"] == 1
    assert "1 edition deleted" in command("archive", "undo-import", str(document["import"]), "--yes").out
    assert not Edition.objects.exists()
    for form in ("csv", "caddy", "nginx"):
        printed = command("archive", "addresses", "-n", "kinaforum", "--format", form)
        assert "kinaforum has no old addresses" in printed.err
        assert printed.out == ("old path,new address\n" if form == "csv" else "")
    assert "was undone before" in command("archive", "undo-import", str(document["import"]), "--yes", status=1).err
    assert "--url must be an address" in command(*import_it, "--url", "old.example", status=2).err


def test_images_that_could_not_be_fetched_are_named_with_the_reason(
    command: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is no file of the folder, and the others are at a server that refuses connections."""
    monkeypatch.setattr(Sandbox, "run", lambda _sandbox, function, *arguments: function(*arguments))
    images = "".join(f"![{n}](http://127.0.0.1:9/{n}.png)\n\n" for n in range(1, 5))
    (tmp_path / "2019-05-03-bread.md").write_text(f"# On bread\n\n![A loaf](pictures/loaf.png)\n\n{images}Rye.\n")
    printed = command("archive", "import", str(tmp_path), "-n", "kinaforum").out
    assert "5 images could not be fetched:" in printed
    assert "  pictures/loaf.png: there is no such file in the archive; add it there" in printed
    reasons = [line for line in printed.splitlines() if line.startswith("  http://127.0.0.1:9/")]
    assert [line.partition(".png: ")[0] for line in reasons] == ["  http://127.0.0.1:9/1", "  http://127.0.0.1:9/2"]
    assert all(line.partition(".png: ")[2] for line in reasons)
    assert "  … and 2 more" in printed
    assert "Import the same file again to retry" in printed
