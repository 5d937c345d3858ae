"""The catalogues compiled, so that pages speak their languages in a fresh checkout too."""

import os
from pathlib import Path

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import subscribers

LOCALE = Path(subscribers.__file__).parent / "locale"


@pytest.fixture(scope="session", autouse=True)
def compiled() -> None:
    """Each .po written as .mo where that is missing or older."""
    for po in LOCALE.rglob("*.po"):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        unfinished = mo.with_suffix(f".{os.getpid()}")
        with po.open("rb") as source, unfinished.open("wb") as target:
            write_mo(target, read_po(source, locale=po.parent.parent.name))
        unfinished.rename(mo)
