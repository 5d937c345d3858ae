"""Records of logins are tidied: failed ones after a day, and what older versions kept of successful ones."""

from datetime import UTC, datetime, timedelta

import pytest
from axes.models import AccessAttempt, AccessLog

from newsletter import config
from newsletter.scheduling import housekeeping

NOW = datetime(2026, 2, 6, 12, 0, tzinfo=UTC)


@pytest.mark.django_db(transaction=True)
def test_records_of_logins_are_not_kept() -> None:
    day = timedelta(days=1)
    for name, ago in (("old", day + timedelta(seconds=1)), ("new", day)):
        made = AccessAttempt.objects.create(username=name, ip_address="192.0.2.1", failures_since_start=1)
        AccessAttempt.objects.filter(pk=made.pk).update(attempt_time=NOW - ago)
    AccessLog.objects.create(username="anna@example.org", ip_address="192.0.2.1")
    housekeeping.tidy(config.current(), NOW)
    assert [attempt.username for attempt in AccessAttempt.objects.all()] == ["new"]
    assert not AccessLog.objects.exists()
