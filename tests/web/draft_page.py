"""The page of a draft as a browser uses it, and the draft afterwards."""

from typing import Any

from django.test import Client
from lxml import html as lxml_html

from newsletter.models import Edition, Post
from newsletter.web.desk.edition.texts import mark
from tests.web import make

PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/"


def draft_now() -> Edition:
    return Edition.objects.get()


def pk_of(title: str) -> int:
    return Post.objects.get(title=title).pk


def act_on_posts(client: Client, act: str, revision: int | None = None, **fields: Any) -> str:
    given = {"act": act, "revision": draft_now().revision if revision is None else revision, **fields}
    answer = client.post(f"{PAGE}post/", given)
    assert answer.status_code == 200
    return answer.content.decode()


def titles() -> list[str]:
    return [e.post.title for e in draft_now().entries.filter(included=True).order_by("position").select_related("post")]


def panel_fields(client: Client, title: str = "First") -> dict[str, str]:
    """The fields of a post's panel: `title` and `text`, and the marks of what the page was filled with."""
    post = pk_of(title)
    panel = lxml_html.fromstring(client.get(f"{PAGE}post/{post}/").content)
    names = ("title", "text", "shown-title", "shown-text")
    return {name: str(panel.xpath(f"//*[@name='{name}-{post}']")[0].value).removeprefix("\n") for name in names}


def write_post(client: Client, panel: dict[str, str], **typed: str) -> Any:
    """Save headline and text of the first post as a page does that was filled with `panel`."""
    fields = {f"{name}-{pk_of('First')}": text for name, text in {**panel, **typed}.items()}
    return client.post(f"{PAGE}words/", {**fields, "revision": draft_now().revision}, headers={"HX-Target": "said-1"})


def write_words(client: Client, seen: dict[str, str], **given: str) -> Any:
    shown = {f"shown-{key}": mark(seen.get(key, "")) for key in given}
    return client.post(f"{PAGE}words/", {**given, **shown, "revision": draft_now().revision})


def save_stale_page(client: Client, seen: Edition, **given: str) -> Any:
    """What a page that was loaded before somebody else's change sends."""
    shown = {f"shown-{key}": mark(getattr(seen, key)) for key in given}
    return client.post(f"{PAGE}words/", {**given, **shown, "revision": seen.revision})
