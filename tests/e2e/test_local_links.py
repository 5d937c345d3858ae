"""Links to this machine through a mail server on it, with the real command."""

from collections.abc import Callable

import pytest

from tests.conftest import Site
from tests.e2e.sending_samples import EDITION, MailServer

pytestmark = pytest.mark.e2e


def test_local_links_are_sent_to_real_addresses_only_where_that_is_allowed(
    prepared: Callable[..., Site], server: MailServer
) -> None:
    site = prepared(2)
    site.run("subscribers", "add", "reader@mailbox.org", "--newsletter", "kinaforum", "--consent", "on paper")
    said = "can't open links that begin with http://localhost:8000"
    assert said in site.run("check", status=1).stderr
    told = site.run("send", EDITION, "--wait", status=3).stderr
    assert said in told
    assert "1 subscriber can't open links" in told
    assert server.got.total() == 0
    site.run("check", "--allow-local-links")
    site.run("send", EDITION, "--allow-local-links")
    site.run("send", EDITION, "--wait")
    server.wait_for(3)
    assert sorted(server.got) == ["r1@reader.example", "r2@reader.example", "reader@mailbox.org"]
