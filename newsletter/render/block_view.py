"""Blocks as templates see them, by where they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from markupsafe import Markup

from newsletter.domain.digest import Block, Digest
from newsletter.domain.encoded_email import SlotEncoding
from newsletter.render.content.addresses import uri
from newsletter.render.scope import Scope, cleaned
from newsletter.render.words import words


@dataclass(frozen=True, slots=True)
class BlockView:
    """A block in a template. `html` and `text` are its text, "" for none; `label` marks a sponsor."""

    kind: str
    label: str
    title: str
    when: str
    html: Markup
    text: str
    url: str
    button: str


def block_views(digest: Digest, scope: Scope, written: Callable[[str], str]) -> Mapping[str, tuple[BlockView, ...]]:
    """Return the blocks by where they are: "top", "end", or below a post that is shown above the headlines.

    `written` renders an editor's text, for HTML or text.
    """
    places = {"top", *(post.id for group in digest.groups for post in group.posts)}
    label = words(digest.letterhead.language)["sponsor"]
    views: dict[str, tuple[BlockView, ...]] = {}
    for block in digest.blocks:
        place = block.after if block.after in places else "end"
        view = _view(block, scope, written(block.text), label if block.kind == "sponsor" else "")
        views[place] = (*views.get(place, ()), view)
    return views


def _view(block: Block, scope: Scope, text: str, label: str) -> BlockView:
    in_html = scope.form is SlotEncoding.HTML
    return BlockView(
        kind=block.kind,
        label=label,
        title=cleaned(block.title),
        when=cleaned(block.when),
        html=Markup(text) if in_html else Markup(),  # noqa: S704 - a word of our own
        text="" if in_html else text,
        url=uri(block.url),
        button=cleaned(block.button) or cleaned(block.title),
    )
