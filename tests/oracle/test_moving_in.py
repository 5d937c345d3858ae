"""Imports and their undoing, judged by the emails: an older list brings back nobody who left, here or elsewhere, and
posts of imported issues are not sent again.
"""

import pytest

from newsletter.editions.offers import sent_elsewhere
from newsletter.sandbox import Sandbox
from tests.oracle.acts import Email
from tests.oracle.fast import FastSite
from tests.oracle.histories import DAILY, DAILY_OR_WEEKLY, DAY, HOUR, History, played
from tests.oracle.judge import judge
from tests.oracle.site import OracleSite


def _moved_in(site: OracleSite) -> None:
    """Readers come by imports, leave, and are in older lists; one import is undone."""
    site.collect()
    site.join("stays")
    site.join("leaves")
    site.import_list()
    site.publish()
    site.wait(DAY + HOUR)
    site.leave("leaves")
    site.leave("i1")
    site.import_list(undo=True)
    site.publish()
    site.import_list()
    site.wait(DAY + HOUR)
    site.publish()


@pytest.mark.django_db
def test_imports_decide_who_gets_what_as_promised() -> None:
    log = played(History(DAILY, _moved_in))
    judgement = judge(log)
    assert not judgement.violations, "\n".join(map(str, judgement.violations))
    got = {act.reader for act in log if isinstance(act, Email)}
    assert got == {"stays", "leaves", "i1", "i3"}


def _issues_imported(site: OracleSite) -> None:
    """Issues come before a post is found, and after; one post was in an edition here before, and one is in an approved
    edition, which is cancelled then.
    """
    assert isinstance(site, FastSite)
    site.collect()
    site.join("daily", "day")
    site.join("weekly", "week")
    here = site.publish()
    site.wait(DAY + HOUR)
    known = site.publish()
    site.collect()
    name = site.draft("week")
    site.approve(name)
    later = site.publish(site.now)
    site.import_issues(here, known, later)
    site.unlock(name, reopen=False)
    site.wait(2 * DAY)
    site.join("newcomer", "day")
    site.publish()
    site.wait(8 * DAY)


def _issues_imported_and_undone(site: OracleSite) -> None:
    """An edition is sent after issues with two posts were imported; then the import is undone."""
    assert isinstance(site, FastSite)
    site.collect()
    site.join("daily", "day")
    site.join("weekly", "week")
    there = [site.publish(), site.publish()]
    site.collect()
    site.import_issues(*there)
    site.publish()
    site.wait(5 * DAY)
    site.undo_import_of_issues(*there)
    site.publish()
    site.wait(8 * DAY)


@pytest.mark.django_db
def test_posts_come_once_their_import_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Sandbox, "run", lambda _sandbox, function, *arguments: function(*arguments))
    log = played(History(DAILY_OR_WEEKLY, _issues_imported_and_undone))
    judgement = judge(log)
    assert not judgement.violations, "\n".join(map(str, judgement.violations))
    assert not judgement.either


@pytest.mark.django_db
@pytest.mark.parametrize("broken", [False, True])
def test_posts_of_imported_issues_are_not_sent_again(broken: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The imported edition is mailed to nobody; a program that sends its posts is found out."""
    monkeypatch.setattr(Sandbox, "run", lambda _sandbox, function, *arguments: function(*arguments))
    if broken:
        monkeypatch.setattr(sent_elsewhere, "refuse", lambda _posts: 0)
    log = played(History(DAILY_OR_WEEKLY, _issues_imported))
    violations = judge(log).violations
    assert bool(violations) is broken, "\n".join(map(str, violations))
    assert not any("issue-" in act.edition for act in log if isinstance(act, Email))
