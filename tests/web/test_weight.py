"""What a browser transfers at the first visit of the heaviest page: HTML, CSS and JavaScript, not the email."""

import re
from importlib.resources import files

import pytest
from django.templatetags.static import static
from django.test import Client

from newsletter.models import Edition, Post
from tests.web import make

BUDGET = 67_500
EDITOR_BUDGET = 201_000
"""Of the parts of the editor, which are fetched when the page is there, and kept until the next version."""
COMPRESSED = {"Accept-Encoding": "gzip"}
EDITOR = "/desk/editor/"
PAGE = f"/desk/editions/kinaforum/{make.PERIOD}/"
LONG_HEADLINE = "En overskrift om handel, litteratur og hverdag i Kina, nr. {:03}"
LONG_ADDRESS = "https://kinaforum.example/2026/02/en-overskrift-om-handel-litteratur-og-hverdag-{:03}.html"


def _draft(posts: int) -> Edition:
    """A draft of that many posts, with headlines and addresses as long as they are in life."""
    for number in range(posts):
        make.post(LONG_HEADLINE.format(number), hours=2 * number + 2)
    edition = make.draft()
    for number, post in enumerate(Post.objects.order_by("pk")):
        Post.objects.filter(pk=post.pk).update(url=LONG_ADDRESS.format(number), language="nb")
    return edition


def _weight(client: Client) -> int:
    """What a browser with an empty cache gets: the page, what it asks for, and compressed scripts and styles."""
    page = client.get(PAGE).content.decode()
    scripts = re.findall(r"/static/[^\" ]+\.(?:js|css)", page)
    assert len(scripts) == 6, "htmx, and the desk's scripts and style sheet"
    parts = [page.encode(), *(client.get(f"{path}").content for path in (f"{PAGE}side/", EDITOR))]
    names = [*scripts, *(static(f"desk/{name}") for name in ("editor.js", "editor/server.js", "editor.css"))]
    return sum(map(len, parts)) + sum(len(client.get(name, headers=COMPRESSED).content) for name in names)


@pytest.mark.parametrize("posts", [17, 60])
@pytest.mark.parametrize("language", ["nb", "en"])
def test_the_draft_page_keeps_the_budget(editor: Client, posts: int, language: str) -> None:
    editor.cookies["django_language"] = language
    assert _draft(posts).entries.filter(included=True).count() == posts
    assert _weight(editor) <= BUDGET


def test_the_parts_of_the_editor_keep_their_budget(editor: Client) -> None:
    ours = sorted(path.name for path in (files("newsletter") / "static" / "desk" / "editor").iterdir())
    names = ["django_prose_editor/editor.js", *(f"desk/editor/{name}" for name in ours)]
    assert len(names) == 12
    assert sum(len(editor.get(static(name), headers=COMPRESSED).content) for name in names) <= EDITOR_BUDGET


def test_posts_left_out_are_fetched_when_their_list_is_opened(editor: Client) -> None:
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
