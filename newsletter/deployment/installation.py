"""What a deployment needs to know of a site: its paths, its user, its addresses and where its secrets come from."""

import os
import pwd
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import newsletter
from newsletter.config import Config
from newsletter.config.database import is_postgresql
from newsletter.config.references import Reference, references


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """A site as it is installed. `program` is the command that runs it, `user` who owns its folder.

    `places` has what the program reads from elsewhere: Python and the packages, and where links lead.
    """

    program: str
    user: str
    config: Path
    url: str
    port: int
    postgresql: bool
    references: frozenset[Reference] = frozenset()
    places: tuple[Path, ...] = ()

    @property
    def folder(self) -> Path:
        """The folder of the configuration, which holds everything that the site writes."""
        return self.config.parent

    @property
    def host(self) -> str:
        """The host of the public address."""
        return urlsplit(self.url).hostname or ""

    @property
    def variables(self) -> list[str]:
        """The environment variables that the configuration refers to, sorted."""
        return sorted(each.name for each in self.references if each.kind == "env")


def found(configuration: Config) -> Installation:
    """Return this site as it is installed here."""
    tree = tomllib.loads(configuration.file.read_text(encoding="utf-8-sig"))
    return Installation(
        program=_program(),
        user=_owner(configuration.file),
        config=configuration.file,
        url=configuration.site.url,
        port=configuration.web.port,
        postgresql=is_postgresql(configuration.site.database),
        references=references(tree),
        places=_places(configuration.file),
    )


def _program() -> str:
    """Return the command beside this Python, which a virtual environment has; else Python with the module."""
    command = Path(sys.executable).with_name("newsletter")
    return str(command) if command.exists() else f"{sys.executable} -m newsletter"


def _places(config: Path) -> tuple[Path, ...]:
    """Return where the configuration, this Python and the program are, with every link on the way to them."""
    starts = (config, Path(sys.executable), Path(sys.base_prefix), Path(newsletter.__file__))
    return tuple(dict.fromkeys(place for start in starts for place in _with_targets(start)))


def _with_targets(path: Path) -> Iterator[Path]:
    """Yield a path, and each path that its links lead to: only the last one would hide a link in a home directory."""
    yield path
    for parent in (path, *path.parents):
        if parent.is_symlink():
            rest = path.relative_to(parent)
            yield from _with_targets(Path(os.path.normpath(parent.parent / parent.readlink() / rest)))
            return


def _owner(path: Path) -> str:
    """Return the name of a file's owner; the number of one who has no name."""
    owner = path.stat().st_uid
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return str(owner)
