"""The numbers for Prometheus."""

import math
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from newsletter import __version__, config, supervision
from newsletter.messages.general import TEXT
from newsletter.models import Bounce, Edition, Occurrence, Result, Source, State, Tally
from newsletter.sending import lifecycle, unknown_deliveries
from newsletter.sending.results import ResultRow, record
from newsletter.sending.safeguards import fallback
from newsletter.sending.safeguards.fallback import Work, succession_of
from newsletter.supervision import Service, Supervisor
from subscribers.models import Hits, Subscriber, TransactionalEmail
from subscribers.protection import sign_up_limits
from tests.factories import configured
from tests.sending import outbox_samples as samples
from tests.web.scrape import scraped

pytestmark = pytest.mark.django_db
BLOG = "https://kinaforum.example/feed"


@pytest.fixture
def edition() -> Edition:
    """An edition to seven: accepted 2, deferred, refused, unknown 2, and one pending."""
    configuration = configured()
    made = samples.sending(7)
    kinds = ["accepted", "accepted", "deferred", "refused", "unknown", "unknown"]
    at = samples.NOW.timestamp()
    rows = [ResultRow(number, 1, kind, at) for number, kind in enumerate(kinds, 1)]
    record(made, rows, configuration.delivery, samples.NOW)
    return made


def test_deliveries_by_outcome_add_up_to_the_audience(client: Client, edition: Edition) -> None:
    found = scraped(client)
    outcomes = {key[2]: value for key, value in found.items() if key[0] == "newsletter_deliveries"}
    assert outcomes == {"pending": 1, "accepted": 2, "deferred": 1, "refused": 1, "unknown": 2, "skipped": 0}
    assert found["newsletter_last_send_timestamp_seconds", "kinaforum"] == samples.NOW.timestamp()


def test_subscribers_left_out_by_a_cancelled_edition_count_as_skipped(client: Client, edition: Edition) -> None:
    lifecycle.cancel(configured(), edition, now=samples.NOW)
    found = scraped(client)
    assert found["newsletter_deliveries", "kinaforum", "pending"] == 0
    assert found["newsletter_deliveries", "kinaforum", "skipped"] == 2  # the deferred one, and the one not begun


def test_unconfirmed_deliveries_count_until_they_are_settled(client: Client, edition: Edition) -> None:
    assert scraped(client)["newsletter_deliveries_unsettled", "kinaforum"] == 2
    unknown_deliveries.leave(edition)
    assert Result.objects.filter(kind="unknown").count() == 2
    assert scraped(client)["newsletter_deliveries_unsettled", "kinaforum"] == 0


def test_editions_that_a_fallback_provider_took_over(client: Client, edition: Edition) -> None:
    configuration = config.current()
    config.use(replace(configuration, delivery=replace(configuration.delivery, provider="postmark", fallback="smtp")))
    assert scraped(client)["newsletter_fallback_editions", "kinaforum"] == 0
    with transaction.atomic():
        fallback.take_over_all(Work(("kinaforum",), succession_of(config.current(), "postmark")), TEXT(words="401"))
    assert scraped(client)["newsletter_fallback_editions", "kinaforum"] == 1


def test_retries_and_their_age(client: Client, edition: Edition) -> None:
    found = scraped(client)
    assert found["newsletter_retries_waiting", "kinaforum"] == 1
    age = found["newsletter_retry_age_seconds", "kinaforum"]
    assert age == pytest.approx((timezone.now() - samples.NOW).total_seconds(), abs=60)


def test_the_age_of_queues(client: Client) -> None:
    long_ago = timezone.now() - timedelta(hours=2)
    samples.queued(due_at=long_ago)
    Occurrence.objects.create(newsletter="kinaforum", act="draft", due_at=long_ago)
    Occurrence.objects.create(newsletter="kinaforum", act="send", due_at=long_ago, done_at=long_ago)
    Occurrence.objects.create(newsletter="daily", act="send", due_at=timezone.now() + timedelta(days=1))
    person = Subscriber.objects.named("anna@example.org", "anna@example.org")
    email = TransactionalEmail.objects.create(kind="confirm", subscriber=person, newsletter="kinaforum")
    TransactionalEmail.objects.filter(pk=email.pk).update(created=long_ago)
    found = scraped(client)
    for name in (
        ("newsletter_queue_age_seconds", "kinaforum"),
        ("newsletter_schedule_lag_seconds", "kinaforum"),
        ("newsletter_letters_age_seconds",),
    ):
        assert found[name] == pytest.approx(7200, abs=60)
    assert ("newsletter_schedule_lag_seconds", "daily") not in found
    assert found["newsletter_letters_waiting",] == 1


def test_sources_failing_and_their_age(client: Client) -> None:
    configured([BLOG, "https://user:word@kinaforum.example/b?key=secret", "https://kinaforum.example/b"])
    now = timezone.now()
    Source.objects.create(
        newsletter="kinaforum",
        url=BLOG,
        read_at=now - timedelta(hours=1),
        tried_at=now,
        problem=TEXT(words="it is away"),
    )
    Source.objects.create(newsletter="kinaforum", url="https://kinaforum.example/b", read_at=now, tried_at=now)
    Source.objects.create(
        newsletter="kinaforum", url="https://removed.example/", problem=TEXT(words="gone"), tried_at=now
    )
    found = scraped(client)
    assert found["newsletter_sources_failing", "kinaforum"] == 1
    assert found["newsletter_source_age_seconds", "kinaforum", BLOG] == pytest.approx(3600, abs=60)
    assert found["newsletter_source_age_seconds", "kinaforum", "https://kinaforum.example/b"] == math.inf
    assert "secret" not in client.get("/metrics").content.decode()
    assert found["newsletter_last_collect_timestamp_seconds", "kinaforum"] == pytest.approx(now.timestamp(), abs=1)


def test_bounces(client: Client, edition: Edition) -> None:
    Bounce.objects.create(edition=edition, number=1, kind="complaint", mail="a", at=samples.NOW)
    assert scraped(client)["newsletter_bounces", "complaint", "kinaforum"] == 1


def test_whether_a_sign_up_has_to_solve_a_challenge(client: Client) -> None:
    assert scraped(client)["newsletter_sign_up_challenge", "kinaforum"] == 0
    Hits.objects.add({sign_up_limits._attack_keys("kinaforum", timezone.now())[0]: sign_up_limits.ATTACK})
    assert scraped(client)["newsletter_sign_up_challenge", "kinaforum"] == 1


def test_free_space(client: Client) -> None:
    found = scraped(client)
    assert {key[1] for key in found if key[0] == "newsletter_disk_free_bytes"} == {
        "configuration",
        "database",
        "journal",
    }


def test_the_version(client: Client) -> None:
    family = next(line for line in client.get("/metrics").content.decode().splitlines() if "build_info{" in line)
    assert f'version="{__version__}"' in family
    assert family.endswith(" 1.0")


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    before = supervision.current()
    yield supervision.use(Supervisor())
    supervision.use(before)


def test_the_last_run_of_a_service(client: Client, supervisor: Supervisor) -> None:
    done = []

    def once(service: Service) -> None:
        def run() -> None:
            done.append(1)
            service.stopping.set()

        service.repeat(run)

    service = supervisor.add("schedule", once)
    service.start()
    assert service.join(10)
    found = scraped(client)
    last = found["newsletter_service_last_run_timestamp_seconds", "schedule"]
    assert last == pytest.approx(timezone.now().timestamp(), abs=60)
    assert found["newsletter_service_run_seconds_count", "schedule"] == len(done) == 1


def test_requests_are_counted_by_route_and_never_by_path(client: Client) -> None:
    def counted() -> tuple[float, float]:
        found = scraped(client)
        keys = (("/u/<str:token>", "410"), ("/u/<str:token>", "404"), ("unresolved", "404"))
        name = "newsletter_http_request_duration_seconds_count"
        gone, missing, unresolved = (found.get((name, "GET", route, status), 0) for route, status in keys)
        return gone + missing, unresolved

    before = counted()
    client.get("/u/secret-token-of-a-reader")
    client.get("/secret-path-of-a-scanner")
    assert counted() == (before[0] + 1, before[1] + 1)
    assert "secret" not in client.get("/metrics").content.decode()


def test_any_other_method_is_one_series(client: Client) -> None:
    client.generic("BREW", "/healthz")
    found = scraped(client)
    assert found["newsletter_http_request_duration_seconds_count", "other", "/healthz", "405"] >= 1
    assert not any("BREW" in key for key in found)


SHARING = """
from newsletter.web.metrics import http
http.requests().observe("/", "GET", 200, 0.1)
registry = http.requests().registry()
labels = {"route": "/", "method": "GET", "status": "200"}
print(registry.get_sample_value("newsletter_http_request_duration_seconds_count", labels))
"""


@pytest.mark.e2e
def test_web_processes_share_their_numbers_in_a_folder(tmp_path: Path) -> None:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    found = [
        subprocess.run([sys.executable, "-c", SHARING], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert [each.stdout for each in found] == ["1.0\n", "2.0\n"]


@pytest.mark.e2e
def test_importing_creates_no_metric() -> None:
    code = (
        "from prometheus_client import REGISTRY\nbefore = len(list(REGISTRY.collect()))\n"
        "import newsletter.web.metrics.http as http\n"
        "assert len(list(REGISTRY.collect())) == before\nassert http.requests.cache_info().currsize == 0"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_tallies_without_an_audience_of_their_own_edition_are_not_mixed_up(client: Client) -> None:
    """An edition that has not begun has no deliveries."""
    configured()
    waiting: Edition = samples.queued(due_at=datetime.max.replace(tzinfo=samples.NOW.tzinfo))
    assert waiting.state == State.QUEUED
    assert not Tally.objects.exists()
    assert ("newsletter_deliveries", "kinaforum", "pending") not in scraped(client)


@pytest.mark.e2e
def test_promtool_finds_no_fault(client: Client) -> None:
    document = client.get("/metrics").content
    done = subprocess.run(["promtool", "check", "metrics"], input=document, capture_output=True)
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (0, "", "")
