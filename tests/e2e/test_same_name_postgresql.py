"""Two programs with one PostgreSQL database make an edition of the same name at the same time."""

from pathlib import Path

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.site_texts import with_daily

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]

TEXT = with_daily("""
[[newsletters.daily.sources]]
url = "http://127.0.0.1:9/daily"
""")
SCRIPT = """
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))

from django.db import connection, transaction
from newsletter.editions import draft
from newsletter.editions.composing import standalone
from newsletter.models import Edition

configuration, now = config.current(), datetime(2026, 2, 4, 9, tzinfo=UTC)
daily = configuration.newsletters["daily"]

def make():
    return draft.make(configuration, daily, now=now, read_sources=False).name

def letter():
    return standalone.make(configuration, daily, now=now).name

def correct():
    corrected = Edition.objects.get(pk=begun)
    draft._subject_of_correction = lambda configuration, corrected: "A correction"
    return draft.correct(configuration, corrected, now=now).name

def together(act):
    names = []

    def second():
        try:
            names.append(act())
        except Exception as error:
            names.append(type(error).__name__)
        finally:
            connection.close()

    other = Thread(target=second)
    with transaction.atomic():
        names.append(act())
        other.start()
        while other.is_alive() and not waiting():
            other.join(0.02)
    other.join(60)
    print(*names)

def waiting():
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return cursor.fetchone()[0]

together(make)
together(letter)
begun = Edition.objects.filter(standalone=False).values_list("pk", flat=True).get()
Edition.objects.filter(pk=begun).update(state="sent", began_at=now)
together(correct)
"""


def test_a_draft_is_made_once_and_letters_and_corrections_get_names_of_their_own(tmp_path: Path) -> None:
    with postgresql.running(with_tables=True) as database:
        text = TEXT.replace("[site]", f'[site]\ndatabase = "{database}"')
        drafts, letters, corrections = Site(tmp_path, text).script(SCRIPT).stdout.splitlines()
    assert drafts == "daily/2026-W06 daily/2026-W06"
    assert letters == "daily/letter-2026-02-04 daily/letter-2026-02-04.2"
    assert corrections == "daily/2026-W06.2 daily/2026-W06.3"
