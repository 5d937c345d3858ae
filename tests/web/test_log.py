"""The audit log tells what was done in words: the post by its headline, and only what changed."""

import re

import pytest
from django.test import Client

from newsletter.models import Post
from newsletter.web.desk import formatting
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
    assert told["Second, included"] == "<del>yes</del> <ins>no</ins>"
    assert "{" not in "".join(told.values())


def test_only_what_changed_is_told_however_deep_it_lies() -> None:
    before = {"subject": "A", "posts": {"7": {"headline": "Om te", "pinned": False, "content": "x", "title": ""}}}
    after = {"subject": "A", "posts": {"7": {"headline": "Om te", "pinned": True, "content": "y", "title": "Te"}}}
    assert formatting.difference(before, after) == [("Om te, pinned", "no", "yes"), ("Om te, title", "", "Te")]
    assert formatting.difference(None, {"role": "editor"}) == [("role", "", "editor")]
    assert formatting.difference("a", "b") == [("", "a", "b")]
