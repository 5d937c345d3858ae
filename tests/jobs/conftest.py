"""What tests of the jobs share."""

import pytest

from newsletter.jobs import outbox


@pytest.fixture(autouse=True)
def no_mail_of_another_test() -> None:
    """Forget unpacked mails: a database that is rolled back gives the same numbers to other ones."""
    outbox._segments.cache_clear()
