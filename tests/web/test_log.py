"""The audit log tells what was done in words: the post by its headline, and only what changed."""

import re
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from newsletter import config
from newsletter.editions import editing, history
from newsletter.messages import acts
from newsletter.models import Act, Post
from newsletter.web.desk import team
from tests.web import make

pytestmark = pytest.mark.django_db
PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/"


def test_log_entries_about_a_post_name_it(admin: Client) -> None:
    draft = make.draft("First", "Second")
    number = Post.objects.get(title="Second").pk
    admin.post(f"{PAGE}post/", {"act": f"out {number}", "revision": draft.revision})
    page = admin.get("/desk/log/").content.decode()
    assert "Removed “Second”" in page
    told = dict(re.findall(r"<dt>([^<]*)</dt><dd>(.*?)</dd>", page))
    assert told["Second, In the edition"] == "<del>yes</del> <ins>no</ins>"
    assert "{" not in "".join(told.values())


def test_only_what_changed_is_told_however_deep_it_lies() -> None:
    before = {"subject": "A", "posts": {"7": {"headline": "Om te", "pinned": False, "content": "x", "title": ""}}}
    after = {"subject": "A", "posts": {"7": {"headline": "Om te", "pinned": True, "content": "y", "title": "Te"}}}
    assert team.difference(before, after) == [("Om te, Pinned", "no", "yes"), ("Om te, Headline", "", "Te")]
    assert team.difference(None, {"role": "editor"}) == [("Role", "", "Editor")]
    assert team.difference("a", "b") == [("", "a", "b")]
    block = {"b1": {"id": "b1", "kind": "action", "title": "", "url": "https://example.org/", "after": "end"}}
    assert team.difference({}, {"blocks": block}) == [
        ("Blocks, b1, Kind", "", "Call to action"),
        ("Blocks, b1, Web address", "", "https://example.org/"),
        ("Blocks, b1, Place", "", "Above the sign-off"),
    ]
    zone = ZoneInfo("Europe/Oslo")
    assert team.difference({}, {"due": "2020-02-06T17:00:00+00:00"}, zone) == [
        ("Sending time", "", "Thu 6 Feb 2020, 18:00")
    ]


def test_no_key_of_a_draft_or_a_setting_is_in_the_log(admin: Client) -> None:
    edition = make.draft("First")
    editing.set_words(
        config.current(), edition, "redaksjon@example.org", edition.revision, {"preheader": "For inboxes"}
    )
    Act.objects.log("redaksjon@example.org", acts.SETTINGS_CHANGED(), "newsletters.kinaforum.subject", "a", "b")
    Act.objects.log("redaksjon@example.org", acts.EXPORTED(), "kinaforum", after={"count": 1})
    body = admin.get("/desk/log/").content.decode()
    assert "<dt>Preview text</dt>" in body
    assert "newsletters.kinaforum.subject</a>" not in body
    assert "“Subject” on the page" in body
    assert ">Kinaforum</a>" in body


def test_every_key_of_a_revision_has_a_title() -> None:
    snapshot = history.snapshot(make.draft("First"))
    keys = {*snapshot, *next(iter(snapshot["posts"].values()))} - {"posts", *team.SILENT, *history.WORDS}
    assert [key for key in keys if team.title_of(key) == key] == []
