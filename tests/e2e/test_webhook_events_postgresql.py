"""Events of email services with PostgreSQL, where several programs may process the same ones."""

import json
from collections.abc import Callable

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.sending_samples import CONFIG

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]

READERS = 80
PROCESS = f"""
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from django.db import connection
from newsletter import config
from newsletter.bounces import webhook_events
from newsletter.models import Bounce, Delivery, Edition, NewWebhookEvent, Result, WebhookEvent
from subscribers.models import Subscriber, Subscription

now, numbers = datetime.now(UTC), range(1, {READERS} + 1)
edition = Edition.objects.create(newsletter="weekly", period="2026-W06", state="sent", began_at=now, ended_at=now,
    since=now - timedelta(days=7), until=now, created_at=now, refreshed_at=now)
for n in numbers:
    address = f"r{{n}}@reader.example"
    person = Subscriber.objects.create(address=address, key=address, **Subscriber.hashed(address))
    subscription = Subscription.objects.create(subscriber=person, newsletter="weekly", state="active")
    Delivery.objects.create(edition=edition, number=n, subscription=subscription)
    Result.objects.create(edition=edition, number=n, attempt=1, kind="accepted", at=0, queue_id=f"id-{{n}}")

def event(n):
    kind, *judged = ("bounced", "hard", "reader", "5.1.1") if n % 2 else ("delivered", "", "", "")
    return NewWebhookEvent("mailgun", f"key{{n}}", kind, *judged, "", f"r{{n}}@reader.example", f"id-{{n}}", now, now)

def process(_):
    try:
        return webhook_events.process(config.current(), now)
    finally:
        connection.close()

webhook_events.enqueue = lambda *_: None
webhook_events.store([[event(n)] for n in numbers])
with ThreadPoolExecutor(4) as pool:
    found = list(pool.map(process, range(4)))
due = WebhookEvent.objects.exclude(due_at=None).count()
print(json.dumps([connection.vendor, sum(found), due, Bounce.objects.count()]))
"""


def test_each_event_is_processed_by_one_of_several_programs(site: Callable[[str], Site]) -> None:
    with postgresql.running() as url:
        here = site(CONFIG.format(port=25, delivery=""))
        here.environment["NEWSLETTER__SITE__DATABASE"] = url
        here.run("editions")  # makes the tables
        said = here.run("manage", "shell", "--no-imports", "-c", PROCESS).stdout
    assert json.loads(said.splitlines()[-1]) == ["postgresql", READERS, 0, READERS // 2]
