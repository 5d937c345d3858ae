"""EncodedEmail, recipients and chunks of the tests' own making: a mail as render would hand it over, without render."""

import quopri
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from newsletter.domain.batch import Batch, ChunkKey
from newsletter.domain.encoded_email import EncodedEmail, Header, Piece, Recipient, Slot, SlotEncoding, SlotValue
from newsletter.domain.outcome import Outcome

BOUNDARY = "=-boundary-of-the-sample"
TOKEN = Slot(SlotValue.TOKEN, SlotEncoding.ASCII)
NAME_TEXT = Slot(SlotValue.NAME, SlotEncoding.TEXT, "leser")
NAME_HTML = Slot(SlotValue.NAME, SlotEncoding.HTML, "leser")
MARK = re.compile(r"(\{token\}|\{name\})")


def quoted(text: str) -> bytes:
    """Quoted-printable with CRLF, dots at line starts written as `=2E`."""
    octets = quopri.encodestring(text.encode()).replace(b"\n", b"\r\n")
    return re.sub(rb"(?m)^\.", b"=2E", octets)


def spliced(text: str, name: Slot) -> tuple[Piece, ...]:
    """`{token}` and `{name}` become slots, on lines of their own."""
    pieces: list[Piece] = []
    for part in MARK.split(text):
        if part == "{token}":
            pieces += [b"=\r\n", TOKEN, b"=\r\n"]
        elif part == "{name}":
            pieces += [b"=\r\n", name, b"=\r\n"]
        elif part:
            pieces.append(quoted(part))
    return tuple(pieces)


def encoded(
    text: str = "Hei {name}\n\nhttps://brev.example/u/{token}\n",
    html: str = "<p>Hei {name}</p><a href='https://brev.example/u/{token}'>bye</a>\n",
    subject: bytes = b"Uke 6",
    extra: Sequence[Header] = (),
) -> EncodedEmail:
    """A multipart/alternative mail of text and HTML."""
    headers = (
        Header("From", (b"Kinaforum <brev@example.org>",)),
        Header("To", (Slot(SlotValue.TO, SlotEncoding.HEADER),)),
        Header("Subject", (subject,)),
        Header("Date", (b"Fri, 06 Feb 2026 18:00:00 +0100",)),
        Header("Message-ID", (b"<", Slot(SlotValue.MESSAGE_ID, SlotEncoding.ASCII), b"@example.org>")),
        Header("List-Id", (b"Kinaforum <kinaforum.example.org>",)),
        Header("List-Unsubscribe", (b"<https://brev.example/u/", TOKEN, b">")),
        Header("List-Unsubscribe-Post", (b"List-Unsubscribe=One-Click",)),
        Header("MIME-Version", (b"1.0",)),
        Header("Content-Type", (f'multipart/alternative;\r\n boundary="{BOUNDARY}"'.encode(),)),
        *extra,
    )
    part = "--%s\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    body = (
        (part % (BOUNDARY, "plain")).encode(),
        *spliced(text, NAME_TEXT),
        ("\r\n" + part % (BOUNDARY, "html")).encode(),
        *spliced(html, NAME_HTML),
        f"\r\n--{BOUNDARY}--\r\n".encode(),
    )
    return EncodedEmail(headers, body, "brev@example.org", "example.org")


def recipient(number: int = 0, address: str = "", **values: str) -> Recipient:
    """A recipient that can be told from others."""
    settings = {"token": f"token-{number}", "message_id": f"m.{number}", "name": f"Reader {number}"} | values
    return Recipient(number, address or f"r{number}@reader.example", **settings)


def recipients(addresses: Iterable[str]) -> tuple[Recipient, ...]:
    """One for each address."""
    return tuple(recipient(number, address) for number, address in enumerate(addresses))


@dataclass
class Desk:
    """A source and a sink in memory, that remember what they were asked and told."""

    batches: list[Batch]
    outcomes: dict[int, list[Outcome]] = field(default_factory=dict)
    back: list[int] = field(default_factory=list)
    pauses: dict[str, str] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    leases: dict[ChunkKey, float] = field(default_factory=dict)
    begun: list[tuple[int, ...]] = field(default_factory=list)
    held: list[list[ChunkKey]] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)
    finished: list[ChunkKey] = field(default_factory=list)
    claimed: dict[ChunkKey, dict[int, Recipient]] = field(default_factory=dict)

    def next(self, limit: int) -> Batch | None:
        """The first batch of an edition that is not stopped, cut to `limit`."""
        self.limits.append(limit)
        at = next((i for i, b in enumerate(self.batches) if b.edition not in self.stopped | set(self.pauses)), None)
        if at is None:
            return None
        batch = self.batches.pop(at)
        if len(batch.recipients) > limit:
            rest = replace(batch, chunk=batch.chunk + limit, recipients=batch.recipients[limit:])
            self.batches.insert(at, rest)
            batch = replace(batch, recipients=batch.recipients[:limit])
        self.claimed[batch.edition, batch.chunk] = {r.number: r for r in batch.recipients}
        return batch

    def begin(self, batch: Batch) -> Batch:
        """Without those who are gone."""
        self.begun.append(tuple(r.number for r in batch.recipients))
        for number in self.gone:
            self.claimed[batch.edition, batch.chunk].pop(number, None)
        return replace(batch, recipients=tuple(r for r in batch.recipients if r.number not in self.gone))

    def renew_leases(self, held: Sequence[ChunkKey]) -> Mapping[ChunkKey, float]:
        """All but those of stopped editions."""
        self.held.append(list(held))
        return {key: self.leases.get(key, 0.0) for key in held if key[0] not in self.stopped}

    def settle(self, edition: str, chunk: int, outcomes: Sequence[Outcome], *, finished: bool) -> None:
        """Remember; what has no outcome at the end goes back."""
        open_ = self.claimed[edition, chunk]
        for outcome in outcomes:
            assert open_.pop(outcome.number, None), f"{outcome.number} was not claimed"
            self.outcomes.setdefault(outcome.number, []).append(outcome)
        if finished:
            self.finished.append((edition, chunk))
            self.back += open_
            del self.claimed[edition, chunk]

    def pause(self, edition: str, reason: str) -> None:
        """Remember why."""
        self.pauses[edition] = reason

    def kinds(self) -> dict[str, int]:
        """How many outcomes of each kind."""
        found: dict[str, int] = {}
        for outcomes in self.outcomes.values():
            for outcome in outcomes:
                found[outcome.kind.value] = found.get(outcome.kind.value, 0) + 1
        return found


def desk(addresses: Iterable[str] | int, mail: EncodedEmail | None = None, edition: str = "k/2026-W06") -> Desk:
    """One edition to these recipients."""
    if isinstance(addresses, int):
        addresses = [f"r{n}@reader.example" for n in range(addresses)]
    return Desk([Batch(edition, 0, mail or encoded(), recipients(addresses))])
