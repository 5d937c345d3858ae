"""The parsers that are fuzzed: samples and tokens of each format, and what must hold for any input."""

import base64
import contextlib
import io
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import altcha
from django.test import RequestFactory
from PIL import Image

from newsletter import config
from newsletter.bounces import webhook_events
from newsletter.bounces.reading import BounceKind
from newsletter.bounces.reading.parsing import read as read_bounce
from newsletter.config import ConfigError
from newsletter.deliverability.dmarc.aggregate import read_report, read_reports
from newsletter.deliverability.dmarc.attachments import InvalidReport
from newsletter.delivery.reply import InvalidReply, Reply, ReplyParser
from newsletter.feeds.formats.parse import parse
from newsletter.feeds.html.markup import page_tree
from newsletter.feeds.model import NotAFeed
from newsletter.feeds.sources import discover
from newsletter.feeds.sources.folder import Folder, read_folder
from newsletter.images.decoding import prepare
from newsletter.images.mail_image import ImageProblem
from newsletter.messages import Message
from newsletter.sending import return_path
from newsletter.setup.site_page import read_site_page
from newsletter.web.hooks.provider_views import view_of
from newsletter.web.hooks.views import MALFORMED
from subscribers import tokens
from subscribers.importing import FileProblem, outline
from subscribers.importing.reading import lines, opened
from subscribers.protection import challenges
from tests import settings
from tests.bounces.reading import bounce_samples
from tests.bounces.reading.test_robustness import FRAGMENTS
from tests.deliverability import dmarc_samples
from tests.doubles import webhook_calls
from tests.doubles.providers import CALLS, DOUBLES, SIGNING
from tests.doubles.webhook_calls import Happened
from tests.fuzz import dns_records, editor_texts, fast_path, other_tools, requests, vocabulary

FIXTURES = Path(__file__).parents[1] / "feeds" / "fixtures"
BASE = "https://harbour.example/feed/"
OUR_FAULT = "newsletter failed to read it"
BARE = "bounce@example.org"


@dataclass(frozen=True)
class Target:
    """A parser: its samples and tokens, and a function that raises an exception if it breaks a promise."""

    samples: Callable[[], Sequence[bytes]]
    tokens: Sequence[bytes]
    run: Callable[[bytes], object]


def _files(*folders: str) -> list[bytes]:
    found = [path for folder in folders for path in sorted((FIXTURES / folder).iterdir())]
    return [path.read_bytes() for path in found if not path.name.endswith(".expected.json")]


def _no_fault_of_ours(problems: Iterable[Message]) -> None:
    for problem in problems:
        assert OUR_FAULT not in str(problem), str(problem)


def _feed(data: bytes) -> None:
    with contextlib.suppress(NotAFeed):
        page = parse(data, BASE)
        _no_fault_of_ours(page.problems)
        assert all("\0" not in post.html + post.title + post.url for post in page.posts)


def _page(data: bytes) -> None:
    html = data.decode("utf-8", "replace")
    read_site_page(html, BASE)
    if (tree := page_tree(html)) is not None:
        discover._named_feeds(tree, BASE, "auto")


def _front_matter(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "post.md").write_bytes(data)
        _no_fault_of_ours(
            read_folder(Folder(Path(folder), "https://harbour.example/", "/:slug/", UTC, 8_000_000)).problems
        )


def _bounces() -> list[bytes]:
    event = bounce_samples.amazon_event("Bounce", bounceType="Permanent", bouncedRecipients=[{"emailAddress": "a@b"}])
    return [
        *bounce_samples.MALFORMED,
        bounce_samples.report(),
        bounce_samples.report(action="delayed", status="4.2.2"),
        bounce_samples.prose("Sorry, no mailbox here by that name. kari@reader.example: 550 5.1.1 user unknown"),
        bounce_samples.complaint(),
        bounce_samples.junk_mail_report(),
        bounce_samples.amazon(event),
        bounce_samples.amazon(event, enveloped=True),
    ]


def _bounce(data: bytes) -> None:
    found = read_bounce(data)
    assert found.kind in BounceKind
    stored = "".join((found.text, found.status, found.message_id, found.original_id, found.unsubscribe))
    (stored + "".join((*found.recipients, *found.to, *found.about))).encode()
    assert "\0" not in found.text


def _dmarc_samples() -> list[bytes]:
    other = dmarc_samples.record("2001:db8::1", 3, "fail", "fail", "quarantine")
    return [
        dmarc_samples.xml(),
        dmarc_samples.xml(dmarc_samples.record(), other, namespace="urn:ietf:params:xml:ns:dmarc-2.0"),
        dmarc_samples.report(other),
        dmarc_samples.email(dmarc_samples.zipped(dmarc_samples.xml(other)), "zip"),
        dmarc_samples.email(dmarc_samples.xml(other), "xml"),
    ]


def _dmarc(data: bytes) -> None:
    for read in (read_reports, lambda octets: list(filter(None, [read_report(octets)]))):
        with contextlib.suppress(InvalidReport):
            for found in read(data):
                assert found.domain
                assert found.begins.year < 2200
                assert all(each.count >= 0 and "\0" not in each.address for each in found.results)


def _webhook_samples() -> list[bytes]:
    happened = [Happened(kind, "id-1", "kari@reader.example") for kind in webhook_calls.ALL]
    return [
        CALLS[provider](event).body for provider in CALLS for event in happened if event.kind in DOUBLES[provider].kinds
    ]


def _webhook(data: bytes) -> None:
    """What each service's view makes of a call whose secret or signature was right."""
    delivery = config.DeliverySettings(**{name: keys() for name, keys in SIGNING.items()})
    configuration = replace(config.current(), delivery=delivery)
    for provider in CALLS:
        view = view_of(provider, configuration)
        view.fetch = lambda _: b""
        request = RequestFactory().generic("POST", f"/hooks/{provider}/", data, "application/json")
        with contextlib.suppress(*MALFORMED):
            for row in webhook_events.read(provider, view.parse_events(request), datetime.now(UTC)):
                stored = "".join((row.recipient, row.message_id, row.text, row.status, row.key))
                assert "\0" not in stored
                assert not re.search(r"\w@\w", row.text)
                stored.encode()


def _fed(chunks: Iterable[bytes]) -> list[Reply | None]:
    """What the parser says; at the end None if a reply was invalid."""
    parser, found = ReplyParser(), list[Reply | None]()
    try:
        for chunk in chunks:
            found.extend(parser.feed(chunk))
    except InvalidReply:
        found.append(None)
    return found


def _replies(data: bytes) -> None:
    cut = len(data) // 3
    whole, halves = _fed([data]), _fed([data[:cut], data[cut:]])
    for one, other in zip(whole, halves, strict=False):
        if one is None or other is None:
            break  # how much of an endless reply is read depends on how it arrives
        assert one == other
    for reply in filter(None, whole):
        assert not re.search(r"\w@\w", reply.text)
        str(reply).encode()


@cache
def _tokens() -> list[bytes]:
    links = [tokens.link_token(number) for number in (0, 1, 5)]
    timed = [tokens.timed_token(purpose, 7, 9) for purpose in tokens.Purpose if purpose is not tokens.Purpose.LINK]
    return [text.encode() for text in (*links, *timed, return_path.return_path(BARE, 3, 4))]


def _token(data: bytes) -> None:
    text, good = data.decode("utf-8", "replace"), _GOOD
    assert tokens.read_link(text) is None or text in good
    for purpose in tokens.Purpose:
        assert tokens.read_timed(purpose, text) is None or text in good
    assert return_path.read(BARE, text) is None or text.lower() in good


def _solutions() -> list[bytes]:
    challenge = altcha.create_challenge("SHA-256", 1, counter=1, expires_at=2**31, hmac_secret="a", hmac_key_secret="b")
    answer = altcha.solve_challenge(challenge)
    assert answer is not None
    return [json.dumps(altcha.Payload(challenge, answer).to_dict()).encode()]


def _solution(data: bytes) -> None:
    assert challenges.read(base64.b64encode(data).decode()) is None
    assert challenges.read(data.decode("utf-8", "replace")) is None


_GOOD = {token.decode() for token in _tokens()}


def _csv_samples() -> list[bytes]:
    return [
        b"Email,Name,Status,Joined\nkari@reader.example,Kari,active,2025-03-01\nola@reader.example,Ola,unsubscribed,\n",
        "E-postadresse;Fornavn;Etternavn;Påmeldt\nkari@reader.example;Kari;Nord;01.03.2025 kl. 08:00\n".encode(),
        "\ufeffE-Mail-Adresse\tVorname\tAnmeldedatum\nkari@reader.example\tKäthe\t1. März 2025\n".encode("utf-16"),
        b"kari@reader.example\nOla Nord <ola@reader.example>\n",
        b'email,name,tags\n"kari@reader.example","Nord, ""Kari""","a,b"\nola@reader.example,"Two\nlines",c\n',
    ]


def _csv(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.csv"
        path.write_bytes(data)
        with contextlib.suppress(FileProblem):
            outline(path)
            with opened(path) as file:
                for line in lines(path, file):
                    assert line.row is not None or line.problem


def _toml(data: bytes) -> None:
    with contextlib.suppress(ConfigError, UnicodeDecodeError):
        config.parse(data.decode(), settings.FOLDER / "config.toml", {})


def _images() -> list[bytes]:
    found: list[bytes] = []
    picture = Image.radial_gradient("L").resize((40, 30))
    for form in ("PNG", "JPEG", "GIF", "WEBP"):
        with io.BytesIO() as file:
            picture.convert("RGB").save(file, form)
            found.append(file.getvalue())
    with io.BytesIO() as file:
        picture.save(file, "GIF", save_all=True, append_images=[picture.rotate(90)], duration=50, loop=0)
        found.append(file.getvalue())
    return found


def _image(data: bytes) -> None:
    with contextlib.suppress(ImageProblem):
        assert prepare(data).data


FEED_FOLDERS = (
    *("atom", "damaged", "encodings", "jsonfeed", "refused"),
    *("rss-0.91", "rss-0.92", "rss-1.0", "rss-2.0", "wordpress-rest"),
)
TARGETS = {
    "dmarc": Target(_dmarc_samples, vocabulary.DMARC, _dmarc),
    "dns": Target(lambda: dns_records.SAMPLES, dns_records.TOKENS, dns_records.judged),
    "bounces": Target(_bounces, FRAGMENTS, _bounce),
    "feeds": Target(lambda: _files(*FEED_FOLDERS), vocabulary.MARKUP, _feed),
    "pages": Target(lambda: _files("pages", "html"), vocabulary.MARKUP, _page),
    "front-matter": Target(lambda: _files("front-matter"), vocabulary.FRONT_MATTER, _front_matter),
    "webhooks": Target(_webhook_samples, vocabulary.WEBHOOKS, _webhook),
    "replies": Target(
        lambda: [b"250-mx.example\r\n250-SIZE 1000\r\n250 PIPELINING\r\n", b"550 5.1.1 <a@b.example>: no\r\n"],
        vocabulary.REPLIES,
        _replies,
    ),
    "tokens": Target(_tokens, vocabulary.TOKENS, _token),
    "solutions": Target(_solutions, vocabulary.SOLUTIONS, _solution),
    "csv": Target(_csv_samples, vocabulary.CSV, _csv),
    "configuration": Target(lambda: [settings.TEXT.encode()], vocabulary.TOML, _toml),
    "requests": Target(lambda: requests.SAMPLES, vocabulary.REQUESTS, requests.tried),
    "fast-path": Target(fast_path.samples, vocabulary.FAST_PATH, fast_path.tried),
    "markdown": Target(lambda: editor_texts.SAMPLES, editor_texts.TOKENS, editor_texts.tried),
    "other-tools": Target(lambda: other_tools.SAMPLES, other_tools.TOKENS, other_tools.tried),
    "images": Target(_images, vocabulary.IMAGES, _image),
}
