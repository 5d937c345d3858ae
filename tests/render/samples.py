"""Small digests for the tests of rendering: an ordinary week, and a post with everything that is hard to render."""

from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.config import Theme
from newsletter.domain.digest import Digest, DigestPost, Letterhead
from newsletter.domain.encoded_email import Recipient
from newsletter.domain.found_post import Image
from newsletter.render.grouping import group

ZONE = ZoneInfo("Europe/Oslo")
SINCE = datetime(2026, 1, 30, 17, tzinfo=UTC)
UNTIL = datetime(2026, 2, 6, 17, tzinfo=UTC)
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
    "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
NASTY_TITLE = (
    f"{FAMILY} \"Quoted\" \\ and 'single' <b>bold</b> ]]> {{{{ braces }}}} {{% raw %}} %% 𝒳 हिन्दी العربية עברית"
)
NASTY_ALT = f'{FAMILY} "alt" \\n \\u{{200d}}\u00a0e\u0301 ]]> {{{{ x }}}} %% क्षि'
LONG_WORD = "Donaudampfschiff" * 125
NASTY_TEXT = (
    f"{FAMILY} no\u00a0break e\u0301 \"double\" 'single' back\\slash ]]> {{{{ x }}}} {{% y %}} %% "
    "𝒳𝒴 क्षि नमस्ते مرحبا שלום <tag> &amp;"
)


def letterhead(**changes: Any) -> Letterhead:
    """Kaffebrevet's letterhead; keys of the theme may be among the changes."""
    values: dict[str, Any] = {
        "newsletter": "kaffebrevet",
        "title": "Kaffebrevet",
        "description": "Om kaffe, hver fredag",
        "language": "nb",
        "timezone": "Europe/Oslo",
        "sender_name": "Kaffebrevet",
        "sender_address": "brev@example.org",
        "reply_to": "",
        "postal_address": "Postboks 1, 0001 Oslo",
        "site_url": "https://brev.example.org",
    }
    theme = {key: changes.pop(key) for key in Theme.__dataclass_fields__ if key in changes}
    return Letterhead(**(values | {"theme": Theme(**theme)} | changes))


def post(number: int, **changes: Any) -> DigestPost:
    """Return the post with this number: higher numbers are older, three on each day."""
    values: dict[str, Any] = {
        "id": f"p{number}",
        "url": f"https://blog.example/2026/02/post-{number}.html",
        "title": f"Post {number}: how the beans travel",
        "html": (
            f"<p>Beans of lot {number} leave the farm by mule. They reach the port a week later. "
            "Nobody hurries them.</p><p>The second leg goes by sea, and takes a month.</p>"
        ),
        "published": datetime(2026, 2, 6, 16, tzinfo=UTC) - timedelta(hours=8 * number),
        "source": "Kaffebloggen",
        "language": "en",
    }
    return DigestPost(**(values | changes))


def nasty(**changes: Any) -> DigestPost:
    """Return a post whose title, text and image contain what breaks emails."""
    html = (
        f"<p>{escape(NASTY_TEXT, quote=False)}</p><p>{LONG_WORD}</p>"
        f'<p><img src="https://blog.example/a%20b.png" alt="{escape(NASTY_ALT)}" width="1200" height="800"></p>'
        '<pre>  if a &lt; b:\n      print("x")</pre>'
    )
    return post(99, id="nasty", title=NASTY_TITLE, html=html, language="", **changes)


def digest(posts: int | list[DigestPost] = 7, *, by: Any = "day", **changes: Any) -> Digest:
    """Return a week's digest of `posts` ordinary posts, or of the given ones."""
    chosen = [post(n) for n in range(posts)] if isinstance(posts, int) else posts
    head = changes.pop("letterhead", None) or letterhead()
    groups = group(chosen, by=by, order="newest", zone=ZONE, language=head.language, sections=head.theme.sections)
    values: dict[str, Any] = {
        "name": "kaffebrevet/2026-W06",
        "letterhead": head,
        "since": SINCE,
        "until": UNTIL,
        "subject": "Kaffebrevet, uke 6: Post 0",
        "preheader": "Fra gård til kopp: ukens saker om kaffe, og en liten quiz til slutt",
        "groups": groups,
    }
    return Digest(**(values | changes))


def recipient(**changes: Any) -> Recipient:
    """Return a reader."""
    values: dict[str, Any] = {
        "number": 1,
        "address": "ola@example.org",
        "token": "T0ken-of_Ola" * 3,
        "message_id": "kaffebrevet.2026-W06.1",
    }
    return Recipient(**(values | changes))


def picture(**changes: Any) -> Image:
    """Return an image that needs no network."""
    values: dict[str, Any] = {"url": PIXEL, "alt": "En kopp kaffe", "width": 1200, "height": 800}
    return Image(**(values | changes))
