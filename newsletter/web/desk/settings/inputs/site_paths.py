"""Paths that are entered at the desk: they stay inside the site's folder.

Whoever administers the desk need not be who operates the machine, and a path could make any file of it public. Paths
outside that config.toml has already stay as they are.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from newsletter import config
from newsletter.config import Config, ConfigProblem
from newsletter.config.document import KeyPath, value_at
from newsletter.feeds.sources.read import is_folder, names_folder
from newsletter.messages import Message, configuration as messages
from newsletter.web.desk.settings.fields import listed

_KEYS: tuple[KeyPath, ...] = (("delivery", "smtp", "ca"), ("delivery", "file", "folder"), ("delivery", "journal"))


def outside_paths(tree: Mapping[str, Any], folder: Path) -> dict[KeyPath, str]:
    """Return the paths outside of the site's folder that config.toml has, by their keys."""
    paths = {path: value_at(tree, path) for path in _KEYS}
    for name, newsletter in value_at(tree, ("newsletters",), {}).items():
        for number, source in enumerate(listed(value_at(newsletter, ("sources",)))):
            url, kind = value_at(source, ("url",)), value_at(source, ("type",), "auto")
            if isinstance(url, str) and names_folder(url, str(kind)):
                paths[("newsletters", name, "sources", number, "url")] = url
    return {key: path for key, path in paths.items() if isinstance(path, str) and not _is_inside(path, folder)}


def check_paths(before: Config, after: Config) -> None:
    """Raise ConfigError for each path outside of the site's folder that the present configuration doesn't have."""
    present = {path for _key, path in _paths(before)}
    folder = after.folder
    problems = [
        ConfigProblem(key, messages.OUTSIDE_OF_THE_SITE(path=path))
        for key, path in _paths(after)
        if path not in present and not _is_inside(path, folder)
    ]
    if problems:
        raise config.ConfigError(*problems)


def without_folder(message: Message, folder: Path) -> Message:
    """Return a message that names files by their paths in the site's folder, and those outside of it by their names."""
    return message.changed(lambda text: _relative(text, folder))


def _relative(text: str, folder: Path) -> str:
    path = Path(text)
    if not path.is_absolute():
        return text
    return str(path.relative_to(folder)) if path.is_relative_to(folder) and path != folder else path.name


def _is_inside(path: str, folder: Path) -> bool:
    return not path or (folder / path).resolve().is_relative_to(folder)


def _paths(configuration: Config) -> Iterator[tuple[str, str]]:
    """Yield the key and the value of each setting that is a path."""
    yield "delivery.smtp.ca", configuration.delivery.smtp.ca
    yield "delivery.file.folder", str(configuration.delivery.file["folder"])
    yield "delivery.journal", configuration.delivery.journal
    for name, newsletter in configuration.newsletters.items():
        for number, source in enumerate(newsletter.sources):
            if is_folder(source):
                yield f"newsletters.{name}.sources[{number}].url", source.url
