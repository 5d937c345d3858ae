"""Reading a blog in the background, while the browser shows how far it is.

Promises: what was typed in is kept with the search, so that the form can be shown again; a search ends with a blog or
a problem, whatever happens in it.
"""

import logging
import threading
from dataclasses import dataclass, field

from django.utils import timezone

from newsletter.config import Collect
from newsletter.feeds.model import SourceProblem
from newsletter.messages import Message
from newsletter.messages.failures import UNEXPECTED
from newsletter.setup.blog_profile import BlogProfile, ReadingStep, find_profile
from newsletter.setup.machine import machine_timezone

log = logging.getLogger("newsletter.setup")


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
