"""What edit, approve and reopen do."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newsletter.domain.ordinals import Ordinals
from newsletter.editions import leases
from newsletter.models import Edition, Post
from subscribers.models import OfferedSet, Subscription
from tests.cli.conftest import Run
from tests.doubles.feeds import Blog
from tests.factories import HOUR, NOW

pytestmark = pytest.mark.django_db

EDITION = "kinaforum/2026-W06"
WEEK = ["--week", "2026-W06"]


def numbers(document: dict[str, list[dict[str, str]]]) -> dict[str, str]:
    """Title → number of the posts of an edition."""
    return {p["title"]: p["id"] for p in document["posts"]}


def test_edit_changes_words_and_posts(command: Run, blog: Blog, tmp_path: Path) -> None:
    known = numbers(command("draft", "kinaforum", *WEEK, "--json").document)
    (tmp_path / "closing.md").write_text("*Bye.*", encoding="utf-8")
    document = command("edit", EDITION, "--subject", "Mine", "--preheader", "A line", "--closing", "closing.md",
                       "--leave-out", known["Title of a"], "--pin", known["Title of c"], "--json").document  # fmt: skip
    assert (document["subject"], document["preheader"], document["revision"]) == ("Mine", "A line", 4)
    assert {p["title"]: p["reason"] for p in document["posts"]}["Title of a"] == "removed by an editor"
    document = command("edit", EDITION, "--include", known["Title of a"], "--json").document
    assert {p["title"]: p["reason"] for p in document["posts"]}["Title of a"] == "added by an editor"


def test_edit_of_a_text_that_is_being_written_is_refused_or_forced(command: Run, blog: Blog, tmp_path: Path) -> None:
    number = numbers(command("draft", "kinaforum", *WEEK, "--json").document)["Title of a"]
    draft = Edition.objects.get()
    leases.take(draft, [f"title-{number}", "subject"], "anna@example.org", datetime.now(UTC))
    refused = " ".join(command("edit", EDITION, "--subject", "Mine", "--preheader", "A line", status=1).err.split())
    assert f"anna@example.org is writing at the desk in {EDITION}: subject; wait until they have" in refused
    draft.refresh_from_db()
    assert draft.revision == 1
    command("edit", EDITION, "--preheader", "Free", "--leave-out", number)
    command("edit", EDITION, "--subject", "Mine", "--force")
    draft.refresh_from_db()
    assert (draft.subject, draft.preheader) == ("Mine", "Free")


def test_edit_says_how_many_had_a_post_that_is_included_again(command: Run, blog: Blog, tmp_path: Path) -> None:
    (tmp_path / "readers.csv").write_text("email\na@reader.example\nb@reader.example\n", encoding="utf-8")
    command("subscribers", "import", "readers.csv", "--newsletter", "kinaforum", "--consent", "a form")
    number = int(numbers(command("draft", "kinaforum", *WEEK, "--json").document)["Title of a"])
    had = Ordinals.of([Post.objects.get(pk=number).ordinal])
    Subscription.objects.filter(subscriber__key="a@reader.example").update(
        offered=OfferedSet.objects.key_of("kinaforum", had)
    )
    reason = "added by an editor, but 1 of 2 subscribers had it or joined later, and doesn't get it"
    said = " ".join(command("edit", EDITION, "--include", str(number)).out.split())
    assert said == f"{EDITION} saved, revision 2 Title of a: {reason}"
    shown = command("show", EDITION, "--json").document["posts"]
    assert {post["id"]: post["reason_code"] for post in shown}[number] == "post.added-again"


def test_edit_without_a_change_is_an_error(command: Run, blog: Blog) -> None:
    command("draft", "kinaforum", *WEEK)
    assert "nothing to change" in command("edit", EDITION, status=2).sentence


def test_edits_of_one_line_are_made_together_or_not_at_all(command: Run, blog: Blog) -> None:
    command("draft", "kinaforum", *WEEK)
    told = command("edit", EDITION, "--subject", "Mine", "--pin", "999", status=1).sentence
    assert f"{EDITION} has no post 999" in told
    assert command("show", EDITION, "--json").document["subject"] == "Title of a, og 2 til"


def test_a_greeting_that_is_not_text_is_one_sentence(command: Run, blog: Blog, tmp_path: Path) -> None:
    command("draft", "kinaforum", *WEEK)
    (tmp_path / "greeting.md").write_bytes(b"\xff\xfe\x00nonsense")
    told = command("edit", EDITION, "--greeting", "greeting.md", status=1).sentence
    assert told == "greeting.md: not UTF-8 text; save the file as UTF-8"
    assert (
        command("edit", EDITION, "--greeting", "no.md", status=1).sentence
        == "no.md: No such file or directory; check the path"
    )


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


def test_editions_of_a_removed_newsletter_are_listed(command: Run) -> None:
    Edition.objects.create(
        newsletter="gone", period="2026-W06", since=NOW, until=NOW + HOUR, created_at=NOW, refreshed_at=NOW
    )
    assert "gone/2026-W06" in command("editions").out
    told = command("show", "gone/2026-W06", status=1).sentence
    assert told == "there is no newsletter 'gone'; config.toml has kinaforum"


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
