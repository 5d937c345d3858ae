"""A config.toml for tests that run a site in a folder of its own."""

_SITE = """
[site]
url = "http://localhost:8000"
"""
_KINAFORUM = """[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
"""
_DAILY = """[newsletters.daily]
title = "Daglig"
from = "daglig@example.org"
address = "1 Example Street"
"""


def with_kinaforum(rest: str) -> str:
    """Return a site with the newsletter `kinaforum`; `rest` continues the newsletter's table."""
    return _SITE + _KINAFORUM + rest.lstrip()


def with_daily(rest: str) -> str:
    """Return a site with the newsletter `daily`; `rest` continues the newsletter's table."""
    return _SITE + _DAILY + rest.lstrip()
