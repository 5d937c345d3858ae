"""What the commands about drafts show: draft, preview, show, lint, editions, designs."""

import json
import re
from pathlib import Path

import pytest

from newsletter.editions.states import change
from newsletter.models import Edition, State
from tests import settings
from tests.cli.conftest import Run
from tests.doubles.feeds import Blog, article
from tests.factories import DAY, HOUR, NOW

pytestmark = pytest.mark.django_db

EDITION = "kinaforum/2026-W06"
WEEK = ["--week", "2026-W06"]


def test_draft_prints_the_edition_in_full(command: Run, blog: Blog) -> None:
    document = command("draft", "kinaforum", *WEEK, "--json").document
    assert (document["edition"], document["state"], document["revision"]) == (EDITION, "draft", 1)
    assert (document["since"], document["until"]) == ("2026-02-02T00:00:00+01:00", "2026-02-09T00:00:00+01:00")
    assert document["days"][0] == {"day": "2026-02-05", "heading": "torsdag 5. februar 2026", "posts": 1}
    assert document["subject"] == "Title of a, og 2 til"
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


def test_show_prints_why_an_edition_was_cancelled(command: Run, blog: Blog) -> None:
    command("draft", "kinaforum", *WEEK)
    command("cancel", EDITION)
    assert "cancelled before anything was sent" in command("show", EDITION).out
    listed = command("editions").out.splitlines()
    assert listed[1].split() == [EDITION, "cancelled", "1", "2026-02-09", "00:00"]
    assert listed[2] == f"{EDITION}: cancelled before anything was sent"


def test_draft_counts_the_posts_of_the_variants(command: Run, blog: Blog, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(file.read_text("utf-8") + '[newsletters.kinaforum.topics.a]\nwords = ["a"]\n', encoding="utf-8")
    (tmp_path / "readers.csv").write_text("email,topics\na@reader.example,a\nb@reader.example,\n", encoding="utf-8")
    command("subscribers", "import", "readers.csv", "--newsletter", "kinaforum", "--consent", "a form")
    blog.articles[1:] = [article("e", NOW - 2 * DAY), article("f", NOW - 2 * DAY)]
    told = command("draft", "kinaforum", *WEEK).out
    assert told == f"{EDITION}: draft, revision 1, 3 posts on 2 days, 0 not included; variants with 1 to 3 posts\n"


def test_an_empty_draft_says_which_post_is_the_newest(command: Run, blog: Blog) -> None:
    told = command("draft", "kinaforum", "--week", "2026-W20")
    assert told.err == (
        "no posts in this period; the newest known post is from 2026-02-05: "
        "newsletter draft kinaforum --week 2026-W06 creates an edition with it\n"
    )
    assert command("draft", "kinaforum", "--week", "2026-W06").out.startswith(f"{EDITION}: draft, revision 1, 3 posts")
    command("approve", EDITION)
    told = command("draft", "kinaforum", "--week", "2026-W20")
    assert told.err == f"no new posts in this period; the newest known post, from 2026-02-05, is in {EDITION}\n"


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
        "[newsletters.kinaforum]", '[newsletters.kinaforum]\nmaximum_size = "7 KB"', 1
    )
    file.write_text(text, encoding="utf-8")
    command("draft", "kinaforum", *WEEK)
    told = command("preview", EDITION, "--out", "seen").out
    assert re.search(r"shortened to stay below maximum_size: “Title of a” \(\d+ of \d+ words\), “Title of b”", told)


def test_preview_and_lint_say_if_there_are_no_problems_or_nothing_was_checked(command: Run, blog: Blog) -> None:
    command("draft", "kinaforum", *WEEK)
    assert command("preview", EDITION, "--out", "seen").out.endswith("No problems found.\n")
    command("approve", EDITION)
    assert command("preview", EDITION, "--out", "seen").out.endswith("Not checked, since it is no draft.\n")
    assert command("lint", EDITION).out == "Not checked, since it is no draft.\n"


def test_lint_ends_with_1_on_an_error_alone(command: Run, blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    command("draft", "kinaforum", *WEEK)
    assert command("lint", EDITION, "--json").document["revision"] == 1
    command("edit", EDITION, "--subject", "{{ left over }}")
    told = command("lint", EDITION, "--json", status=1)
    assert "error" in {f["level"] for f in json.loads(told.out)["lint"]}
    assert told.err.startswith(f"{EDITION} has ")


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


def test_designs_are_written_with_the_newsletters_posts(command: Run, blog: Blog, tmp_path: Path) -> None:
    command("collect", "kinaforum")
    document = command("designs", "kinaforum", "--out", "seen", "--json").document
    assert sorted(document["files"]) == ["brief", "cards", "letter", "magazine", "plain"]
    assert {name: len((tmp_path / path).read_bytes()) for name, path in document["files"].items()} == document["bytes"]
    assert all(f"src='{name}.html'" in (tmp_path / document["page"]).read_text() for name in document["files"])


def test_designs_need_posts(command: Run) -> None:
    assert "kinaforum has no posts yet" in command("designs", "kinaforum", status=1).sentence
