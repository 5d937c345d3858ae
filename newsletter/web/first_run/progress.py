"""What has been entered during set-up, kept in memory, and the config.toml made from it.

The blog is read in the background, while the browser shows how far it is. What was typed in is kept with the search, so
that the form can be shown again; a search ends with a blog or a problem, whatever happens in it.
"""

import logging
import secrets
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from django.utils import timezone

from newsletter import config
from newsletter.config import Collect, Config
from newsletter.config.document import Change, SetValue, edit
from newsletter.config.durable_files import create
from newsletter.feeds.model import SourceProblem
from newsletter.messages import Message
from newsletter.messages.failures import UNEXPECTED
from newsletter.setup.blog_profile import BlogProfile, ReadingStep, find_profile
from newsletter.setup.machine import machine_language, machine_timezone
from newsletter.setup.starter import starter_config

log = logging.getLogger("newsletter.setup")

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
class BlogSearch:
    """One search: the address, what the form held, how far it is, and what it found."""

    url: str
    typed: dict[str, str]
    private: bool
    step: ReadingStep = ReadingStep.FEED
    blog: BlogProfile | None = None
    problem: Message | None = None
    ended: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        """Read the blog in a thread, which does not keep the program from ending."""
        threading.Thread(target=self._run, name="blog search", daemon=True).start()

    def _run(self) -> None:
        limits = Collect(allow_private_addresses=self.private)
        try:
            self.blog = find_profile(
                self.url, limits, now=timezone.now(), machine_timezone=machine_timezone(), step=self._at
            )
        except SourceProblem as problem:
            self.problem = problem.message
        except Exception as error:
            log.exception("a blog could not be read")
            self.problem = UNEXPECTED(error=type(error).__name__)
        finally:
            self.ended.set()

    def _at(self, step: ReadingStep) -> None:
        self.step = step


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

    def correct(self, **values: str) -> None:
        """Replace what was found about the blog."""
        assert self.blog is not None
        self.blog = replace(self.blog, **cast(dict[str, Any], values))

    def write(self) -> None:
        """Write config.toml. Raises ConfigError, and OSError (FileExistsError if there is one by now)."""
        text = self.text()
        self.configuration()
        create(self.file, text)

    def _changes(self, blog: BlogProfile) -> list[Change]:
        changes: list[Change] = []
        for key, value in self.sending.items():
            table = () if key.startswith("delivery.") else ("newsletters", blog.name)
            changes.append(SetValue((*table, *key.split(".")), value))
        return changes
