"""How long the server takes for each page of the desk: 100,000 subscribers and 200 editions on SQLite.

    python -m tests.bench.bench_desk [TIMES]

Each page is asked for TIMES times (40) by an admin, through all of Django but the network. Prints a line a page: the
median and the 95th percentile in milliseconds, the first answer (nothing cached), queries, and bytes. The newest ten
editions have a row for each of their 100,000 mails and outcomes; earlier ones have their tallies only, as no page asks
for more of them. All subscribers were offered the posts of the sent editions. Ends with status 1 where a 95th
percentile is 100 ms or more.
"""

import json
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from newsletter import config
from newsletter.domain.ordinals import Ordinals
from newsletter.messages import acts, posts as messages
from newsletter.start import start

if TYPE_CHECKING:
    from django.test import Client

    from newsletter.models import Edition, Post

READERS, EDITIONS, WHOLE, POSTS, LIMIT = 100_000, 200, 10, 17, 100.0
NEWEST = datetime(2026, 2, 6, 17, tzinfo=UTC)
CONFIG = """
[site]
url = "http://localhost:8000"
secret_key = "for measurements only, and as long as such a key is"
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
[[newsletters.kinaforum.sources]]
url = "https://kinaforum.example/feed"
type = "feed"
[delivery]
provider = "file"
"""
DOMAINS = ("gmail.example", "outlook.example", "online.example", "uio.example", *(f"d{n}.example" for n in range(400)))


def main() -> int:
    """Fill a database, measure, print."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.toml").write_text(CONFIG, encoding="utf-8")
        start(config.load(Path(folder) / "config.toml"))
        began = time.monotonic()
        _fill(Path(folder))
        sys.stdout.write(f"filled in {time.monotonic() - began:.0f} s\n")
        return _measure(times)


def _fill(folder: Path) -> None:
    from subscribers.importing import import_file

    people = folder / "people.csv"
    rows = (f"reader{n}@{DOMAINS[n % 7 if n % 3 else n % len(DOMAINS)]},Reader {n}" for n in range(READERS))
    people.write_text("email,name\n" + "\n".join(rows) + "\n", encoding="utf-8")
    import_file(people, "kinaforum", consent="a measurement")
    editions = [_edition(week) for week in range(EDITIONS)]
    for edition in editions[2 : WHOLE + 2]:
        _mails(edition)
    _offered(Ordinals(((1, (EDITIONS - 2) * POSTS),)))
    _indexes_known()


def _offered(posts: Ordinals) -> None:
    """Store that all subscribers were offered posts."""
    from newsletter.editions.offers import bases
    from subscribers.models import Base

    bases.grow(Base.objects.get(), posts)


def _indexes_known() -> None:
    """What a database that has run for a while knows about itself."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("PRAGMA optimize = 0x10002")


def _edition(week: int) -> "Edition":
    """An edition of so many weeks ago: 0 is the draft, 1 is approved, the others are sent."""
    from newsletter.editions import history
    from newsletter.models import Act, ApprovedContent, Bounce, Edition, EditionPost, Post, State, Tally

    until = NEWEST - timedelta(weeks=week)
    began = {} if week < 2 else {"began_at": until, "ended_at": until + timedelta(minutes=9), "audience": READERS}
    edition = Edition.objects.create(
        newsletter="kinaforum",
        period=f"{until:%G-W%V}",
        state=(State.DRAFT, State.APPROVED, State.SENT)[min(week, 2)],
        since=until - timedelta(weeks=1),
        until=until,
        created_at=until,
        refreshed_at=until,
        **began,
    )
    earlier = (EDITIONS - 1 - week) * POSTS
    posts = Post.objects.bulk_create(_post(n, until, earlier + n + 1) for n in range(POSTS))
    EditionPost.objects.bulk_create(
        EditionPost(edition=edition, post=post, included=True, reason=messages.IN_THE_PERIOD(), position=n)
        for n, post in enumerate(posts)
    )
    for _ in range(5):
        history.record(edition, "anna@example.org", acts.REFRESHED(), until)
        Act.objects.log("anna@example.org", acts.REFRESHED(), edition.name, now=until)
    if week:
        ApprovedContent.objects.create(edition=edition, **_frozen(edition))
    if week > 1:
        seconds = (until + timedelta(seconds=2 * n) for n in range(200))
        Tally.objects.bulk_create(Tally(edition=edition, at=at, accepted=494, refused=5, deferred=1) for at in seconds)
        reports = (Bounce(edition=edition, number=n, kind="hard", mail=str(n), at=until) for n in range(1, 300))
        Bounce.objects.bulk_create(reports)
    assert Act.objects.exists()
    return edition


def _frozen(edition: "Edition") -> dict[str, object]:
    head = {"from": "Kinaforum <brev@example.org>"}
    texts = {"subject": f"Kinaforum, {edition.period}", "preheader": "", "html": "<p>" * 2_000, "text": "…"}
    return {"revision": 1, "placeholders": [], "headers": head, "segments": b"", **texts}


def _post(number: int, until: datetime, ordinal: int) -> "Post":
    from newsletter.models import Post

    at = until - timedelta(hours=9 * number + 1)
    text = "<p>Slik begynner en tekst som går videre en stund, med <em>litt</em> av hvert i seg.</p>" * 40
    return Post(
        newsletter="kinaforum",
        url=f"https://kinaforum.example/{at:%Y/%m/%d}/{number}.html",
        link_key=f"{at.isoformat()}",
        content_hash=f"{at.isoformat()}",
        title=f"En overskrift om handel, litteratur og hverdag i Kina, nr. {number}",
        html=text,
        published=at,
        first_seen=at,
        changed_at=at,
        ordinal=ordinal,
    )


def _mails(edition: "Edition") -> None:
    """A delivery and an outcome for each reader: 1% refused with a dozen different words, 0.2% deferred."""
    from django.db import connection, transaction

    from newsletter.models import Delivery, Result

    deliveries, results = Delivery._meta.db_table, Result._meta.db_table
    at = NEWEST.timestamp()
    kind = "CASE WHEN number % 100 = 1 THEN 'refused' WHEN number % 500 = 2 THEN 'deferred' ELSE 'accepted' END"
    text = "CASE WHEN number % 100 = 1 THEN '550 5.1.1 no such user, ' || (number % 12) ELSE '' END"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {deliveries} (edition_id, number, subscription_id) "
            "SELECT %s, row_number() OVER (ORDER BY id), id FROM subscribers_subscription",
            [edition.pk],
        )
        cursor.execute(
            f"INSERT INTO {results} "
            "(edition_id, number, attempt, kind, fault, code, status, text, queue_id, at, settled) "
            f"SELECT edition_id, number, 1, {kind}, '', 250, '', {text}, '', %s, 0 FROM {deliveries} "
            "WHERE edition_id = %s",
            [at, edition.pk],
        )


def _pages() -> dict[str, list[str]]:
    """Each page's addresses: one, or several of the same kind."""
    from newsletter.models import Edition
    from subscribers.models import Subscriber

    editions = list(Edition.objects.order_by("-until")[: WHOLE + 2])
    approved = f"/desk/editions/kinaforum/{editions[1].period}/"
    draft = f"/desk/editions/kinaforum/{editions[0].period}/"
    person = Subscriber.objects.order_by("pk")[READERS // 2].pk
    fixed = {
        "home": "/desk/",
        "newsletter": "/desk/n/kinaforum/",
        "newsletter, page 8": "/desk/n/kinaforum/?page=8",
        "draft": draft,
        "draft: beside it": f"{draft}side/",
        "draft: posts": f"{draft}posts/?out=1",
        "preview": f"{draft}preview/",
        "preview: frame": f"{draft}frame/",
        "preview: inbox": f"{draft}preview/?kind=inbox",
        "preview: source": f"{draft}raw/",
        "history": f"{draft}history/",
        "proof": f"{draft}proof/",
        "approved": approved,
        "send": f"{approved}send/",
        "sources": "/desk/sources/",
        "subscribers": "/desk/subscribers/",
        "subscribers: one found": "/desk/subscribers/?text=reader77777",
        "subscribers: nobody found": "/desk/subscribers/?text=nobodyatall",
        "subscribers: a tag": "/desk/subscribers/?tag=film",
        "one subscriber": f"/desk/subscribers/{person}/",
        "import": "/desk/subscribers/import/",
        "settings": "/desk/settings/",
        "people": "/desk/users/",
        "log": "/desk/log/",
        "log of one": f"/desk/log/?about=kinaforum/{editions[3].period}",
        "account": "/desk/account/",
    }
    reports = [f"/desk/editions/kinaforum/{each.period}/report/" for each in editions[2:]]
    lives = [address.replace("/report/", "/live/") for address in reports]
    return {name: [address] for name, address in fixed.items()} | {"report": reports, "report: live": lives}


def _measure(times: int) -> int:
    client = _admin()
    slow = []
    sys.stdout.write(f"{'page':28}{'median':>8}{'p95':>8}{'first':>8}{'queries':>9}{'bytes':>9}\n")
    for name, addresses in _pages().items():
        first = [_timed(client, address)[0] for address in addresses]
        found = [_timed(client, addresses[n % len(addresses)]) for n in range(times)]
        spent = sorted(seconds for seconds, _queries, _size in found)
        p95 = spent[int(len(spent) * 0.95)] * 1000
        middle, queries, size = spent[len(spent) // 2] * 1000, found[-1][1], found[-1][2]
        sys.stdout.write(f"{name:28}{middle:8.1f}{p95:8.1f}{max(first) * 1000:8.1f}{queries:9}{size:9}\n")
        slow += [name] if p95 >= LIMIT else []
    sys.stdout.write(json.dumps({"readers": READERS, "editions": EDITIONS, "slow": slow}) + "\n")
    return 1 if slow else 0


def _admin() -> "Client":
    from django.contrib.auth.models import User
    from django.test import Client

    user = User.objects.create(username="admin@example.org", email="admin@example.org", is_superuser=True)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def _timed(client: "Client", address: str) -> tuple[float, int, int]:
    """Seconds, queries and bytes of one answer."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        began = time.perf_counter()
        answer = client.get(address)
        size = len(answer.content)
        seconds = time.perf_counter() - began
    assert answer.status_code == 200, address
    return seconds, len(queries), size


if __name__ == "__main__":
    sys.exit(main())
