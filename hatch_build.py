"""Build settings that need code: the version, and the compiled message catalogues (.mo) of a wheel.

Nothing is written into the source tree, so a read-only checkout or one of another user can be installed.
"""

import hashlib
import re
import tempfile
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
PACKAGES = ("newsletter", "subscribers")
# What decides how an installed copy behaves.
SOURCES = (*PACKAGES, "templates", "pyproject.toml", "hatch_build.py")
GENERATED = {".pyc", ".mo"}


def version() -> str:
    """Return the version (PEP 440): the tag's, or between releases one that differs for every commit and change.

    It comes from git, or from what `git archive` wrote into `.git_archival.txt`. Without both (a copy of the files, or
    a checkout of another user, which git refuses to read) the local part is a hash of the sources. Without a tag, the
    last release is the newest one in CHANGELOG.md.
    """
    from setuptools_scm import get_version  # not needed to build from an sdist, whose PKG-INFO has the version

    unknown = f"{_next_release()}.dev0"
    found = str(get_version(root=str(ROOT), local_scheme=_local_part, fallback_version=unknown))
    return f"{unknown}+s{_sources()}" if found == unknown else found


def _local_part(found: Any) -> str:
    """Return the commit, and a hash of the sources if they were changed since."""
    parts = [found.node[:10]] if found.node and found.distance else []
    if found.dirty:
        parts.append(f"s{_sources()}")
    return "+" + ".".join(parts) if parts else ""


def _next_release() -> str:
    released = re.search(r"^## (\d+)\.(\d+)\.(\d+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    if not released:
        raise ValueError("CHANGELOG.md has no heading of a released version, such as: ## 0.1.0")
    major, minor, patch = map(int, released.groups())
    return f"{major}.{minor}.{patch + 1}"


def _sources() -> str:
    """Return 12 hexadecimal digits that change with every file that is installed."""
    found = hashlib.sha256()
    for source in SOURCES:
        path = ROOT / source
        for each in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if each.is_file() and each.suffix not in GENERATED:
                content = each.read_bytes()
                found.update(f"{each.relative_to(ROOT).as_posix()}\0{len(content)}\0".encode())
                found.update(content)
    return found.hexdigest()[:12]


class CompileCatalogues(BuildHookInterface):  # type: ignore[type-arg]
    """Compile each .po file, so that git holds only what people write."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the .mo files to a temporary folder and add them to the wheel.

        An editable install runs from the source tree, so its .mo files go beside the .po files.
        """
        self._folder = tempfile.TemporaryDirectory()
        for package in PACKAGES:
            for po in sorted((Path(self.root) / package).rglob("*.po")):
                inside = po.relative_to(self.root).with_suffix(".mo")
                mo = (Path(self.root) if version == "editable" else Path(self._folder.name)) / inside
                mo.parent.mkdir(parents=True, exist_ok=True)
                with po.open("rb") as source, mo.open("wb") as target:
                    write_mo(target, read_po(source, locale=po.parent.parent.name))
                if version != "editable":
                    build_data["force_include"][str(mo)] = inside.as_posix()

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002
        """Remove the temporary folder."""
        self._folder.cleanup()
