"""Checks whether every user of the machine can read the site's secrets: config.toml, and the files that it names."""

import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from newsletter.config import Config, toml
from newsletter.config.references import reference, references
from newsletter.domain.check import Check, Verdict
from newsletter.messages import failures as messages

_SECRET = re.compile(r"(?:^|_)(?:secret|password|token|key|dsn)(?:_previous)?$")
_WITH_PASSWORD = re.compile(r"://[^/@]*:[^/@]+@")


def open_secrets(configuration: Config) -> Iterator[Check]:
    """Warn of each file with secrets that others than its owner and its group can read."""
    file = configuration.file
    tree = toml.loads(file.read_text(encoding="utf-8-sig")) if file.is_file() else {}
    about = messages.ABOUT_SECRETS()
    if (keys := sorted(_secrets(tree))) and _is_open(file):
        yield Check(about, Verdict.WARNING, messages.OPEN_CONFIGURATION(file=str(file), keys=", ".join(keys)))
    for target in sorted(references(tree), key=lambda target: target.name):
        path = configuration.path(target.name)
        if target.kind == "file" and _is_open(path):
            yield Check(about, Verdict.WARNING, messages.OPEN_FILE(file=str(path)))


def _secrets(tree: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """Yield the keys whose values are secrets that the file itself has."""
    for key, value in tree.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping) and reference(value) is None:
            yield from _secrets(value, f"{name}.")
        elif _is_secret(key, value):
            yield name


def _is_secret(key: str, value: Any) -> bool:
    texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str) and text]
    return bool(texts) and bool(_SECRET.search(key) or _WITH_PASSWORD.search(texts[0]))


def _is_open(path: Path) -> bool:
    try:
        return bool(path.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False  # it is missing, which is told when the configuration is read
