"""Load a `Config` from a file and the environment. Every error is one sentence that names its key."""

import os
import shlex
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from newsletter.config import toml
from newsletter.config.newsletters import SUBJECTS, TABLE_NAME, Newsletter
from newsletter.config.own_fields import problems_of
from newsletter.config.own_logos import with_own_logos
from newsletter.config.references import BadReference, look_up, reference, unreadable
from newsletter.config.schema import (
    PLACEHOLDER_MAILBOX,
    PLACEHOLDER_POSTAL_ADDRESS,
    PROVIDER_NAMES,
    Config,
    DeliverySettings,
)
from newsletter.config.tables import FaultOfKey, InvalidTable, Key
from newsletter.config.values import nearest, suggested
from newsletter.messages import Message, configuration as messages
from newsletter.messages.general import ABOUT
from newsletter.providers import table_keys

PREVIOUS = ".previous"
"""What the name of the previous file's copy ends with."""
OF_A_SITE = (".secret_key", "newsletter.db")
"""Files beside config.toml that the program makes at its first start."""
PREFIX = "NEWSLETTER__"
RUNTIME = {"file", "allow_local_links"}
"""Fields of `Config` that are not keys of the file; the program sets them."""

HIDDEN = {"name": "title", "sender": "from"}


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """What is wrong with a key of the file, or with the file itself."""

    key: str
    problem: Message

    @property
    def message(self) -> Message:
        """The problem with its key."""
        return ABOUT(subject=self.key, message=self.problem) if self.key else self.problem

    def __str__(self) -> str:
        return str(self.message)


class ConfigError(Exception):
    """The configuration is invalid; `problems` has one for each error."""

    def __init__(self, *problems: ConfigProblem) -> None:
        self.problems = problems
        super().__init__("\n".join(map(str, problems)))


def find(path: str | os.PathLike[str] | None = None) -> Path:
    """Return the file to read: `path`, else $NEWSLETTER_CONFIG, else ./config.toml."""
    return Path(path or os.environ.get("NEWSLETTER_CONFIG") or "config.toml").absolute()


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """Read and validate a file.

    Raises ConfigError if it doesn't exist, isn't TOML, or has an invalid key or value.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError(ConfigProblem(str(path), _missing(path))) from None
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError(ConfigProblem("", unreadable(path, e))) from e
    return parse(text, path, os.environ if environ is None else environ)


def _missing(path: Path) -> Message:
    """Return that there is no file, with the remedy: one that keeps the settings if there was a file."""
    copy, file = path.with_name(path.name + PREVIOUS), shlex.quote(str(path))
    if copy.exists():
        return messages.FILE_GONE_KEPT(copy=shlex.quote(str(copy)), file=file)
    if any(path.with_name(name).exists() for name in OF_A_SITE):
        return messages.FILE_GONE(file=file)
    return messages.NO_FILE()


def parse(text: str, path: Path = Path("config.toml"), environ: Mapping[str, str] | None = None) -> Config:
    """Validate the text of a configuration; relative paths start at the folder of `path`."""
    try:
        tree = toml.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise ConfigError(ConfigProblem(str(path), messages.NOT_TOML(cause=toml.explained(e)))) from e
    environ = environ or {}
    overridden = override(tree, environ)
    tree = _resolve(tree, (), path.absolute().parent, environ)
    return _check(tree, path, overridden)


def override(tree: dict[str, Any], environ: Mapping[str, str]) -> set[Key]:
    """Put NEWSLETTER__A__B=… into the tree; return the keys that were set."""
    keys: set[Key] = set()
    for name, raw in sorted(environ.items()):
        if not name.startswith(PREFIX):
            continue
        *above, key = parts = [p.lower() for p in name.removeprefix(PREFIX).split("__")]
        table = tree
        for part in above:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise ConfigError(ConfigProblem(".".join(parts), messages.BELOW_A_VALUE(name=name, part=part)))
        table[key] = _environment_value(raw)
        keys.add(tuple(parts))
    return keys


def _environment_value(raw: str) -> Any:
    """Parse a value as TOML; anything that isn't TOML is text."""
    try:
        return toml.loads(f"v = {raw}")["v"]
    except tomllib.TOMLDecodeError:
        return raw


def _resolve(value: Any, key: Key, folder: Path, environ: Mapping[str, str]) -> Any:
    """Replace references to environment variables and files by their values."""
    if isinstance(value, list):
        return [_resolve(v, (*key, i), folder, environ) for i, v in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if target := reference(value):
        try:
            return look_up(target, folder, environ)
        except BadReference as e:
            raise ConfigError(ConfigProblem(toml.dotted(key), e.message)) from e
    if value.keys() == {"credential"}:  # until 1.0, a third kind of reference
        raise ConfigError(ConfigProblem(toml.dotted(key), messages.CREDENTIAL(name=str(value["credential"]))))
    return {k: _resolve(v, (*key, k), folder, environ) for k, v in value.items()}


def _check(tree: dict[str, Any], path: Path, overridden: set[Key]) -> Config:
    try:
        config = Config.of(_complete(tree, path))
    except InvalidTable as e:
        if _restore_text(tree, e.faults, overridden):
            return _check(tree, path, overridden)
        raise ConfigError(*map(_problem, _telling(e.faults))) from e
    problems = list(_contradictions(config))
    if problems:
        raise ConfigError(*problems)
    return with_own_logos(config)


def _complete(tree: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the tree with the file's path, and each newsletter's name and default subject."""
    for key in RUNTIME & tree.keys():
        raise ConfigError(ConfigProblem(key, messages.NO_KEY()))
    newsletters = tree.get("newsletters")
    if not isinstance(newsletters, dict):
        return {**tree, "file": path}
    completed = {}
    for name, table in newsletters.items():
        if not isinstance(table, dict):
            key = f"newsletters.{name}"
            raise ConfigError(ConfigProblem(key, messages.NOT_A_TABLE(key=key)))
        for hidden, meant in HIDDEN.items():
            if hidden in table:
                problem = messages.DID_YOU_MEAN(problem=messages.NO_KEY(), word=meant)
                raise ConfigError(ConfigProblem(f"newsletters.{name}.{hidden}", problem))
        subject = table.get("subject") or SUBJECTS.get(table.get("period", "week"), "")
        completed[name] = {**_default_first(table), "name": name, "subject": subject}
    return {**tree, "newsletters": completed, "file": path}


def _default_first(table: dict[str, Any]) -> dict[str, Any]:
    """Return a newsletter's table with its period as the first of its cadences."""
    cadences, period = table.get("cadences"), table.get("period", "week")
    if not isinstance(cadences, list) or period not in cadences:
        return table
    return {**table, "cadences": sorted(cadences, key=lambda cadence: cadence != period)}


def _restore_text(tree: dict[str, Any], faults: Iterable[FaultOfKey], overridden: set[Key]) -> bool:
    """Turn values from the environment back into text where text is required, such as a password of digits."""
    mended = False
    for fault in faults:
        key = fault.key
        if fault.kind == "not text" and key in overridden:
            table: Any = tree
            for part in key[:-1]:
                table = table[part]
            if not isinstance(table[key[-1]], str):
                table[key[-1]], mended = str(table[key[-1]]), True
    return mended


def _contradictions(config: Config) -> Iterator[ConfigProblem]:
    """Yield errors that involve several keys: names of newsletters, their providers, duplicate sources."""
    if config.delivery.fallback and config.delivery.fallback == config.delivery.provider:
        yield ConfigProblem("delivery.fallback", messages.FALLBACK_SAME(provider=str(config.delivery.provider)))
    yield from _unknown_service_keys(config.delivery)
    yield from (ConfigProblem(key, problem) for key, problem in problems_of(config.fields))
    for name, newsletter in config.newsletters.items():
        key = f"newsletters.{name}"
        if not TABLE_NAME.fullmatch(name):
            yield ConfigProblem(key, messages.NAME())
        if newsletter.provider and newsletter.provider not in PROVIDER_NAMES:
            wrong = messages.NOT_A_PROVIDER(value=f"'{newsletter.provider}'")
            yield ConfigProblem(f"{key}.provider", suggested(wrong, newsletter.provider, list(PROVIDER_NAMES)))
        if len({s.url for s in newsletter.sources}) != len(newsletter.sources):
            yield ConfigProblem(f"{key}.sources", messages.URL_TWICE())
        yield from _placeholders(newsletter, config.provider_of(newsletter))


def _unknown_service_keys(delivery: DeliverySettings) -> Iterator[ConfigProblem]:
    """Yield keys that an email service doesn't have; upper and lower case make no difference, except to boto3."""
    for name, keys in table_keys().items():
        service, _, inner = name.partition(".")
        table = getattr(delivery, service)
        table = table.get(inner, {}) if inner else table
        for key in table if isinstance(table, dict) else ():
            if (key if inner else key.lower()) not in keys:
                yield ConfigProblem(f"delivery.{name}.{key}", suggested(messages.NO_KEY(), key, list(keys)))


def _placeholders(newsletter: Newsletter, provider: str) -> Iterator[ConfigProblem]:
    """Yield placeholders written by `init` that were not replaced; allowed while messages are written to a folder."""
    if provider == "file":
        return
    key = f"newsletters.{newsletter.name}"
    if newsletter.sender.address == PLACEHOLDER_MAILBOX:
        yield ConfigProblem(f"{key}.from", messages.PLACEHOLDER_SENDER(provider=provider))
    if newsletter.address == PLACEHOLDER_POSTAL_ADDRESS:
        yield ConfigProblem(f"{key}.address", messages.PLACEHOLDER_POSTAL(provider=provider))


def _telling(faults: Iterable[FaultOfKey]) -> list[FaultOfKey]:
    """Leave out a required key that is missing because it is misspelt."""
    unknown = [fault.key for fault in faults if fault.kind == "unknown"]
    return [fault for fault in faults if not (fault.kind == "missing" and _misspelt(fault.key, unknown))]


def _misspelt(missing: Key, unknown: list[Key]) -> bool:
    """Return whether a missing key is in the file after all, but it or its table is misspelt."""
    return any(
        key[:-1] == missing[: len(key) - 1] and nearest(str(key[-1]), [str(missing[len(key) - 1])])
        for key in unknown
        if len(key) <= len(missing)
    )


def _problem(fault: FaultOfKey) -> ConfigProblem:
    key = toml.dotted(fault.key)
    return ConfigProblem(key, messages.LIST_OF_TABLES(key=key) if fault.kind == "table for a list" else fault.problem)
