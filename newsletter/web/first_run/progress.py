"""What has been entered during set-up, kept in memory, and the config.toml made from it."""

import secrets
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from newsletter import config
from newsletter.config import Config
from newsletter.config.document import Change, SetValue, edit
from newsletter.setup.blog_profile import BlogProfile
from newsletter.setup.machine import machine_language, machine_timezone
from newsletter.setup.starter import starter_config
from newsletter.web.first_run.search import BlogSearch

_current: "SetUp | None" = None


def begin(file: Path) -> "SetUp":
    """Begin the set-up of this process."""
    global _current
    _current = SetUp(file)
    return _current


def current() -> "SetUp":
    """Return the set-up of this process."""
    assert _current is not None
    return _current


@dataclass(slots=True)
class SetUp:
    """One set-up: where the file will be, and what is known so far."""

    file: Path
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    site_url: str = "http://localhost:8000"
    private: bool = False
    search: BlogSearch | None = None
    blog: BlogProfile | None = None
    sending: dict[str, Any] = field(default_factory=dict)
    finished: threading.Event = field(default_factory=threading.Event)

    def text(self) -> str:
        """Return the text of config.toml as it would be written now."""
        assert self.blog is not None
        text = starter_config(
            self.blog,
            language=self.blog.language or machine_language() or "en",
            timezone=self.blog.timezone or machine_timezone() or "UTC",
            site_url=self.site_url,
            sender=self.sending.get("from", ""),
            postal_address=self.sending.get("address", ""),
            private=self.private,
        )
        return edit(text, self._changes(self.blog))

    def configuration(self) -> Config:
        """Return the configuration as it would be written now. Raises ConfigError for values that are wrong."""
        return config.parse(self.text(), self.file, {})

    def look_for(self, search: BlogSearch) -> None:
        """Begin to read a blog, instead of any that is still being read."""
        self.search = search
        search.begin()

    def correct(self, **values: str) -> None:
        """Replace what was found about the blog."""
        assert self.blog is not None
        self.blog = replace(self.blog, **cast(dict[str, Any], values))

    def write(self) -> None:
        """Write config.toml. Raises ConfigError, and OSError (FileExistsError if there is one by now)."""
        text = self.text()
        self.configuration()
        with self.file.open("x", encoding="utf-8") as file:
            self.file.chmod(0o600)
            file.write(text)

    def _changes(self, blog: BlogProfile) -> list[Change]:
        newsletter = ("newsletters", blog.name)
        changes: list[Change] = []
        for key, value in self.sending.items():
            path = key.split(".")
            table: tuple[str, ...] = () if path[0] == "delivery" else newsletter
            changes.append(SetValue((*table, *path), value))
        return changes
