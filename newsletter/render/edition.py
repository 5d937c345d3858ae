"""Renders an edition as HTML and text, once for all recipients."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush
from math import inf
from pathlib import Path
from sys import maxsize

from newsletter.domain.digest import Digest, DigestPost, Letterhead, Rendered, ShortenedPost
from newsletter.domain.encoded_email import Slot, SlotEncoding
from newsletter.render.content.cuts import Cuts
from newsletter.render.content.excerpt import count_words
from newsletter.render.content.first_line import LONGEST_LINE, first_line
from newsletter.render.html.assemble import html_part
from newsletter.render.html.loader import TemplateProblem, render_template
from newsletter.render.placeholders import Placeholders, close_up, longest, value_of
from newsletter.render.scope import Scope
from newsletter.render.template_context import edition_context
from newsletter.render.theme.designs import DESIGNS, STANDARD_TEMPLATE, style_sheet_of, templates_of

_TITLE = -1
"""The number of a post's text where only its title is shown."""
_TABLE_BESIDE = 500
"""The bytes that an image beside a text takes at most more than one above it, which depends on its neighbours."""


def render(
    digest: Digest, templates: Path | None = None, *, maximum_size: int = 100_000, excerpt_words: int = 80
) -> Rendered:
    """Return the edition with placeholders for each recipient's values; `templates` is the folder beside config.toml.

    Above `maximum_size` bytes of HTML (see `size`), code loses its colours, then the longest texts give up blocks
    from their end, none of them below `excerpt_words`, until the rest fits and no further block would. If excerpts
    are too much, the largest become titles, as few as possible. If that is not enough, the table of contents is left
    out, and the last posts become a number with a link to the edition's page. `Rendered.shortened` and
    `Rendered.unlisted` have those posts. Only a template or an editor's text that is larger than `maximum_size`
    without any post stays above it; then every title is listed. Raises `loader.TemplateProblem`, a sentence with
    template and line.
    """
    return _Fitting(templates, maximum_size).fit(digest, excerpt_words)


def size(rendered: Rendered, letterhead: Letterhead) -> int:
    """Return the bytes of the HTML in UTF-8 with a recipient's longest possible values, by which Gmail clips."""
    return _size(rendered.html, rendered.placeholders, letterhead)


def listed(digest: Digest, count: int) -> Digest:
    """Return the digest with its first `count` posts; the others become `rest`."""
    remaining = iter(range(count))
    groups = [replace(group, posts=tuple(_take(group.posts, remaining))) for group in digest.groups]
    headlines = tuple(_take(digest.headlines, remaining))
    rest = digest.posts[count:] + digest.rest
    return replace(digest, groups=tuple(group for group in groups if group.posts), headlines=headlines, rest=rest)


def _take(posts: tuple[DigestPost, ...], remaining: Iterator[int]) -> Iterator[DigestPost]:
    """Yield posts while there are numbers left."""
    return (post for post in posts if next(remaining, None) is not None)


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A digest, its HTML, and the bytes that this is above the limit; 0 or less if it fits."""

    digest: Digest
    html: str
    excess: int

    @property
    def fits(self) -> bool:
        """Whether the HTML is within the limit."""
        return self.excess <= 0


class _Fitting:
    """Renders a digest repeatedly until it is below the limit, with the same placeholders each time."""

    def __init__(self, templates: Path | None, maximum_size: int) -> None:
        self._templates, self._maximum_size = templates, maximum_size
        self._placeholders = Placeholders()
        self._measured: dict[tuple[str, int], int] = {}

    def fit(self, digest: Digest, excerpt_words: int) -> Rendered:
        attempt = self._attempt(digest)
        if not attempt.fits and any("data-language" in post.html for post in digest.posts):
            attempt = self._attempt(replace(digest, code_colours=False))
        if not attempt.fits:
            attempt = self._cut_longest(attempt.digest, excerpt_words)
        shortened = _shortened(digest, attempt.digest)
        page = ""
        if not attempt.fits:
            page = attempt.html
            attempt = self._list_fewer(attempt.digest)
        return self._rendered(attempt, shortened, page if attempt.digest.rest else "")

    def _cut_longest(self, digest: Digest, excerpt_words: int) -> _Attempt:
        """Return the digest with as much text as fits; titles alone if any excerpt is too much.

        The longest text gives up its last block, again and again. How often is found by bisection. Then the blocks
        that fit into the rest come back.
        """
        lengths = _Lengths(digest, excerpt_words)
        too_much, enough = 0, lengths.steps
        best = self._attempt(lengths.digest_after(enough))
        while enough - too_much > 1:
            steps = (too_much + enough) // 2
            attempt = self._attempt(lengths.digest_after(steps))
            if attempt.fits:
                enough, best = steps, attempt
            else:
                too_much = steps
        return self._fill(lengths, enough, best) if best.fits else best

    def _fill(self, lengths: "_Lengths", steps: int, best: _Attempt) -> _Attempt:
        """Return the digest with the blocks that still fit, always the next one of the shortest text.

        A block is tried again after another one was added, since it may take less then: styles that both need are there
        once, and a text that becomes whole gives up its link to the rest.
        """
        numbers = lengths.numbers_after(steps)
        growing, too_large, tried_before = lengths.shortened(numbers), list[str](), list[str]()
        while growing:
            post_id = min(growing, key=lambda post_id: lengths.rank(post_id, numbers[post_id]))
            longer = {**numbers, post_id: numbers[post_id] + 1}
            length, room = (post_id, numbers[post_id]), -best.excess
            may_fit = lengths.least_bytes(*length) <= room and self._next_bytes(lengths, *length) <= room
            attempt = self._attempt(lengths.digest_with(longer)) if may_fit else None
            if attempt and attempt.fits:
                numbers, best = longer, attempt
                tried_before, too_large = tried_before + too_large, []
            else:
                growing.remove(post_id)
                too_large.append(post_id)
            if not growing:
                growing, tried_before = tried_before, []
        return best

    def _next_bytes(self, lengths: "_Lengths", post_id: str, number: int) -> int:
        """Return at least how many bytes the next block of a text takes below the head, which it can only enlarge.

        0 if a publisher's template can't be rendered with few posts, such as one that shows the third post first.
        """
        try:
            added = self._body_bytes(lengths, post_id, number + 1) - self._body_bytes(lengths, post_id, number)
        except TemplateProblem:
            return 0
        return added - lengths.saved_by_neighbours(post_id)

    def _body_bytes(self, lengths: "_Lengths", post_id: str, number: int) -> int:
        """Return the bytes below the head of an edition with this text and few other posts, measured once."""
        if (post_id, number) not in self._measured:
            digest = lengths.digest_of(post_id, number)
            body = self._html(digest).partition("</head>")[2]
            self._measured[post_id, number] = _size(body, self._placeholders.pairs(body), digest.letterhead)
        return self._measured[post_id, number]

    def _list_fewer(self, digest: Digest) -> _Attempt:
        """Return as many titles as fit, found by bisection; all of them if none would fit."""
        best = self._attempt(digest)
        if best.fits:
            return best
        fits, too_many = -1, len(digest.posts)
        while too_many - fits > 1:
            count = (fits + too_many) // 2
            attempt = self._attempt(listed(digest, count))
            if attempt.fits:
                fits, best = count, attempt
            else:
                too_many = count
        return best

    def _attempt(self, digest: Digest) -> _Attempt:
        html = self._html(digest)
        bytes_taken = _size(html, self._placeholders.pairs(html), digest.letterhead)
        return _Attempt(digest, html, bytes_taken - self._maximum_size)

    def _html(self, digest: Digest) -> str:
        scope = Scope(self._placeholders, SlotEncoding.HTML, digest.letterhead.fields)
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

    def _rendered(self, attempt: _Attempt, shortened: tuple[ShortenedPost, ...], page: str) -> Rendered:
        digest, html = attempt.digest, attempt.html
        context = edition_context(digest, Scope(self._placeholders, SlotEncoding.TEXT, digest.letterhead.fields))
        name = templates_of(digest.letterhead.template, DESIGNS[digest.letterhead.theme.design])[1]
        text = render_template(name, context, self._templates).strip() + "\n"
        text = close_up(text, SlotEncoding.TEXT, self._placeholders)
        pairs = self._placeholders.pairs(html, text, page)
        unlisted = tuple(post.id for post in digest.rest)
        lines = (digest.subject, digest.preheader)
        return Rendered(*lines, html, text, pairs, shortened, unlisted, page, digest.personal_subject)


def _size(html: str, placeholders: Iterable[tuple[str, Slot]], letterhead: Letterhead) -> int:
    recipient = longest(letterhead)
    added = (
        html.count(name) * (len(value_of(slot, letterhead, recipient).encode()) - len(name))
        for name, slot in placeholders
    )
    return len(html.encode()) + sum(added)


class _Lengths:
    """The texts of a digest at every length, in the order in which the longest give up their last blocks.

    The numbers of a post's texts are those of `Cuts`, and `_TITLE` for none. All texts become excerpts before the first
    one, the largest, becomes a title. A design that shows one line of a post shows the line or the title.
    """

    def __init__(self, digest: Digest, excerpt_words: int) -> None:
        self._digest = digest
        self._design = DESIGNS[digest.letterhead.theme.design]
        self._lines = self._design.lines and digest.letterhead.template == STANDARD_TEMPLATE
        fewest_words = maxsize if self._lines else excerpt_words
        self._cuts = {post.id: Cuts(post.html, fewest_words) for post in digest.posts if post.html}
        self._illustrated = {post.id for post in digest.posts if post.image or post.previews or "<img" in post.html}
        self._order: list[str] = []
        heap = [(-cuts.length(cuts.last), post_id, cuts.last) for post_id, cuts in self._cuts.items() if cuts.last]
        heapify(heap)
        while heap:
            _, post_id, number = heappop(heap)
            self._order.append(post_id)
            if number > 1:
                heappush(heap, (-self._cuts[post_id].length(number - 1), post_id, number - 1))
        self._order += sorted(self._cuts, key=self._excerpt_bytes, reverse=True)

    @property
    def steps(self) -> int:
        """How often a text can give up its last block, or all that is left of it."""
        return len(self._order)

    def numbers_after(self, steps: int) -> dict[str, int]:
        """Return the number of each post's text after so many steps."""
        removed = Counter(self._order[:steps])
        return {post_id: cuts.last - removed[post_id] for post_id, cuts in self._cuts.items()}

    def digest_after(self, steps: int) -> Digest:
        """Return the digest after so many steps."""
        return self.digest_with(self.numbers_after(steps))

    def digest_with(self, numbers: Mapping[str, int]) -> Digest:
        """Return the digest with these texts."""
        return _with_texts(self._digest, {post_id: self._text(post_id, number) for post_id, number in numbers.items()})

    def shortened(self, numbers: Mapping[str, int]) -> list[str]:
        """Return the posts that are not whole."""
        return [post_id for post_id, number in numbers.items() if number < self._cuts[post_id].last]

    def rank(self, post_id: str, number: int) -> tuple[int, int]:
        """Return what orders texts by their length; the titles come first, those with the smallest excerpts before."""
        if number == _TITLE:
            return 0, self._excerpt_bytes(post_id)
        return self._cuts[post_id].length(number), 0

    def least_bytes(self, post_id: str, number: int) -> float:
        """Return at least how many bytes the next block of a text takes; infinitely many if it is whole.

        The last block may take none, since a whole text has no link to the rest, and so may one that changes an image.
        """
        cuts = self._cuts[post_id]
        if number >= cuts.last:
            return inf
        if number + 1 == cuts.last or post_id in self._illustrated:
            return -inf
        return cuts.text_bytes(number + 1) - (0 if number == _TITLE else cuts.text_bytes(number))

    def saved_by_neighbours(self, post_id: str) -> int:
        """Return how many bytes less a block may take than if the posts beside this one were others."""
        return _TABLE_BESIDE if self._design.beside and post_id in self._illustrated else 0

    def digest_of(self, post_id: str, number: int) -> Digest:
        """Return the digest with this text, and of the other posts only the title of the first one.

        A post that is alone can look different from others, and so can the first one.
        """
        other = next((post.id for post in self._digest.posts if post.id != post_id), post_id)
        kept = (other, post_id)
        digest = _with_texts(self._digest, dict.fromkeys(kept, ("", False)) | {post_id: self._text(post_id, number)})
        posts = ((group, tuple(post for post in group.posts if post.id in kept)) for group in digest.groups)
        groups = tuple(replace(group, posts=posts_of_group) for group, posts_of_group in posts if posts_of_group)
        return replace(digest, groups=groups, headlines=(), contents=False, greeting="", closing="", blocks=())

    def _excerpt_bytes(self, post_id: str) -> int:
        """Return the bytes of a post's excerpt, or of its line."""
        html = self._cuts[post_id].text(0)[0]
        return len((first_line(html, LONGEST_LINE) if self._lines else html).encode())

    def _text(self, post_id: str, number: int) -> tuple[str, bool]:
        return ("", False) if number == _TITLE else self._cuts[post_id].text(number)


def _with_texts(digest: Digest, texts: Mapping[str, tuple[str, bool]]) -> Digest:
    def with_text(post: DigestPost) -> DigestPost:
        html, whole = texts.get(post.id, (post.html, post.whole))
        return post if html == post.html else replace(post, html=html, whole=post.whole and whole, cut_to_fit=True)

    groups = tuple(replace(group, posts=tuple(map(with_text, group.posts))) for group in digest.groups)
    return replace(digest, groups=groups)


def _shortened(whole: Digest, digest: Digest) -> tuple[ShortenedPost, ...]:
    """Return the posts whose texts were cut, in the order of the digest."""
    return tuple(
        ShortenedPost(post.id, count_words(cut.html), count_words(post.html))
        for post, cut in zip(whole.posts, digest.posts, strict=True)
        if post.html != cut.html
    )
