"""An edition as HTML and text, made once for all readers."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from newsletter.mail import Digest, DigestPost, Form, Letterhead, Rendered
from newsletter.render.assemble import html_part
from newsletter.render.excerpt import excerpt
from newsletter.render.loader import render_template
from newsletter.render.placeholders import Placeholders, fill, longest, value_of
from newsletter.render.views import Scope, edition_context

Cut = Callable[[str], tuple[str, bool]]


def render(
    digest: Digest, templates: Path | None = None, *, maximum_size: int = 100_000, excerpt_words: int = 80
) -> Rendered:
    """The edition with placeholders for what is a reader's own; `templates` is the folder beside config.toml.

    Above `maximum_size` bytes of HTML (see `size`) the longest bodies become excerpts of `excerpt_words`, and where
    that is not enough headlines, until it fits; `Rendered.shortened` names those posts.
    Raises `loader.TemplateProblem`: one sentence naming template and line.
    """
    rendered = _once(digest, templates)
    shortened: dict[str, None] = {}
    cuts: tuple[Cut, ...] = (lambda html: excerpt(html, excerpt_words), lambda _: ("", False))
    for cut in cuts:
        while (excess := size(rendered, digest.letterhead) - maximum_size) > 0:
            ids = _longest(digest, cut, excess)
            if not ids:
                break
            digest = _shorten(digest, ids, cut)
            shortened |= dict.fromkeys(ids)
            rendered = _once(digest, templates)
    return replace(rendered, shortened=tuple(shortened))


def size(rendered: Rendered, letterhead: Letterhead) -> int:
    """The bytes of the HTML in UTF-8 with the longest values that a reader may have: what Gmail clips by."""
    reader = longest(letterhead)
    return len(fill(rendered.html, rendered.placeholders, lambda slot: value_of(slot, letterhead, reader)).encode())


def _once(digest: Digest, templates: Path | None) -> Rendered:
    placeholders, name = Placeholders(), digest.letterhead.template
    scope = Scope(placeholders, Form.HTML)
    context = edition_context(digest, scope)
    html = html_part(f"{name}.mjml", context, templates, bodies=scope.bodies, placeholders=placeholders.names)
    text = render_template(f"{name}.txt", edition_context(digest, Scope(placeholders, Form.TEXT)), templates)
    return Rendered(digest.subject, digest.preheader, html, text.strip() + "\n", placeholders.pairs(html, text))


def _longest(digest: Digest, cut: Cut, excess: int) -> list[str]:
    """The posts that cutting saves most on, as few as save `excess` bytes."""
    saved = {post.id: len(post.html.encode()) - len(cut(post.html)[0].encode()) for post in digest.posts}
    chosen: list[str] = []
    for post_id in sorted((p for p in saved if saved[p] > 0), key=lambda p: -saved[p]):
        chosen.append(post_id)
        excess -= saved[post_id]
        if excess <= 0:
            break
    return chosen


def _shorten(digest: Digest, ids: list[str], cut: Cut) -> Digest:
    def shorter(post: DigestPost) -> DigestPost:
        if post.id not in ids:
            return post
        html, whole = cut(post.html)
        return replace(post, html=html, whole=whole)

    groups = tuple(replace(group, posts=tuple(map(shorter, group.posts))) for group in digest.groups)
    return replace(digest, groups=groups)
