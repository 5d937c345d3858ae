"""From a file and the environment to a `Config`, and every error as one sentence with its key."""

import dataclasses
import os
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, cast, get_origin

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from newsletter.config.model import PROVIDERS, Config
from newsletter.config.values import nearest

PREFIX = "NEWSLETTER__"
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
Key = tuple[str | int, ...]
HIDDEN = {"name": "title", "sender": "from"}
SUBJECTS = {
    "day": "{{ newsletter.title }}, {{ date }}: {{ posts[0].title }}",
    "week": "{{ newsletter.title }}, {{ words.week }} {{ week }}: {{ posts[0].title }}",
    "month": "{{ newsletter.title }}, {{ month }}: {{ posts[0].title }}",
}


# What to write instead, by the kind of error (pydantic's names).
_WANTED = {
    "tuple_type": 'write a list, such as ["one", "two"]',
    "bool_type": "write true or false, without quotes",
    "int_type": "write a whole number, without quotes",
    "float_type": "write a number, without quotes",
    "string_type": "write text, in quotes",
    "dataclass_type": "write a table of keys",
    "dict_type": "write a table of keys",
    "greater_than_equal": "write {ge} or more",
    "less_than_equal": "write {le} or less",
    "greater_than": "write more than {gt}",
    "less_than": "write less than {lt}",
    "too_short": "write at least one",
}


class ConfigError(Exception):
    """The configuration is wrong; `problems` holds one sentence for each fault."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


_current: Config | None = None


def find(path: str | os.PathLike[str] | None = None) -> Path:
    """The file to read: `path`, else $NEWSLETTER_CONFIG, else ./config.toml."""
    return Path(path or os.environ.get("NEWSLETTER_CONFIG") or "config.toml").absolute()


def current() -> Config:
    """The configuration in force; the first call reads it from where `find` says."""
    return _current or use(load(find()))


def use(config: Config | None) -> Config:
    """Make `config` the one in force; None forgets it, so that the next `current` reads the file again."""
    global _current
    _current = config
    return cast(Config, config)


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """Read and check a file.

    Raises ConfigError: no such file, no TOML, or any key or value that is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError([f"{path}: no such file; 'newsletter init' writes one"]) from None
    except (OSError, UnicodeDecodeError) as e:
        raise ConfigError([f"{path}: can't be read: {e}"]) from e
    return parse(text, path, os.environ if environ is None else environ)


def parse(text: str, path: Path = Path("config.toml"), environ: Mapping[str, str] | None = None) -> Config:
    """Check the text of a configuration; `path` says where relative paths start."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise ConfigError([f"{path}: is no valid TOML: {e}"]) from e
    environ = environ or {}
    overridden = _override(tree, environ)
    tree = _resolve(tree, (), path.absolute().parent, environ)
    return _check(tree, path, overridden)


def _override(tree: dict[str, Any], environ: Mapping[str, str]) -> set[Key]:
    """Put NEWSLETTER__A__B=… into the tree; gives the keys that came from there."""
    keys: set[Key] = set()
    for name, raw in sorted(environ.items()):
        if not name.startswith(PREFIX):
            continue
        *above, last = parts = [p.lower() for p in name.removeprefix(PREFIX).split("__")]
        table = tree
        for part in above:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                raise ConfigError([f"{'.'.join(parts)}: ${name} goes below '{part}', which is no table"])
        table[last] = _environment_value(raw)
        keys.add(tuple(parts))
    return keys


def _environment_value(raw: str) -> Any:
    """A number, true or false, an array or table as TOML has it; anything else is text."""
    try:
        return tomllib.loads(f"v = {raw}")["v"]
    except tomllib.TOMLDecodeError:
        return raw


def _resolve(value: Any, key: Key, folder: Path, environ: Mapping[str, str]) -> Any:
    """Replace { env = "NAME" } and { file = "path" } by what they name."""
    if isinstance(value, list):
        return [_resolve(v, (*key, i), folder, environ) for i, v in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and isinstance(name := next(iter(value.values())), str):
        if "env" in value:
            if name not in environ:
                raise ConfigError([f"{_dotted(key)}: the environment has no ${name}"])
            return environ[name]
        if "file" in value:
            try:
                return (folder / name).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as e:
                raise ConfigError([f"{_dotted(key)}: {folder / name} can't be read: {e}"]) from e
    return {k: _resolve(v, (*key, k), folder, environ) for k, v in value.items()}


def _check(tree: dict[str, Any], path: Path, overridden: set[Key]) -> Config:
    try:
        config = TypeAdapter(Config).validate_python(_complete(tree, path))
    except ValidationError as e:
        if _restore_text(tree, e.errors(), overridden):
            return _check(tree, path, overridden)
        raise ConfigError(_sentence(error) for error in _telling(e.errors())) from e
    problems = list(_contradictions(config))
    if problems:
        raise ConfigError(problems)
    return config


def _complete(tree: dict[str, Any], path: Path) -> dict[str, Any]:
    """The tree with what the file does not say itself: where it lies, each newsletter's name and usual subject."""
    if "file" in tree:
        raise ConfigError(["file: no such key"])
    newsletters = tree.get("newsletters")
    if not isinstance(newsletters, dict):
        return {**tree, "file": path}
    named = {}
    for name, table in newsletters.items():
        if not isinstance(table, dict):
            raise ConfigError([f"newsletters.{name}: is no table; write [newsletters.{name}] above its keys"])
        for hidden, meant in HIDDEN.items():
            if hidden in table:
                raise ConfigError([f"newsletters.{name}.{hidden}: no such key; did you mean '{meant}'?"])
        named[name] = {"subject": SUBJECTS.get(table.get("period", "week"), ""), **table, "name": name}
    return {**tree, "newsletters": named, "file": path}


def _restore_text(tree: dict[str, Any], errors: list[ErrorDetails], overridden: set[Key]) -> bool:
    """An all-digits password from the environment reads as a number: give the text back where text is wanted."""
    mended = False
    for error in errors:
        key = error["loc"]
        if error["type"] == "string_type" and key in overridden:
            table: Any = tree
            for part in key[:-1]:
                table = table[part]
            if not isinstance(table[key[-1]], str):
                table[key[-1]], mended = str(table[key[-1]]), True
    return mended


def _contradictions(config: Config) -> Iterator[str]:
    """What no single value can tell: names of newsletters, the provider that each names, a source named twice."""
    for name, newsletter in config.newsletters.items():
        here = f"newsletters.{name}"
        if not NAME.fullmatch(name):
            yield f"{here}: a newsletter's name is 1 to 40 of a-z, 0-9 and '-'"
        if newsletter.provider and newsletter.provider not in PROVIDERS:
            close = nearest(newsletter.provider, list(PROVIDERS))
            yield f"{here}.provider: '{newsletter.provider}' is no provider{close}"
        if len({s.url for s in newsletter.sources}) != len(newsletter.sources):
            yield f"{here}.sources: the same url stands there twice"


def _dotted(key: Iterable[str | int]) -> str:
    text = ""
    for part in key:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _telling(errors: list[ErrorDetails]) -> list[ErrorDetails]:
    """One error a fault: a misspelt required key is told once, as misspelt; a list is not short for its wrong item."""
    deeper = {e["loc"][:n] for e in errors for n in range(len(e["loc"]))}
    errors = [e for e in errors if not (e["type"] == "too_short" and e["loc"] in deeper)]
    unknown = [e["loc"] for e in errors if e["type"] == "unexpected_keyword_argument"]
    return [e for e in errors if not (e["type"] == "missing" and _misspelt(e["loc"], unknown))]


def _misspelt(missing: Key, unknown: list[Key]) -> bool:
    """Whether a key that is missing stands there after all, but it or a table around it is misspelt."""
    return any(
        key[:-1] == missing[: len(key) - 1] and nearest(str(key[-1]), [str(missing[len(key) - 1])])
        for key in unknown
        if len(key) <= len(missing)
    )


def _sentence(error: ErrorDetails) -> str:
    """`key: what is wrong, and what was meant`."""
    key, kind, context = error["loc"], error["type"], error.get("ctx", {})
    if kind == "unexpected_keyword_argument":
        return f"{_dotted(key)}: no such key{nearest(str(key[-1]), _keys_at(key[:-1]))}"
    if kind == "missing":
        return f"{_dotted(key)}: is required and missing"
    value = error["input"]
    shown = f"{value!r}" if isinstance(value, str | int | float | bool) else f"this {type(value).__name__}"
    if kind == "literal_error":
        words = re.findall(r"'([^']*)'", context["expected"])
        return f"{_dotted(key)}: {shown} is not among {', '.join(words)}{nearest(str(value), words)}"
    if kind == "value_error":
        return f"{_dotted(key)}: {context['error']}" if key else f"{context['error']}"
    if kind == "tuple_type" and isinstance(value, dict):
        return f"{_dotted(key)}: is a list of tables; write [[{_dotted(key)}]], with two brackets at each end"
    wanted = _WANTED.get(kind) or f"{error['msg'][:1].lower()}{error['msg'][1:]}"
    return f"{_dotted(key)}: {shown} won't do: {wanted.format(**context)}"


def _keys_at(key: Key) -> list[str]:
    """The keys that the table at `key` may have."""
    kind: Any = Config
    for part in key:
        if not isinstance(part, str):
            continue
        if dataclasses.is_dataclass(kind):
            declared: Any = {f.name: f.type for f in dataclasses.fields(kind)}.get(part)
            bare = getattr(declared, "__origin__", declared) if hasattr(declared, "__metadata__") else declared
            kind = bare if get_origin(bare) is dict else _inner(bare)
        else:
            kind = _inner(kind)
    if not dataclasses.is_dataclass(kind):
        return []
    return ["from" if f.name == "sender" else f.name for f in dataclasses.fields(kind)]


def _inner(kind: Any) -> Any:
    """The dataclass inside `Annotated[tuple[X, ...], …]`, `dict[str, X]` and the like."""
    if dataclasses.is_dataclass(kind):
        return kind
    for argument in getattr(kind, "__args__", ()):
        if found := _inner(argument):
            return found
    return None
