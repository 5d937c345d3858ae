"""What the commands up to approval do: init, check, try, collect, draft, show, preview, lint, edit, approve."""

import json
from pathlib import Path

import pytest

from newsletter import config
from newsletter.jobs.states import change
from newsletter.models import Edition, State
from tests import settings
from tests.cli.conftest import Run
from tests.doubles.feeds import Blog, Web, article
from tests.factories import DAY, HOUR, NOW

pytestmark = pytest.mark.django_db

EDITION = "kinaforum/2026-W06"
WEEK = ["--week", "2026-W06"]
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>A blog</title>
<item><title>One</title><link>/one</link><guid>1</guid><pubDate>Fri, 06 Feb 2026 12:00:00 +0100</pubDate>
<description>&lt;p&gt;Words.&lt;/p&gt;</description></item>
<item><title>Two</title><link>/two</link><pubDate>Thu, 05 Feb 2026 12:00:00 +0100</pubDate></item>
</channel></rss>"""


@pytest.fixture
def blog(monkeypatch: pytest.MonkeyPatch) -> Blog:
    """The blog behind the configured source, with three articles."""
    blog = Blog("http://127.0.0.1:9/")
    blog.articles = [article("a", NOW - DAY), article("b", NOW - 2 * DAY), article("c", NOW - 3 * DAY)]
    monkeypatch.setattr("newsletter.jobs.collect.read", Web({blog.address: blog}).read)
    monkeypatch.setattr("newsletter.jobs.addresses.missing", lambda *_, **__: frozenset())
    return blog


def numbers(document: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    """Title → number of the posts of an edition."""
    return {p["title"]: p["id"] for p in document["posts"]}


def test_init_writes_a_configuration_that_holds_and_overwrites_nothing(command: Run, tmp_path: Path) -> None:
    files = command("init", "mine", "--templates", "--json").document["files"]
    assert files == ["mine/config.toml", "mine/templates/edition.mjml"]
    assert config.load(tmp_path / "mine" / "config.toml", {}).newsletters
    (tmp_path / "mine" / "config.toml").write_text("mine", encoding="utf-8")
    told = command("init", "mine", status=1).sentence
    assert told == "mine/config.toml is there already and is left as it is; give another folder"
    assert (tmp_path / "mine" / "config.toml").read_text(encoding="utf-8") == "mine"


def test_check_says_of_each_thing_how_it_is(command: Run) -> None:
    checks = {c["about"]: c["verdict"] for c in command("check", "--json").document["checks"]}
    assert checks["database"] == checks["kinaforum: links"] == checks["kinaforum: templates"] == "good"


def test_check_ends_with_1_where_something_is_bad(command: Run, tmp_path: Path) -> None:
    text = (tmp_path / "config.toml").read_text(encoding="utf-8").replace('"file"', '"mailgun"')
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    told = command("check", status=1)
    assert told.err.startswith("kinaforum: links: site.url is http://localhost:8000: readers could not follow")


def test_try_shows_what_a_file_would_give_and_stores_nothing(command: Run, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(FEED, encoding="utf-8")
    document = command("try", "feed.xml", "--base", "https://x.example/feed", "--json").document
    assert (document["type"], document["title"]) == ("feed", "A blog")
    first, second = document["posts"]
    assert (first["id"], first["title"], first["url"]) == ("1", "One", "https://x.example/one")
    assert (first["published"], first["has_body"]) == ("2026-02-06T12:00:00+01:00", True)
    assert second["id"] == second["url"] == "https://x.example/two"
    assert command("editions", "--json").document == {"editions": []}


def test_try_needs_no_configuration(command: Run, tmp_path: Path) -> None:
    (tmp_path / "config.toml").unlink()
    (tmp_path / "feed.xml").write_text(FEED, encoding="utf-8")
    assert len(command("try", "feed.xml", "--json").document["posts"]) == 2


def test_try_may_be_bounded_in_time(command: Run, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(FEED, encoding="utf-8")
    document = command("try", "feed.xml", "--since", "2026-02-05", "--until", "2026-02-06", "--json").document
    assert [p["title"] for p in document["posts"]] == ["Two"]


def test_try_of_what_is_no_feed_is_one_sentence(command: Run, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text("nothing of the kind", encoding="utf-8")
    assert command("try", "feed.xml", status=1).sentence.startswith("feed.xml: is no feed")


def test_collect_tells_of_each_source(command: Run, blog: Blog) -> None:
    assert command("collect", "--json").document == {
        "sources": [
            {"newsletter": "kinaforum", "url": blog.address, "type": "feed", "new": 3, "changed": 0, "problem": None}
        ]
    }


def test_collect_ends_with_1_where_every_source_failed(command: Run, blog: Blog) -> None:
    blog.up = False
    told = command("collect", "--json", status=1)
    assert json.loads(told.out)["sources"][0]["problem"] == f"{blog.address}: does not answer"
    assert told.err == "no source could be read whole; each is named above with what to do\n"


def test_draft_prints_the_edition_in_full(command: Run, blog: Blog) -> None:
    document = command("draft", "kinaforum", *WEEK, "--json").document
    assert (document["edition"], document["state"], document["revision"]) == (EDITION, "draft", 1)
    assert (document["since"], document["until"]) == ("2026-02-02T00:00:00+01:00", "2026-02-09T00:00:00+01:00")
    assert document["days"][0] == {"day": "2026-02-05", "heading": "torsdag 5. februar 2026", "posts": 1}
    assert document["subject"] == "Kinaforum, uke 6: Title of a"
    assert [p["reason"] for p in document["posts"]] == ["in the window"] * 3
    assert command("show", EDITION, "--json").document["posts"] == document["posts"]


@pytest.mark.parametrize(
    ("options", "name", "titles"),
    [
        (["--day", "2026-02-05"], "kinaforum/2026-02-05", ["Title of a"]),
        (["--month", "2026-02"], "kinaforum/2026-02", ["Title of a", "Title of b", "Title of c"]),
        (["--since", "2026-02-04T00:00", "--until", "2026-02-05"], EDITION, ["Title of b"]),
        (["--until", "2026-02-05T00:00+01:00"], EDITION, ["Title of b", "Title of c"]),
    ],
)
def test_other_windows_may_be_asked_for(
    command: Run, blog: Blog, options: list[str], name: str, titles: list[str]
) -> None:
    document = command("draft", "kinaforum", *options, "--json").document
    assert document["edition"] == name
    assert [p["title"] for p in document["posts"] if p["included"]] == titles


def test_draft_without_collecting_uses_what_is_there(command: Run, blog: Blog) -> None:
    command("collect")
    blog.articles.append(article("d", NOW))
    document = command("draft", "kinaforum", *WEEK, "--no-collect", "--json").document
    assert len(document["posts"]) == 3


def test_people_are_told_in_words(command: Run, blog: Blog) -> None:
    told = command("draft", "kinaforum", *WEEK)
    assert told.out == f"{EDITION} is a draft, revision 1: 3 posts on 3 days, 0 left out\n"
    assert "kinaforum/2026-W06" in command("editions").out
    shown = command("show", EDITION).out
    assert "torsdag" not in shown
    assert "Title of a" in shown
    assert "in the window" in shown


def test_an_empty_draft_says_which_post_is_the_newest(command: Run, blog: Blog) -> None:
    told = command("draft", "kinaforum", "--week", "2026-W20")
    assert told.err == "the window has no post; the newest one known is of 2026-02-05\n"


def test_preview_writes_three_files_and_their_sizes(command: Run, blog: Blog, tmp_path: Path) -> None:
    command("draft", "kinaforum", *WEEK)
    document = command("preview", EDITION, "--out", "seen", "--json").document
    assert document["revision"] == 1
    for kind, name in (("html", "edition.html"), ("text", "edition.txt"), ("eml", "edition.eml")):
        assert document["files"][kind] == f"seen/{name}"
        size = document["bytes"]["mail" if kind == "eml" else kind]
        assert (tmp_path / "seen" / name).stat().st_size == size


def test_preview_names_the_posts_that_were_shortened(command: Run, blog: Blog, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    text = file.read_text(encoding="utf-8").replace(
        "[newsletters.kinaforum]", '[newsletters.kinaforum]\nmaximum_size = "10 KB"', 1
    )
    file.write_text(text, encoding="utf-8")
    command("draft", "kinaforum", *WEEK)
    told = command("preview", EDITION, "--out", "seen").out
    assert "shortened to stay below maximum_size: “Title of a”, “Title of b”, “Title of c”" in told


def test_lint_ends_with_1_on_an_error_alone(command: Run, blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    command("draft", "kinaforum", *WEEK)
    assert command("lint", EDITION, "--json").document["revision"] == 1
    command("edit", EDITION, "--subject", "{{ left over }}")
    told = command("lint", EDITION, "--json", status=1)
    assert "error" in {f["level"] for f in json.loads(told.out)["lint"]}
    assert told.err.startswith(f"{EDITION} has ")


def test_edit_changes_words_and_posts(command: Run, blog: Blog, tmp_path: Path) -> None:
    known = numbers(command("draft", "kinaforum", *WEEK, "--json").document)
    (tmp_path / "closing.md").write_text("*Bye.*", encoding="utf-8")
    document = command("edit", EDITION, "--subject", "Mine", "--preheader", "A line", "--closing", "closing.md",
                       "--leave-out", known["Title of a"], "--pin", known["Title of c"], "--json").document  # fmt: skip
    assert (document["subject"], document["preheader"], document["revision"]) == ("Mine", "A line", 4)
    assert {p["title"]: p["reason"] for p in document["posts"]}["Title of a"] == "left out by an editor"
    document = command("edit", EDITION, "--include", known["Title of a"], "--json").document
    assert {p["title"]: p["reason"] for p in document["posts"]}["Title of a"] == "included by an editor"


def test_edit_without_a_change_is_a_wrong_line(command: Run, blog: Blog) -> None:
    command("draft", "kinaforum", *WEEK)
    assert "nothing to change was given" in command("edit", EDITION, status=2).sentence


def test_edits_of_one_line_are_made_together_or_not_at_all(command: Run, blog: Blog) -> None:
    command("draft", "kinaforum", *WEEK)
    told = command("edit", EDITION, "--subject", "Mine", "--pin", "999", status=1).sentence
    assert f"{EDITION} has no post 999" in told
    assert command("show", EDITION, "--json").document["subject"] == "Kinaforum, uke 6: Title of a"


def test_a_greeting_that_is_no_text_is_one_sentence(command: Run, blog: Blog, tmp_path: Path) -> None:
    command("draft", "kinaforum", *WEEK)
    (tmp_path / "greeting.md").write_bytes(b"\xff\xfe\x00nonsense")
    told = command("edit", EDITION, "--greeting", "greeting.md", status=1).sentence
    assert told == "greeting.md: is no text in UTF-8; save it as that"
    assert command("edit", EDITION, "--greeting", "no.md", status=1).sentence == "no.md: No such file or directory"


def test_approve_and_reopen_tell_what_happens_next(command: Run, blog: Blog) -> None:
    command("draft", "kinaforum", *WEEK)
    told = command("approve", EDITION, "--revision", "1").out
    assert told == f"{EDITION} is approved at revision 1; 'newsletter send {EDITION}' sends it\n"
    assert "is approved, not a draft" in command("approve", EDITION, status=1).sentence
    assert command("reopen", EDITION).out == f"{EDITION} is a draft again, revision 1\n"


def test_lint_errors_may_be_overruled_by_name(command: Run, blog: Blog) -> None:
    command("draft", "kinaforum", *WEEK)
    command("edit", EDITION, "--subject", "{{ left over }}")
    told = command("approve", EDITION, status=1).sentence
    codes = told.rpartition("--despite-lint ")[2]
    assert command("approve", EDITION, "--despite-lint", f" {codes} ,", "--json").document["state"] == "approved"


def test_a_correction_is_an_edition_of_the_same_newsletter(command: Run, blog: Blog) -> None:
    command("draft", "kinaforum", *WEEK)
    command("approve", EDITION)
    edition = Edition.objects.get()
    for state in (State.QUEUED, State.SENDING, State.SENT):
        change(edition, state, began_at=NOW)
    document = command("draft", "kinaforum", "--correct", EDITION, "--json").document
    assert (document["edition"], document["posts"]) == (f"{EDITION}.2", [])


def test_a_correction_of_another_newsletters_edition_is_refused(command: Run, tmp_path: Path) -> None:
    daily = settings.TEXT[settings.TEXT.index("[newsletters.daily]") : settings.TEXT.index("[collect]")]
    with (tmp_path / "config.toml").open("a", encoding="utf-8") as file:
        file.write(daily)
    times = {"since": NOW, "until": NOW + HOUR, "created_at": NOW, "refreshed_at": NOW, "began_at": NOW}
    Edition.objects.create(newsletter="daily", period="2026-02-06", **times)
    told = command("draft", "kinaforum", "--correct", "daily/2026-02-06", status=1).sentence
    assert told == "daily/2026-02-06 is no edition of kinaforum"


def test_editions_of_a_newsletter_that_is_configured_no_more_are_listed(command: Run) -> None:
    Edition.objects.create(
        newsletter="gone", period="2026-W06", since=NOW, until=NOW + HOUR, created_at=NOW, refreshed_at=NOW
    )
    assert "gone/2026-W06" in command("editions").out
    told = command("show", "gone/2026-W06", status=1).sentence
    assert told == "there is no newsletter 'gone'; config.toml has kinaforum"


def test_manage_hands_everything_on(command: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert "newsletter" in command("manage", "showmigrations", "--list").out
