"""What the commands up to approval do: init, check, try, collect, draft, show, preview, lint, edit, approve."""

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from newsletter import config
from newsletter.editions.states import change
from newsletter.models import Edition, State
from tests import settings
from tests.cli.conftest import Run
from tests.doubles.blog import BlogServer, Entry
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
    monkeypatch.setattr("newsletter.collecting.collect.read", Web({blog.address: blog}).read)
    monkeypatch.setattr("newsletter.editions.selection.link_check.missing", lambda *_, **__: frozenset())
    return blog


def numbers(document: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    """Title → number of the posts of an edition."""
    return {p["title"]: p["id"] for p in document["posts"]}


def test_init_writes_a_valid_configuration_and_overwrites_nothing(command: Run, tmp_path: Path) -> None:
    files = command("init", "mine", "--templates", "--json").document["files"]
    assert files == ["mine/config.toml", "mine/templates/edition.mjml"]
    assert config.load(tmp_path / "mine" / "config.toml", {}).newsletters
    (tmp_path / "mine" / "config.toml").write_text("mine", encoding="utf-8")
    told = command("init", "mine", status=1).sentence
    assert told == "mine/config.toml exists already and was not changed; choose another folder"
    assert (tmp_path / "mine" / "config.toml").read_text(encoding="utf-8") == "mine"


def test_init_with_a_blog_writes_a_configuration_that_makes_a_draft(command: Run, tmp_path: Path) -> None:
    with BlogServer([Entry(f"p{n}", datetime.now(UTC) - timedelta(hours=n + 1)) for n in range(3)]) as served:
        words = ("init", "site", "--blog", served.url, "--allow-private-addresses", "--json")
        written = command(*words).document
        assert (written["newsletter"], written["title"], written["posts"]) == ("a-blog", "A blog", 3)
        draft = command("--config", "site/config.toml", "draft", "a-blog", "--json").document
        assert sum(day["posts"] for day in draft["days"]) == 3


def test_init_says_why_a_blog_cannot_be_read(command: Run, tmp_path: Path) -> None:
    with BlogServer() as served:
        sentence = command("init", "site", "--blog", served.url, status=1).sentence
    assert sentence.endswith("127.0.0.1 is not a public address; use --allow-private-addresses if that is intended")
    assert not (tmp_path / "site").exists()


def test_demo_without_its_packages_says_how_to_install_them(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "aiosmtpd" or ".demo." in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "aiosmtpd", None)
    sentence = command("demo", "--once", "--no-open", status=1).sentence
    assert sentence == "the demo needs the package aiosmtpd; install it with: pip install 'newsletter[demo]'"


def test_check_reports_each_finding(command: Run) -> None:
    checks = {c["about"]: c["verdict"] for c in command("check", "--json").document["checks"]}
    assert checks["database"] == checks["kinaforum: links"] == checks["kinaforum: templates"] == "good"


def test_check_ends_with_1_if_something_is_wrong(command: Run, tmp_path: Path) -> None:
    text = (tmp_path / "config.toml").read_text(encoding="utf-8").replace('"file"', '"mailgun"')
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    told = command("check", status=1)
    assert told.err.startswith("kinaforum: links: site.url is http://localhost:8000, and ")


def test_try_shows_the_posts_of_a_file_and_stores_nothing(command: Run, tmp_path: Path) -> None:
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


def test_try_accepts_a_time_span(command: Run, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text(FEED, encoding="utf-8")
    document = command("try", "feed.xml", "--since", "2026-02-05", "--until", "2026-02-06", "--json").document
    assert [p["title"] for p in document["posts"]] == ["Two"]


def test_try_without_a_feed_is_one_sentence(command: Run, tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_text("nothing of the kind", encoding="utf-8")
    assert command("try", "feed.xml", status=1).sentence.startswith("feed.xml: is not a feed")


def test_collect_reports_each_source(command: Run, blog: Blog) -> None:
    assert command("collect", "--json").document == {
        "sources": [
            {
                "newsletter": "kinaforum",
                "url": blog.address,
                "type": "feed",
                "new": 3,
                "changed": 0,
                "problem": None,
                "problem_code": None,
            }
        ]
    }


def test_collect_ends_with_1_if_every_source_failed(command: Run, blog: Blog) -> None:
    blog.up = False
    told = command("collect", "--json", status=1)
    assert json.loads(told.out)["sources"][0]["problem"] == f"{blog.address}: does not answer"
    assert told.err == "no source could be read completely; the problems are listed above\n"


def test_draft_prints_the_edition_in_full(command: Run, blog: Blog) -> None:
    document = command("draft", "kinaforum", *WEEK, "--json").document
    assert (document["edition"], document["state"], document["revision"]) == (EDITION, "draft", 1)
    assert (document["since"], document["until"]) == ("2026-02-02T00:00:00+01:00", "2026-02-09T00:00:00+01:00")
    assert document["days"][0] == {"day": "2026-02-05", "heading": "torsdag 5. februar 2026", "posts": 1}
    assert document["subject"] == "Kinaforum, uke 6: Title of a"
    assert [p["reason"] for p in document["posts"]] == ["published in this period"] * 3
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
def test_other_periods_can_be_requested(
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


def test_draft_prints_a_summary(command: Run, blog: Blog) -> None:
    told = command("draft", "kinaforum", *WEEK)
    assert told.out == f"{EDITION}: draft, revision 1, 3 posts on 3 days, 0 not included\n"
    assert "kinaforum/2026-W06" in command("editions").out
    shown = command("show", EDITION).out
    assert "torsdag" not in shown
    assert "Title of a" in shown
    assert "published in this period" in shown


def test_an_empty_draft_says_which_post_is_the_newest(command: Run, blog: Blog) -> None:
    told = command("draft", "kinaforum", "--week", "2026-W20")
    assert told.err == "no posts in this period; the newest known post is from 2026-02-05\n"


def test_preview_writes_three_files_and_their_sizes(command: Run, blog: Blog, tmp_path: Path) -> None:
    command("draft", "kinaforum", *WEEK)
    document = command("preview", EDITION, "--out", "seen", "--json").document
    assert document["revision"] == 1
    for kind, name in (("html", "edition.html"), ("text", "edition.txt"), ("eml", "edition.eml")):
        assert document["files"][kind] == f"seen/{name}"
        size = document["bytes"]["mail" if kind == "eml" else kind]
        assert (tmp_path / "seen" / name).stat().st_size == size


def test_show_and_preview_list_the_variants(command: Run, blog: Blog, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(file.read_text("utf-8") + '[newsletters.kinaforum.topics.a]\nwords = ["a"]\n', encoding="utf-8")
    (tmp_path / "readers.csv").write_text("email,topics\na@reader.example,a\nb@reader.example,\n", encoding="utf-8")
    command("subscribers", "import", "readers.csv", "--newsletter", "kinaforum", "--consent", "a form")
    command("draft", "kinaforum", *WEEK)
    listed = command("preview", EDITION, "--json").document["variants"]
    assert [(each["readers"], each["topics"], each["lint"]) for each in listed] == [(1, [[]], []), (1, [["a"]], [])]
    assert "Variants" in command("preview", EDITION).out
    assert command("show", EDITION, "--json").document["variants"] is None
    command("approve", EDITION)
    assert [each["subject"] for each in command("show", EDITION, "--json").document["variants"]] == [
        each["subject"] for each in listed
    ]


def test_preview_names_the_posts_that_were_shortened(command: Run, blog: Blog, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    text = file.read_text(encoding="utf-8").replace(
        "[newsletters.kinaforum]", '[newsletters.kinaforum]\nmaximum_size = "10 KB"', 1
    )
    file.write_text(text, encoding="utf-8")
    command("draft", "kinaforum", *WEEK)
    told = command("preview", EDITION, "--out", "seen").out
    assert "shortened to stay below maximum_size: “Title of a”, “Title of b”, “Title of c”" in told


def test_preview_says_if_there_are_no_problems(command: Run, blog: Blog) -> None:
    command("draft", "kinaforum", *WEEK)
    assert command("preview", EDITION, "--out", "seen").out.endswith("No problems found.\n")


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
    assert {p["title"]: p["reason"] for p in document["posts"]}["Title of a"] == "removed by an editor"
    document = command("edit", EDITION, "--include", known["Title of a"], "--json").document
    assert {p["title"]: p["reason"] for p in document["posts"]}["Title of a"] == "added by an editor"


def test_edit_changes_headlines_and_texts_of_posts(command: Run, blog: Blog, tmp_path: Path) -> None:
    known = numbers(command("draft", "kinaforum", *WEEK, "--json").document)
    (tmp_path / "b.md").write_text("Written by *us*.", encoding="utf-8")
    number = known["Title of a"]
    command("edit", EDITION, "--retitle", f"{number}=Boats = ships", "--rewrite", f"{number}=b.md")
    command("preview", EDITION, "--out", "out")
    shown = (tmp_path / "out" / "edition.txt").read_text(encoding="utf-8")
    assert "* Boats = ships\n" in shown
    assert "\nWritten by us.\n" in shown


@pytest.mark.parametrize("option", ["--retitle", "--rewrite"])
def test_a_headline_or_text_needs_the_number_of_its_post(command: Run, blog: Blog, option: str) -> None:
    command("draft", "kinaforum", *WEEK)
    assert command("edit", EDITION, option, "Boats", status=2).sentence.startswith(f"{option}: 'Boats' does not begin")


def test_edit_without_a_change_is_an_error(command: Run, blog: Blog) -> None:
    command("draft", "kinaforum", *WEEK)
    assert "nothing to change" in command("edit", EDITION, status=2).sentence


def test_edits_of_one_line_are_made_together_or_not_at_all(command: Run, blog: Blog) -> None:
    command("draft", "kinaforum", *WEEK)
    told = command("edit", EDITION, "--subject", "Mine", "--pin", "999", status=1).sentence
    assert f"{EDITION} has no post 999" in told
    assert command("show", EDITION, "--json").document["subject"] == "Kinaforum, uke 6: Title of a"


def test_a_greeting_that_is_not_text_is_one_sentence(command: Run, blog: Blog, tmp_path: Path) -> None:
    command("draft", "kinaforum", *WEEK)
    (tmp_path / "greeting.md").write_bytes(b"\xff\xfe\x00nonsense")
    told = command("edit", EDITION, "--greeting", "greeting.md", status=1).sentence
    assert told == "greeting.md: not UTF-8 text; save the file as UTF-8"
    assert command("edit", EDITION, "--greeting", "no.md", status=1).sentence == "no.md: No such file or directory"


def test_approve_and_reopen_tell_what_happens_next(command: Run, blog: Blog) -> None:
    command("draft", "kinaforum", *WEEK)
    told = command("approve", EDITION, "--revision", "1").out
    assert told == f"{EDITION} is approved at revision 1; send it with 'newsletter send {EDITION}'\n"
    assert "is approved, and only drafts can be approved" in command("approve", EDITION, status=1).sentence
    assert command("reopen", EDITION).out == f"{EDITION} is a draft again, revision 1\n"


def test_lint_errors_can_be_overridden_by_code(command: Run, blog: Blog) -> None:
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
    assert told == "daily/2026-02-06 is not an edition of kinaforum"


def test_editions_of_a_removed_newsletter_are_listed(command: Run) -> None:
    Edition.objects.create(
        newsletter="gone", period="2026-W06", since=NOW, until=NOW + HOUR, created_at=NOW, refreshed_at=NOW
    )
    assert "gone/2026-W06" in command("editions").out
    told = command("show", "gone/2026-W06", status=1).sentence
    assert told == "there is no newsletter 'gone'; config.toml has kinaforum"


def test_manage_passes_all_arguments_on(command: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert "newsletter" in command("manage", "showmigrations", "--list").out


def test_a_letter_has_a_name_of_its_own_and_no_posts(command: Run, blog: Blog) -> None:
    command("collect")
    letter = command("draft", "kinaforum", "--letter", "--subject", "Good news", "--json").document
    assert letter["edition"].startswith("kinaforum/letter-")
    assert (letter["standalone"], letter["subject"], letter["days"]) == (True, "Good news", [])
    copy = command("draft", "kinaforum", "--copy", letter["edition"], "--json").document
    assert (copy["edition"], copy["subject"]) == (f"{letter['edition']}.2", "Good news")
    assert command("show", letter["edition"], "--json").document["state"] == "draft"


def test_ways_to_make_a_draft_exclude_each_other(command: Run) -> None:
    told = command("draft", "kinaforum", "--letter", "--copy", EDITION, status=2).sentence
    assert "--copy and --letter contradict each other" in told
    assert (
        "--with-posts and --subject need --letter" in command("draft", "kinaforum", "--with-posts", status=2).sentence
    )


def test_edit_moves_a_post_to_another_day(command: Run, blog: Blog) -> None:
    posts = numbers(command("draft", "kinaforum", *WEEK, "--json").document)
    first = next(iter(posts.values()))
    edited = command("edit", EDITION, "--day", f"{first}=2026-02-02", "--json").document
    assert {p["id"]: p["day"] for p in edited["posts"]}[first] == "2026-02-02"
    assert "is not a post and a date" in command("edit", EDITION, "--day", "x", status=2).sentence


BLOCK = """---
kind: event
title: A talk about tea
when: Thursday at 18, the library
url: example.org/tea
button: Sign up
---

Bring your own *cup*.
"""


def test_edit_adds_changes_and_removes_a_block(command: Run, blog: Blog, tmp_path: Path) -> None:
    posts = numbers(command("draft", "kinaforum", *WEEK, "--json").document)
    file = tmp_path / "talk.md"
    file.write_text(BLOCK, encoding="utf-8")
    (block,) = command("edit", EDITION, "--block", "talk.md", "--json").document["blocks"]
    assert {key: block[key] for key in block if key != "id"} == {
        "kind": "event",
        "title": "A talk about tea",
        "when": "Thursday at 18, the library",
        "text": "Bring your own *cup*.",
        "url": "https://example.org/tea",
        "button": "Sign up",
        "after": "end",
    }
    assert block["id"] in command("show", EDITION).out
    first = posts["Title of a"]
    file.write_text(BLOCK.replace("kind:", f"id: {block['id']}\nafter: {first}\nkind:"), encoding="utf-8")
    (changed,) = command("edit", EDITION, "--block", "talk.md", "--json").document["blocks"]
    assert changed == {**block, "after": str(first)}
    assert command("edit", EDITION, "--remove-block", block["id"], "--json").document["blocks"] == []
    assert "no longer has this block" in command("edit", EDITION, "--remove-block", "x", status=1).sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Only text.", "talk.md has no front matter; begin it with kind and title between two lines of ---"),
        ("---\nkind: advert\ntitle: A\n---\n", "'advert' is not a kind of block; use sponsor, event or action"),
        ("---\nkind: event\n---\n", "a block needs a heading"),
        ("---\nkind: event\ntitle: A\ncolour: red\n---\n", "talk.md: 'colour' is not a key of a block"),
        ("---\nkind: [\n---\n", "talk.md: its front matter can't be read"),
        ("---\nkind: event\ntitle: A\nafter: 99\n---\n", "has no post 99"),
    ],
)
def test_a_block_that_cannot_be_used_is_one_sentence(
    command: Run, blog: Blog, tmp_path: Path, text: str, said: str
) -> None:
    command("draft", "kinaforum", *WEEK)
    (tmp_path / "talk.md").write_text(text, encoding="utf-8")
    told = command("edit", EDITION, "--subject", "Mine", "--block", "talk.md", status=1).sentence
    assert said in told
    assert command("show", EDITION, "--json").document["revision"] == 1


def test_edit_writes_a_note_to_everybody_or_to_one_person(command: Run, blog: Blog) -> None:
    command("draft", "kinaforum", *WEEK)
    User.objects.create(username="anna@example.org")
    command("edit", EDITION, "--note", "Look at the headline", "--note-to", "anna@example.org")
    document = command("edit", EDITION, "--note", "Ready", "--json").document
    told = [(note["by"], note["to"], note["text"], note["done"]) for note in document["notes"]]
    assert told == [
        ("command line", "anna@example.org", "Look at the headline", False),
        ("command line", "", "Ready", False),
    ]
    assert document["revision"] == 1, "a note changes nothing of the edition"
    shown = command("show", EDITION).out
    assert "Look at the headline" in shown
    assert "everybody" in shown
    refused = command("edit", EDITION, "--note", "Hi", "--note-to", "ola@example.org", status=1).sentence
    assert refused == "this person can no longer log in; choose someone else"
    assert command("edit", EDITION, "--note", " ", status=1).sentence == "write the note first"
    assert "--note-to needs --note" in command("edit", EDITION, "--note-to", "a@b.example", status=2).sentence


def test_designs_are_written_with_the_newsletters_posts(command: Run, blog: Blog, tmp_path: Path) -> None:
    command("collect", "kinaforum")
    document = command("designs", "kinaforum", "--out", "seen", "--json").document
    assert sorted(document["files"]) == ["brief", "letter", "magazine", "plain"]
    assert {name: len((tmp_path / path).read_bytes()) for name, path in document["files"].items()} == document["bytes"]
    assert all(f"src='{name}.html'" in (tmp_path / document["page"]).read_text() for name in document["files"])


def test_designs_need_posts(command: Run) -> None:
    assert "kinaforum has no posts yet" in command("designs", "kinaforum", status=1).sentence
