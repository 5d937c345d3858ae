"""Imports and their undoing, judged by the emails: an older list brings back nobody who left, here or elsewhere."""

import pytest

from tests.oracle.acts import Email
from tests.oracle.histories import DAILY, DAY, HOUR, History, played
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
