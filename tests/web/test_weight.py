"""What the browser gets of the heaviest page, uncompressed: at most 100,000 bytes of HTML, CSS and JavaScript."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from newsletter.models import Edition, Post
from tests.web import make

BUDGET = 100_000
PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/"
LONG_HEADLINE = "En overskrift om handel, litteratur og hverdag i Kina, nr. {:03}"
LONG_ADDRESS = "https://kinaforum.example/2026/02/en-overskrift-om-handel-litteratur-og-hverdag-{:03}.html"


def _draft(posts: int) -> Edition:
    """A draft of that many posts, with headlines and addresses as long as they are in life."""
    edition = make.draft(*(LONG_HEADLINE.format(number) for number in range(posts)))
    for number, post in enumerate(Post.objects.order_by("pk")):
        Post.objects.filter(pk=post.pk).update(url=LONG_ADDRESS.format(number), language="nb")
    return edition


def _weight(client: Client) -> int:
    """The page, what it asks for at once, and its scripts and styles; the mail in its frame is the mail's own."""
    page, side = client.get(PAGE).content, client.get(f"{PAGE}side/").content
    names = re.findall(r'(?:src|href)="/static/([^"]+\.(?:js|css))"', page.decode())
    assert len(names) == 3, "htmx, the desk's script, the desk's style sheet"
    return len(page) + len(side) + sum(Path(str(finders.find(name))).stat().st_size for name in names)


@pytest.mark.parametrize("posts", [17, 60])
@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_draft_page_keeps_the_budget(editor: Client, posts: int, language: str) -> None:
    editor.cookies["django_language"] = language
    assert _draft(posts).entries.filter(included=True).count() == posts
    assert _weight(editor) <= BUDGET


def test_what_is_out_is_fetched_when_it_is_looked_at(editor: Client) -> None:
    draft = make.draft("First", "Second")
    out = Post.objects.get(title="Second").pk
    acted = {"act": f"out {out}", "revision": draft.revision}
    assert f'id="post-{out}"' not in editor.post(f"{PAGE}post/", acted).content.decode()
    assert f'id="post-{out}"' not in editor.get(PAGE).content.decode()
    assert f'id="post-{out}"' in editor.get(f"{PAGE}posts/?out=1").content.decode()


def test_a_long_list_fetches_beginning_and_address_with_the_panel(editor: Client) -> None:
    _draft(21)
    assert "/2026/02/" not in editor.get(PAGE).content.decode()
    first = Post.objects.order_by("pk").first()
    assert first is not None
    assert first.url in editor.get(f"{PAGE}post/{first.pk}/").content.decode()
