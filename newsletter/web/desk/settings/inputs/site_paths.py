"""Paths that are entered at the desk: they stay inside the site's folder.

Whoever administers the desk need not be who operates the machine, and a path could make any file of it public. Paths
outside that config.toml has already stay as they are.
"""

from collections.abc import Iterator

from newsletter import config
from newsletter.config import Config, ConfigProblem
from newsletter.feeds.sources.read import is_folder
from newsletter.messages import configuration as messages


def check_paths(before: Config, after: Config) -> None:
    """Raise ConfigError for each path outside of the site's folder that the present configuration doesn't have."""
    present = {path for _key, path in _paths(before)}
    folder = after.folder
    problems = [
        ConfigProblem(key, messages.OUTSIDE_OF_THE_SITE(path=path, folder=str(folder)))
        for key, path in _paths(after)
        if path and path not in present and not (folder / path).resolve().is_relative_to(folder)
    ]
    if problems:
        raise config.ConfigError(*problems)


def _paths(configuration: Config) -> Iterator[tuple[str, str]]:
    """Yield the key and the value of each setting that is a path."""
    yield "delivery.smtp.ca", configuration.delivery.smtp.ca
    yield "delivery.file.folder", str(configuration.delivery.file["folder"])
    yield "delivery.journal", configuration.delivery.journal
    for name, newsletter in configuration.newsletters.items():
        for number, source in enumerate(newsletter.sources):
            if is_folder(source):
                yield f"newsletters.{name}.sources[{number}].url", source.url
