"""Archives of other tools, made after what their documents and public migration tools say of them."""

import json
import zipfile
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from newsletter.feeds.archives import files as archive_files
from newsletter.feeds.archives.files import files_of
from newsletter.feeds.archives.old_issue import ArchiveProblem, LeftOut, OldIssue
from newsletter.feeds.archives.read import clean_issue, issues_of
from newsletter.messages import archives as messages

OSLO = ZoneInfo("Europe/Oslo")


def zipped(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write a ZIP archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def read(path: Path, base: str = "") -> tuple[dict[str, OldIssue], dict[str, str]]:
    """Return the issues of an archive by title, and the reason for each that is left out."""
    with files_of(path) as files:
        every: Iterable[OldIssue | LeftOut] = list(issues_of(files, OSLO, base))
    issues = {each.title: each for each in every if isinstance(each, OldIssue)}
    return issues, {each.name: each.reason.code for each in every if isinstance(each, LeftOut)}


def test_substack(tmp_path: Path) -> None:
    table = (
        "post_id,post_date,is_published,email_sent_at,inbox_sent_at,type,audience,title,subtitle,podcast_url\n"
        "11.first-light,2023-01-05T10:00:00.000Z,true,2023-01-05T10:01:00.000Z,,newsletter,everyone,First light,Begin,\n"  # noqa: E501
        "12.paid,2023-01-06T10:00:00.000Z,true,,,newsletter,only_paid,For payers,,\n"
        "13.draft,,false,,,newsletter,everyone,Unwritten,,\n"
        "14.lost,2023-01-07T10:00:00.000Z,true,,,newsletter,everyone,Lost,,\n"
        "15.about,2023-01-01T10:00:00.000Z,true,,,page,everyone,About,,\n"
    )
    files = {
        "export/posts.csv": table,
        "export/posts/11.first-light.html": "<p>Hello</p>",
        "export/posts/12.paid.html": "x",
        "export/posts/15.about.html": "<p>About us.</p>",
    }
    issues, left_out = read(zipped(tmp_path / "substack.zip", files), "https://old.example")
    issue = issues["First light"]
    assert issue.paths == ("/p/first-light",)
    assert issue.url == "https://old.example/p/first-light"
    assert issue.published == datetime(2023, 1, 5, 10, tzinfo=ZoneInfo("UTC"))
    assert issue.description == "Begin"
    assert left_out == {
        "For payers": messages.NOT_PUBLIC.code,
        "Unwritten": messages.NOT_SENT.code,
        "Lost": messages.NO_TEXT.code,
        "About": messages.PAGE.code,
    }


def test_mailchimp_finds_the_document_of_each_campaign(tmp_path: Path) -> None:
    table = (
        "Title,Subject,List,Send Date,Send Weekday,Total Recipients,Unique Id\n"
        'Week 3,The third week,Readers,"Jan 19, 2024 06:00 pm",Friday,20,abc123\n'
        "Week 4,The fourth week,Readers,,,0,abc124\n"
    )
    page = (
        '<html><body><div style="display:none">Preview</div><table><tr><td><table role="presentation"><tr><td>'
        '<h1>Hi *|FNAME|*</h1><p>See <a href="https://blog.example/two.html">two</a>.</p></td></tr></table></td></tr>'
        '<tr><td><a href="*|UNSUB|*">unsubscribe</a></td></tr></table></body></html>'
    )
    files = {"campaigns.csv": table, "campaigns_content/998_week-3.html": page, "campaigns_content/998_week-3.txt": "x"}
    issues, left_out = read(zipped(tmp_path / "mailchimp.zip", files))
    issue = issues["The third week"]
    assert issue.published == datetime(2024, 1, 19, 18, tzinfo=OSLO)
    clean = clean_issue(issue)
    assert clean.html == '<h1>Hi</h1><p>See <a href="https://blog.example/two.html">two</a>.</p>'
    assert clean.links == ("blog.example/two.html",)
    assert left_out == {"The fourth week": messages.NOT_SENT.code}


BUTTONDOWN = {
    "id": "em-1",
    "subject": "On bread",
    "body": "Dear {{ subscriber.metadata.name }},\n\n# Bread\n\nUse `{{ braces }}`.\n\n[Leave]({{ unsubscribe_url }})",
    "publish_date": "2022-03-04T05:06:07Z",
    "slug": "on-bread",
    "status": "sent",
    "email_type": "public",
    "absolute_url": "https://buttondown.com/baker/archive/on-bread/",
}


@pytest.mark.parametrize("form", ["csv", "json"])
def test_buttondown(tmp_path: Path, form: str) -> None:
    paid = {**BUTTONDOWN, "id": "em-2", "subject": "Paid", "email_type": "premium"}
    draft = {**BUTTONDOWN, "id": "em-3", "subject": "Draft", "status": "draft"}
    emails = [BUTTONDOWN, paid, draft]
    if form == "json":
        path = tmp_path / "emails.json"
        path.write_text(json.dumps({"results": emails, "count": 3}))
    else:
        lines = [",".join('"' + value.replace('"', '""') + '"' for value in each.values()) for each in emails]
        path = zipped(tmp_path / "buttondown.zip", {"emails.csv": "\n".join([",".join(BUTTONDOWN), *lines])})
    issues, left_out = read(path)
    issue = issues["On bread"]
    assert set(issue.paths) == {"/baker/archive/on-bread", "/archive/on-bread"}
    assert clean_issue(issue).html == "<p>Dear,</p><h1>Bread</h1><p>Use <code>{{ braces }}</code>.</p>"
    assert left_out == {"Paid": messages.NOT_PUBLIC.code, "Draft": messages.NOT_SENT.code}


def ghost_post(**fields: Any) -> dict[str, Any]:
    """Return a post of Ghost's export."""
    return {
        "id": "64",
        "uuid": "11111111-2222-4333-8444-555555555555",
        "title": "Spring",
        "slug": "spring",
        "html": '<p>Warm <img src="__GHOST_URL__/content/images/a.png"></p>',
        "type": "post",
        "status": "published",
        "visibility": "public",
        "published_at": "2021-04-01T08:00:00.000Z",
        **fields,
    }


def test_ghost(tmp_path: Path) -> None:
    posts = [
        ghost_post(),
        ghost_post(id="65", uuid="b", title="By email", slug="by-email", status="sent"),
        ghost_post(id="66", uuid="c", title="For members", visibility="members"),
        ghost_post(id="67", uuid="d", title="Unsent", status="draft"),
        ghost_post(id="68", uuid="e", title="About", type="page"),
    ]
    path = tmp_path / "ghost.json"
    path.write_text(json.dumps({"db": [{"meta": {"version": "5.80.0"}, "data": {"posts": posts}}]}))
    issues, left_out = read(path, "https://old.example/")
    assert issues["Spring"].paths == ("/spring", "/p/11111111-2222-4333-8444-555555555555")
    assert issues["By email"].paths == ("/email/b", "/p/b")
    assert 'src="https://old.example/content/images/a.png"' in clean_issue(issues["Spring"]).html
    assert issues.keys() == {"Spring", "By email"}
    assert left_out == {
        "For members": messages.NOT_PUBLIC.code,
        "Unsent": messages.NOT_SENT.code,
        "About": messages.PAGE.code,
    }


def test_listmonk(tmp_path: Path) -> None:
    campaign = {
        "id": 5,
        "uuid": "57702beb-6fae-4355-a324-c2fd5b59a549",
        "type": "regular",
        "name": "May",
        "subject": "News of May",
        "body": "<h3>Hi {{ .Subscriber.FirstName }}!</h3><p>Read.</p>",
        "content_type": "richtext",
        "status": "finished",
        "started_at": "2020-05-03T10:00:00.12345+02:00",
        "archive_slug": "may",
    }
    others = [
        {**campaign, "uuid": "b", "type": "optin"},
        {**campaign, "uuid": "c", "subject": "June", "status": "draft"},
    ]
    path = tmp_path / "campaigns.json"
    path.write_text(json.dumps({"data": {"results": [campaign, *others], "total": 3, "per_page": 20, "page": 1}}))
    issues, left_out = read(path)
    assert issues["News of May"].paths == ("/archive/may", f"/archive/{campaign['uuid']}")
    assert clean_issue(issues["News of May"]).html == "<h3>Hi!</h3><p>Read.</p>"
    assert left_out == {"June": messages.NOT_SENT.code}


def test_pages_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "old"
    (folder / "2019").mkdir(parents=True)
    page = (
        '<html><head><title>Letter 4 | Site</title><meta property="og:title" content="Letter 4">'
        '<link rel="canonical" href="https://old.example/letters/4/">'
        '<meta property="article:published_time" content="2019-05-03T09:00:00+02:00"></head><body><nav>Menu</nav>'
        "<article><h1>Letter 4</h1><p>Words.</p></article><footer>Foot</footer></body></html>"
    )
    (folder / "2019" / "4.html").write_text(page)
    (folder / "2019-06-01-five.md").write_text("# Letter 5\n\nMore words.\n")
    (folder / "six.md").write_text("---\ntitle: Letter 6\ndate: 2019-07-01\n---\n\n![A](pictures/a.png)\n")
    (folder / "seven.md").write_text("No date.\n")
    (folder / "index.html").write_text("<p>All letters</p>")
    (folder / "outside.md").symlink_to("/etc/hostname")
    issues, left_out = read(folder)
    assert {title: each.paths for title, each in issues.items()} == {
        "Letter 4": ("/letters/4",),
        "Letter 5": ("/2019-06-01-five", "/2019-06-01-five.md"),
        "Letter 6": ("/six", "/six.md"),
    }
    assert clean_issue(issues["Letter 4"]).html == "<p>Words.</p>"
    assert issues["Letter 6"].published == datetime(2019, 7, 1, 12, tzinfo=OSLO)
    assert 'src="https://archive.invalid/pictures/a.png"' in clean_issue(issues["Letter 6"]).html
    assert left_out == {"seven.md": messages.NO_DATE.code}


def test_a_file_that_is_larger_than_it_may_be_is_left_out(tmp_path: Path) -> None:
    files = {
        "2019-06-01-bomb.html": b"<p>" + b" " * (archive_files.LARGEST_DOCUMENT + 1),
        "2019-06-02-a.html": "<p>A</p>",
    }
    issues, left_out = read(zipped(tmp_path / "pages.zip", files))
    assert len(issues) == 1
    assert left_out == {"2019-06-01-bomb.html": messages.LARGE_FILE.code}


def test_an_archive_that_is_too_large_or_damaged_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "pages.zip", {f"2019-06-0{n}-a.html": "<p>A</p>" for n in range(1, 5)})
    (tmp_path / "damaged.zip").write_bytes(path.read_bytes()[:-30])
    with pytest.raises(ArchiveProblem) as damaged, files_of(tmp_path / "damaged.zip"):
        pass
    assert "can't be read" in str(damaged.value)
    monkeypatch.setattr(archive_files, "MOST_FILES", 3)
    with pytest.raises(ArchiveProblem) as large, files_of(path):
        pass
    assert "50,000 files" in str(large.value)
