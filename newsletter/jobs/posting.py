"""Mails to one person at a time, through the engine and the provider that carry the editions.

Promises: a mail that could not leave now is told as deferred, with the reason; nothing here is tried again by itself.
"""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from pathlib import Path

from newsletter.config import Config
from newsletter.delivery.engine import Engine, send
from newsletter.delivery.journal import Journal
from newsletter.jobs.process import BY_ENGINE
from newsletter.mail import Batch, Chunk, Fault, Header, Kind, Outcome, Reader, Segments

PATIENCE = 5.0
NAME = "letter"


class _Handout:
    """One batch to be sent, and what came of it (`mail.Source` and `mail.Sink`)."""

    def __init__(self, segments: Segments, reader: Reader) -> None:
        self._batch: Batch | None = Batch(NAME, reader.number, segments, (reader,))
        self.outcome: Outcome | None = None
        self.problem = ""

    def next(self, limit: int) -> Batch | None:
        """The batch, once."""
        batch, self._batch = self._batch, None
        return batch

    def begin(self, batch: Batch) -> Batch:
        """A letter is asked for by its reader: nobody is left out."""
        return batch

    def hold(self, held: Sequence[Chunk]) -> Mapping[Chunk, float]:
        """Nobody else could take it."""
        return dict.fromkeys(held, inf)

    def settle(self, edition: str, chunk: int, outcomes: Sequence[Outcome], *, finished: bool) -> None:
        """Remember what came back."""
        self.outcome = outcomes[-1] if outcomes else self.outcome

    def pause(self, edition: str, reason: str) -> None:
        """What would pause an edition is why a letter could not leave."""
        self.problem = reason


def post(configuration: Config, newsletter: str, address: str, raw: bytes) -> Outcome:
    """Send a whole message (CRLF, dot-safe) to an address, with the newsletter's sender and provider."""
    settings = configuration.newsletters[newsletter]
    segments = replace(_segments(raw), sender=settings.sender.address, message_id_domain=settings.sender.domain)
    reader = Reader(number=1, address=address, token="letter", message_id="letter")  # noqa: S106 - no slot holds it
    return post_segments(configuration, newsletter, segments, reader)


def post_segments(configuration: Config, newsletter: str, segments: Segments, reader: Reader) -> Outcome:
    """Send one reader's mail now, outside any edition's audience."""
    provider = configuration.provider_of(configuration.newsletters[newsletter])
    delivery = replace(configuration.delivery, provider=provider, processes=1)
    handout = _Handout(segments, reader)
    with tempfile.TemporaryDirectory(prefix="newsletter-") as folder:
        journal = Journal.create(Path(folder), NAME)
        if provider in BY_ENGINE:
            engine = Engine(delivery, handout, handout, journal, folder=configuration.folder, patience=PATIENCE)
            ended = send(engine)
        else:
            from newsletter.jobs import carrying  # the HTTP clients of the APIs load slowly

            ended = carrying.carry(configuration, delivery, handout, journal, lambda: False)
    if handout.outcome is not None:
        return handout.outcome
    problem = handout.problem or ended.problem or "it could not be sent now"
    return Outcome(reader.number, reader.attempt, Kind.DEFERRED, time.time(), Fault.CONNECTION, text=problem)


def _segments(raw: bytes) -> Segments:
    """A message's header fields and body apart (RFC 5322 2.1); folded lines stay with their field."""
    head, _, body = raw.partition(b"\r\n\r\n")
    fields: list[bytes] = []
    for line in head.split(b"\r\n"):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] += b"\r\n" + line
        else:
            fields.append(line)
    headers = tuple(Header(name.decode("ascii"), (value.lstrip(b" "),)) for name, _, value in _parted(fields))
    return Segments(headers, (body,), "", "")


def _parted(fields: list[bytes]) -> list[tuple[bytes, bytes, bytes]]:
    return [field.partition(b":") for field in fields]
