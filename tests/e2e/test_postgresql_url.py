"""PostgreSQL's URL as the program itself takes it: with a real server."""

from collections.abc import Callable

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.sending_samples import CONFIG

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]


def test_a_parameter_of_the_url_counts(site: Callable[[str], Site]) -> None:
    with postgresql.running() as url:
        for parameter, status, message in (
            ("", 0, ""),
            ("?sslmode=require", 1, "server does not support SSL, but SSL was required"),
            (
                "?sslmod=require",
                2,
                'site.database: is not a URL that PostgreSQL understands: invalid URI query parameter: "sslmod"',
            ),
        ):
            here = site(CONFIG.format(port=25, delivery=""))
            here.environment["NEWSLETTER__SITE__DATABASE"] = url + parameter
            said = here.run("editions", status=status).stderr
            assert message in said
            assert said.count("\n") <= 1, "one sentence"
