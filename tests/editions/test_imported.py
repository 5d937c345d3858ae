"""Editions of another tool: in the archive once, mailed to nobody, and what was sent there is not sent again."""

from datetime import datetime
from pathlib import Path

import pytest
from django.test import Client
from PIL import Image as PillowImage

from newsletter import config
from newsletter.editions import approval
from newsletter.editions.imported import archive_import, old_addresses
from newsletter.editions.imported.archive_import import ImportResult, import_archive, import_of, undo_import
from newsletter.editions.problems import Impossible
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.messages import Problem, archives as messages, posts as post_messages
from newsletter.models import ArchiveImport, Edition, ImportedEdition, OldAddress
from newsletter.sandbox import Sandbox
from newsletter.web.archive import queries, views as archive_views
from tests.factories import (
    DAY,
    HOUR,
    NAME,
    NOW,
    collected,
    configured,
    drafted,
    found,
    inside,
    kinaforum,
    post,
    reasons,
)
from tests.write_transactions import recorded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_this_process")]


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read archives in this process: a child takes a second to start, and tests of the sandbox have it."""
    monkeypatch.setattr(Sandbox, "run", lambda _sandbox, function, *arguments: function(*arguments))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two issues of the old tool, the second with a picture and a link to a post of the blog."""
    place = tmp_path / "old"
    place.mkdir()
    (place / "2019-05-03-bread.md").write_text("# On bread\n\nRye and *wheat*.\n")
    (place / "2026-02-04-week-6.md").write_text(
        "# Week 6\n\n![A loaf](loaf.png)\n\nRead [about salt](https://www.kinaforum.example/salt.html?utm_source=mail).\n"
    )
    PillowImage.new("RGB", (40, 30), "red").save(place / "loaf.png")
    archive_views._email.cache_clear()
    configured()
    return place


def imported(folder: Path, now: datetime = NOW) -> ImportResult:
    """Import the folder."""
    return import_archive(config.current(), kinaforum(), folder, now=now)


def test_issues_are_in_the_archive_its_search_and_the_feed_with_their_dates(folder: Path, client: Client) -> None:
    assert imported(folder).added == 2
    assert [each.subject for each in queries.listed(NAME)] == ["Week 6", "On bread"]
    assert [each.subject for each in queries.listed(NAME, "wheat")] == ["On bread"]
    page = client.get(f"/n/{NAME}/issue-2019-05-03/").content.decode()
    assert page.count("On bread</h1>") == 1
    assert "<em>wheat</em>" in page or "wheat</em>" in page
    assert "2019-05-03" in page
    feed = client.get(f"/n/{NAME}/feed.atom").content.decode()
    assert feed.count("<entry>") == 2
    assert "2019-05-03T10:00:00" in feed
    assert "3. mai 2019" in page
    assert "3 May 2019" in client.get(f"/n/{NAME}/", headers={"Accept-Language": "en"}).content.decode()


def test_images_are_served_here(folder: Path, client: Client) -> None:
    imported(folder)
    html = Edition.objects.get(period="issue-2026-02-04").approved_content.html
    start = html.index("/images/")
    response = client.get(html[start : html.index('"', start)])
    assert response.status_code == 200
    assert response["Content-Type"] == "image/png"
    response.close()
    assert "archive.invalid" not in html


@pytest.mark.parametrize("path", ["/2019-05-03-bread", "/2019-05-03-bread/", "/2019-05-03-bread.md?utm_source=x"])
def test_old_paths_lead_to_the_edition(folder: Path, client: Client, path: str) -> None:
    assert client.get(path).status_code == 404
    imported(folder)
    response = client.get(path)
    assert (response.status_code, response["Location"]) == (301, f"/n/{NAME}/issue-2019-05-03/")
    assert client.post(path).status_code == 404


def test_an_address_of_a_subscriber_comes_before_an_old_path(folder: Path, client: Client) -> None:
    """Substack's posts are at /p/<slug>, as are subscribers' own pages."""
    imported(folder)
    OldAddress.objects.filter(path="/2019-05-03-bread").update(path="/p/bread")
    assert client.get("/p/bread").status_code == 301
    assert client.get("/p/butter").status_code == 404


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("csv", "/2019-05-03-bread,https://site.example/n/kinaforum/issue-2019-05-03/"),
        ("nginx", '"/2019-05-03-bread/" https://site.example/n/kinaforum/issue-2019-05-03/;'),
        ("caddy", "redir /2019-05-03-bread https://site.example/n/kinaforum/issue-2019-05-03/ permanent"),
    ],
)
def test_the_table_for_a_server_in_front(folder: Path, form: old_addresses.ProxyFormat, line: str) -> None:
    imported(folder)
    assert line in list(old_addresses.proxy_lines(NAME, "https://site.example", form))


def test_the_same_archive_twice_adds_nothing(folder: Path) -> None:
    imported(folder)
    before = list(Edition.objects.values_list("pk", "revision"))
    second = imported(folder)
    assert (second.added, second.present) == (0, 2)
    assert list(Edition.objects.values_list("pk", "revision")) == before


def test_an_import_that_was_interrupted_goes_on(folder: Path) -> None:
    class Killed(BaseException):
        pass

    def step(done: int, total: int) -> None:
        if done == 1:
            raise Killed

    with pytest.raises(Killed):
        import_archive(config.current(), kinaforum(), folder, now=NOW, job=1, step=step)
    assert Edition.objects.count() == 1
    result = import_archive(config.current(), kinaforum(), folder, now=NOW, job=1)
    assert (result.added, result.present) == (2, 0)
    assert Edition.objects.count() == 2
    assert ArchiveImport.objects.get().added == 2


def test_a_post_that_was_sent_there_is_not_sent_again(folder: Path) -> None:
    collected(found("salt", NOW - 3 * DAY), found("pepper", NOW - 2 * DAY))
    draft = drafted()
    assert inside(draft) == ["Post pepper", "Post salt"]
    imported(folder)
    assert inside(draft) == ["Post pepper"]
    assert post("salt").refusal == post_messages.SENT_ELSEWHERE()


def test_nor_is_one_that_is_found_later(folder: Path) -> None:
    imported(folder)
    collected(found("salt", NOW - 3 * DAY), found("pepper", NOW - 2 * DAY))
    assert inside(drafted()) == ["Post pepper"]


def test_a_post_of_after_the_issue_is_sent(folder: Path) -> None:
    """An issue may announce an address; what is published there later was in no edition."""
    imported(folder)
    collected(found("salt", NOW - HOUR))
    assert inside(drafted()) == ["Post salt"]


def test_a_post_that_an_approved_edition_has_is_out_once_that_is_cancelled(folder: Path) -> None:
    collected(found("salt", NOW - 3 * DAY), found("pepper", NOW - 2 * DAY))
    edition = approval.approve(config.current(), drafted(), now=NOW)
    imported(folder)
    assert inside(edition) == ["Post pepper", "Post salt"]
    approval.cancel(edition, now=NOW)
    assert inside(drafted()) == ["Post pepper"]


def test_undoing_deletes_the_editions_and_frees_the_posts(folder: Path, client: Client) -> None:
    collected(found("salt", NOW - 3 * DAY), found("pepper", NOW - 2 * DAY))
    draft = drafted()
    number = imported(folder).number
    assert number is not None
    assert undo_import(config.current(), import_of(number), now=NOW) == 2
    assert inside(draft) == ["Post pepper", "Post salt"]
    assert not ImportedEdition.objects.exists()
    assert client.get("/2019-05-03-bread").status_code == 404
    with pytest.raises(Impossible):
        undo_import(config.current(), import_of(number), now=NOW)
    assert imported(folder).added == 2


def test_a_post_that_is_free_only_months_later_is_too_late(folder: Path) -> None:
    collected(found("salt", NOW - 3 * DAY))
    number = imported(folder).number
    assert number is not None
    later = NOW + 60 * DAY
    collected(found("salt", NOW - 3 * DAY), found("pepper", later - DAY), now=later)
    undo_import(config.current(), import_of(number), now=later)
    draft = drafted(later)
    assert (inside(draft), reasons(draft)["Post salt"]) == (["Post pepper"], "too old to be included")


def test_nothing_is_done_with_an_imported_edition(folder: Path) -> None:
    """It is in no state that anything is sent from, and decides about no post."""
    imported(folder)
    edition = Edition.objects.get(period="issue-2026-02-04")
    for act in (approval.approve, approval.queue):
        with pytest.raises(Problem):
            act(config.current(), edition, now=NOW)
    for change in (approval.reopen, approval.cancel):
        with pytest.raises(Problem):
            change(edition, now=NOW)
    collected(found("pepper", NOW - 2 * DAY))
    assert drafted().period == "2026-W06"


def test_missing_images_are_fetched_when_it_is_imported_again(folder: Path) -> None:
    (folder / "loaf.png").rename(folder / "elsewhere.png")
    first = imported(folder)
    assert first.images_missing == 1
    assert [(each.address, each.reason.code) for each in first.missing] == [("loaf.png", messages.NO_IMAGE.code)]
    (folder / "elsewhere.png").rename(folder / "loaf.png")
    second = imported(folder)
    assert (second.added, second.present, second.images_missing) == (0, 2, 0)
    assert "/images/" in Edition.objects.get(period="issue-2026-02-04").approved_content.html


def test_an_issue_that_cannot_be_rendered_leaves_the_others(folder: Path) -> None:
    (folder / "2026-02-05-empty.md").write_text("# Empty\n")
    (folder / "2027-01-01-ahead.md").write_text("# Ahead\n\nWords.\n")
    result = imported(folder)
    assert result.added == 2
    assert {each.name for each in result.left_out} == {"Empty", "Ahead"}


def test_a_dry_run_changes_nothing(folder: Path) -> None:
    result = import_archive(config.current(), kinaforum(), folder, now=NOW, dry_run=True)
    assert (result.added, result.number) == (2, None)
    assert not Edition.objects.exists()
    assert not ArchiveImport.objects.exists()


def test_drafts_are_decided_one_by_one_and_an_interrupted_undo_is_finished_by_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collected(found("salt", published=NOW - 3 * DAY, url="https://www.kinaforum.example/salt.html"))
    drafts = [drafted(), drafted(asked=RequestedWindow(since=NOW - 5 * DAY, until=NOW))]
    record = import_of(imported(folder).number or 0)
    assert [inside(draft) for draft in drafts] == [[], []]

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(archive_import, "decide_drafts_again", killed)
        with pytest.raises(KeyboardInterrupt):
            undo_import(config.current(), record, now=NOW)
    assert [inside(draft) for draft in drafts] == [[], []]
    with recorded() as recorder:
        undo_import(config.current(), record, now=NOW)
    assert [inside(draft) for draft in drafts] == [["Post salt"], ["Post salt"]]
    assert len([each for each in recorder.of("redeciding.decide_drafts_again") if each.statements]) == len(drafts)
    with pytest.raises(Impossible):
        undo_import(config.current(), record, now=NOW)
