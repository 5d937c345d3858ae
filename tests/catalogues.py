"""Compiles the catalogues of translations, which a fresh checkout doesn't have."""

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

REPOSITORY = Path(__file__).parents[1]


def compile_catalogues() -> None:
    """Compile each .po file whose .mo file is missing or older."""
    for po in REPOSITORY.glob("*/locale/*/LC_MESSAGES/*.po"):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        unfinished = mo.with_suffix(f".{os.getpid()}")
        with po.open("rb") as source, unfinished.open("wb") as target:
            write_mo(target, read_po(source, locale=po.parent.parent.name))
        unfinished.replace(mo)
