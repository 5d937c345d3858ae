"""Renders an edition as HTML and text, once for all readers."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from newsletter.domain.digest import Digest, DigestPost, Letterhead, Rendered
from newsletter.domain.segments import Slot, SlotEncoding
from newsletter.render.content.excerpt import count_words, excerpt
from newsletter.render.html.assemble import html_part
from newsletter.render.html.loader import render_template
from newsletter.render.naming import close_up
from newsletter.render.placeholders import Placeholders, fill, longest, value_of
from newsletter.render.scope import Scope
from newsletter.render.template_context import edition_context
from newsletter.render.theme.designs import DESIGNS, style_sheet_of, templates_of

Cut = Callable[[str], tuple[str, bool]]


def render(
    digest: Digest, templates: Path | None = None, *, maximum_size: int = 100_000, excerpt_words: int = 80
) -> Rendered:
    """Return the edition with placeholders for each reader's values; `templates` is the folder beside config.toml.

    Above `maximum_size` bytes of HTML (see `size`), the longest bodies are shortened step by step, all of them to the
    same number of words and none below `excerpt_words`; then the longest become titles.
    If that is not enough, the table of contents is left out, and the last posts become a number with a link to the
    edition's page. `Rendered.shortened` and `Rendered.unlisted` have the ids of those posts. Only a template or an
    editor's text that is larger than `maximum_size` without any post stays above it; then every title is listed. Raises
    `loader.TemplateProblem`, a sentence with template and line.
    """
    return _Fitting(templates, maximum_size).fit(digest, excerpt_words)


def size(rendered: Rendered, letterhead: Letterhead) -> int:
    """Return the bytes of the HTML in UTF-8 with a reader's longest possible values, which is what Gmail clips by."""
    return _size(rendered.html, rendered.placeholders, letterhead)


def listed(digest: Digest, count: int) -> Digest:
    """Return the digest with its first `count` posts; the others become `rest`."""
    left = iter(range(count))
    groups = [replace(group, posts=tuple(_take(group.posts, left))) for group in digest.groups]
    headlines = tuple(_take(digest.headlines, left))
    rest = digest.posts[count:] + digest.rest
    return replace(digest, groups=tuple(g for g in groups if g.posts), headlines=headlines, rest=rest)


def _take(posts: tuple[DigestPost, ...], left: Iterator[int]) -> Iterator[DigestPost]:
    """Yield posts while there are numbers left."""
    return (post for post in posts if next(left, None) is not None)


class _Fitting:
    """Renders a digest repeatedly until it is below the limit, with the same placeholders each time."""

    def __init__(self, templates: Path | None, maximum_size: int) -> None:
        self._templates, self._maximum_size = templates, maximum_size
        self._placeholders = Placeholders()

    def fit(self, digest: Digest, excerpt_words: int) -> Rendered:
        shortened: dict[str, None] = {}
        html = self._html(digest)
        for words in _lengths(digest, excerpt_words) if self._excess(html, digest) > 0 else ():
            if (excess := self._excess(html, digest)) <= 0:
                break
            cut = partial(excerpt, words=words)
            saved = _savings(digest, cut)
            if words > excerpt_words and sum(saved.values()) < excess:
                continue
            digest = _shorten(digest, saved, cut)
            shortened |= dict.fromkeys(saved)
            html = self._html(digest)
        while (excess := self._excess(html, digest)) > 0 and (ids := _longest(digest, _nothing, excess)):
            digest = _shorten(digest, ids, _nothing)
            shortened |= dict.fromkeys(ids)
            html = self._html(digest)
        page = ""
        if self._excess(html, digest) > 0:
            page = html
            digest, html = self._list_fewer(replace(digest, contents=False))
        return self._rendered(digest, html, tuple(shortened), page if digest.rest else "")

    def _list_fewer(self, digest: Digest) -> tuple[Digest, str]:
        """Return as many titles as fit, found by bisection; all of them if none would fit."""
        everything = digest, self._html(digest)
        if self._excess(everything[1], digest) <= 0:
            return everything
        fits, too_many, best = -1, len(digest.posts), everything
        while too_many - fits > 1:
            count = (fits + too_many) // 2
            fewer = listed(digest, count)
            html = self._html(fewer)
            if self._excess(html, fewer) > 0:
                too_many = count
            else:
                fits, best = count, (fewer, html)
        return best

    def _html(self, digest: Digest) -> str:
        scope = Scope(self._placeholders, SlotEncoding.HTML)
        context = edition_context(digest, scope)
        design = DESIGNS[digest.letterhead.theme.design]
        html = html_part(
            templates_of(digest.letterhead.template, design)[0],
            context,
            self._templates,
            bodies=scope.bodies,
            placeholders=self._placeholders.names,
            styles=style_sheet_of(design),
        )
        return close_up(html, SlotEncoding.HTML, self._placeholders)

    def _excess(self, html: str, digest: Digest) -> int:
        return _size(html, self._placeholders.pairs(html), digest.letterhead) - self._maximum_size

    def _rendered(self, digest: Digest, html: str, shortened: tuple[str, ...], page: str) -> Rendered:
        context = edition_context(digest, Scope(self._placeholders, SlotEncoding.TEXT))
        name = templates_of(digest.letterhead.template, DESIGNS[digest.letterhead.theme.design])[1]
        text = render_template(name, context, self._templates).strip() + "\n"
        text = close_up(text, SlotEncoding.TEXT, self._placeholders)
        pairs = self._placeholders.pairs(html, text, page)
        unlisted = tuple(post.id for post in digest.rest)
        return Rendered(digest.subject, digest.preheader, html, text, pairs, shortened, unlisted, page)


def _size(html: str, placeholders: Iterable[tuple[str, Slot]], letterhead: Letterhead) -> int:
    reader = longest(letterhead)
    return len(fill(html, placeholders, lambda slot: value_of(slot, letterhead, reader)).encode())


def _lengths(digest: Digest, excerpt_words: int) -> Iterator[int]:
    """Yield numbers of words that posts may have, each a fifth less than the one before, down to an excerpt's."""
    longest = max((count_words(post.html) for post in digest.posts), default=0)
    while longest > excerpt_words:
        yield longest
        longest = longest * 4 // 5
    yield excerpt_words


def _nothing(_: str) -> tuple[str, bool]:
    """Return the body of a post of which only the title is shown."""
    return "", False


def _savings(digest: Digest, cut: Cut) -> dict[str, int]:
    """Return the bytes that cutting each post saves, without posts that stay as long."""
    saved = {post.id: len(post.html.encode()) - len(cut(post.html)[0].encode()) for post in digest.posts}
    return {post_id: size for post_id, size in saved.items() if size > 0}


def _longest(digest: Digest, cut: Cut, excess: int) -> list[str]:
    """Return the fewest posts whose cutting saves `excess` bytes, those that save most first."""
    saved = _savings(digest, cut)
    chosen: list[str] = []
    for post_id in sorted(saved, key=lambda p: -saved[p]):
        chosen.append(post_id)
        excess -= saved[post_id]
        if excess <= 0:
            break
    return chosen


def _shorten(digest: Digest, ids: Collection[str], cut: Cut) -> Digest:
    def shorter(post: DigestPost) -> DigestPost:
        if post.id not in ids:
            return post
        html, whole = cut(post.html)
        return replace(post, html=html, whole=whole)

    groups = tuple(replace(group, posts=tuple(map(shorter, group.posts))) for group in digest.groups)
    return replace(digest, groups=groups)
