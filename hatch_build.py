"""Compiles the message catalogues (.po → .mo) when a wheel is built, so that git holds only what people write."""

from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileCatalogues(BuildHookInterface):  # type: ignore[type-arg]
    """Writes a .mo file beside every .po file below the project's folder."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile before the files are gathered; `artifacts` in pyproject.toml lets them into the wheel."""
        for package in ("newsletter", "subscribers"):
            for po in sorted((Path(self.root) / package).rglob("*.po")):
                with po.open("rb") as source, po.with_suffix(".mo").open("wb") as target:
                    write_mo(target, read_po(source, locale=po.parent.parent.name))
