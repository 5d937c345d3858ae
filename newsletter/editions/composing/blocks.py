"""Blocks that stand between an edition's posts: sponsors, events and calls to action.

A block is a JSON object in the edition's row and in each of its revisions, so that it can be undone and compared.
`after` says where it is: "top" (below the introduction), "end" (above the sign-off), or the number of a post. A block
after a post that the email does not show in full is at the end.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict, get_args
from urllib.parse import urlsplit

from newsletter.config import Config
from newsletter.editions.editing import LONGEST_WORDS, changing
from newsletter.editions.problems import Impossible
from newsletter.messages import acts, editions as messages
from newsletter.models import Edition

Kind = Literal["sponsor", "event", "action"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LONGEST_LINE, LONGEST_LINK, MOST = 200, 2_000, 20
TOP, END = "top", "end"


class StoredBlock(TypedDict):
    """A block as it is stored. `when` is the time and place of an event; `button` the words of the link."""

    id: str
    kind: Kind
    title: str
    when: str
    text: str
    url: str
    button: str
    after: str


def save(
    configuration: Config,
    edition: Edition,
    by: str,
    revision: int | None,
    values: Mapping[str, str],
    now: datetime | None = None,
) -> Edition:
    """Add a block, or change the one with the `id` that is given. Raises Impossible for values that can't be used."""
    block = _checked(values)
    is_present = any(stored["id"] == block["id"] for stored in edition.blocks)
    what = acts.BLOCK_CHANGED if is_present else acts.BLOCK_ADDED
    with changing(configuration, edition, by, revision, what(title=block["title"]), now) as draft:
        draft.blocks = _replaced(draft, block)
    return draft


def is_there(edition: Edition, values: Mapping[str, str]) -> bool:
    """Return whether the edition has a block with these values, apart from their `id`. Raises Impossible as `save`."""
    checked = _checked(values)
    return any({**checked, "id": block["id"]} == block for block in edition.blocks)


def remove(
    configuration: Config, edition: Edition, by: str, revision: int | None, block: str, now: datetime | None = None
) -> Edition:
    """Remove a block. Raises Impossible if no block has this id."""
    title = next((stored["title"] for stored in edition.blocks if stored["id"] == block), "")
    with changing(configuration, edition, by, revision, acts.BLOCK_REMOVED(title=title), now) as draft:
        left = [stored for stored in draft.blocks if stored["id"] != block]
        if len(left) == len(draft.blocks):
            raise Impossible(messages.NO_BLOCK(name=draft.name))
        draft.blocks = left
    return draft


def moved(blocks: Sequence[StoredBlock], copied: Mapping[int, int]) -> list[StoredBlock]:
    """Return copies of blocks for an edition in which posts have other numbers, or are missing."""
    places = {TOP: TOP, **{str(old): str(new) for old, new in copied.items()}}
    return [{**block, "id": _new_id(), "after": places.get(block["after"], END)} for block in blocks]


def _replaced(draft: Edition, block: StoredBlock) -> list[StoredBlock]:
    """Return the draft's blocks with this one in its place, or at the end if it is new."""
    places = {TOP, END, *(str(number) for number in draft.entries.values_list("post_id", flat=True))}
    if block["after"] not in places:
        raise Impossible(messages.NO_POST(name=draft.name, post=block["after"]))
    stored: list[StoredBlock] = draft.blocks
    if block["id"]:
        if all(other["id"] != block["id"] for other in stored):
            raise Impossible(messages.NO_BLOCK(name=draft.name))
        return [block if other["id"] == block["id"] else other for other in stored]
    if len(stored) >= MOST:
        raise Impossible(messages.TOO_MANY_BLOCKS(most=MOST))
    return [*stored, {**block, "id": _new_id()}]


def _checked(values: Mapping[str, Any]) -> StoredBlock:
    kind = values.get("kind", "")
    if kind not in KINDS:
        raise Impossible(messages.BLOCK_KIND(text=str(kind)[:40]))
    title, url = _line(values.get("title", "")), values.get("url", "").strip()
    text = values.get("text", "").replace("\r\n", "\n").strip()
    if not title:
        raise Impossible(messages.BLOCK_WITHOUT_TITLE())
    if len(text) > LONGEST_WORDS:
        raise Impossible(messages.BLOCK_TOO_LONG(length=len(text), most=LONGEST_WORDS))
    return StoredBlock(
        id=values.get("id", ""),
        kind=kind,
        title=title,
        when=_line(values.get("when", "")) if kind == "event" else "",
        text=text,
        url=_address(url),
        button=_line(values.get("button", "")) if url else "",
        after=values.get("after", "") or END,
    )


def _address(url: str) -> str:
    """Return a link as email programs follow it. Raises Impossible for others."""
    if not url:
        return ""
    address = url if "://" in url or url.startswith("mailto:") else f"https://{url}"
    try:
        parts = urlsplit(address)
        to_page, to_person = parts.scheme in ("http", "https"), parts.scheme == "mailto"
        is_address = (to_page and bool(parts.hostname) and parts.port != 0) or (to_person and "@" in parts.path)
    except ValueError:
        is_address = False
    if not is_address or len(address) > LONGEST_LINK or any(c.isspace() for c in address):
        raise Impossible(messages.NOT_A_WEB_ADDRESS())
    return address


def _line(text: str) -> str:
    return " ".join(text.split())[:LONGEST_LINE]


def _new_id() -> str:
    return secrets.token_hex(4)
