"""Editors are told of unconfirmed deliveries when there are some, once for an edition."""

import pytest

from newsletter import config
from newsletter.editions import notices
from newsletter.models import Notice
from newsletter.sending.results import ResultRow, record
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db


def test_unconfirmed_deliveries_are_told_once(configuration: config.Config) -> None:
    edition = samples.sending(3)
    for number, kind in ((1, "accepted"), (2, "unknown"), (3, "unknown")):
        rows = [ResultRow(number, 1, kind, samples.NOW.timestamp())]
        record(edition, rows, configuration.delivery, samples.NOW)
        assert Notice.objects.filter(kind=notices.UNKNOWN).count() == (number > 1)
    notice = Notice.objects.get(kind=notices.UNKNOWN)
    assert (notice.newsletter, notice.edition) == ("kinaforum", edition.name)
    assert str(notice.text).startswith(f"Some deliveries of {edition.name} are unconfirmed")
