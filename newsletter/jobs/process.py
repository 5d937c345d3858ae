"""One sending process: `python -m newsletter.jobs.process CONFIG PROVIDER INDEX OF`, started by processes.py.

Promises: it opens its journal after it was started, and holds that journal's lock for as long as it lives; it ends when
its standard input is closed, and so when whoever started it is gone. What it has to say before it ends is one sentence
on standard output.
"""

import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.conf import settings

from newsletter import config
from newsletter.config import Config
from newsletter.delivery.engine import Ended, Engine, Why, send
from newsletter.delivery.journal import Journal, JournalError
from newsletter.delivery.pace import share

if TYPE_CHECKING:
    from newsletter.jobs.outbox import Outbox

OUR_TABLES = ["subscribers.apps.SubscribersConfig", "newsletter.apps.NewsletterConfig"]
"""All that a sending process needs of Django: a tenth of a second and some megabytes less than the whole."""

POLL = 0.2
"""Seconds between looks for work while there is none."""

ENDED, IN_TROUBLE = 0, 4
BY_ENGINE = ("smtp", "file")


@dataclass(slots=True)
class Stop:
    """Says when to end, to whoever asks and to the engine at work."""

    asked: threading.Event = field(default_factory=threading.Event)
    engine: Engine | None = None

    def now(self) -> None:
        """End as soon as what is in flight came back."""
        self.asked.set()
        if self.engine is not None:
            with suppress(RuntimeError):  # its loop has just ended by itself, and closed
                self.engine.stop()

    def watch_input(self) -> None:
        """Wait in a thread for standard input to be closed."""

        def wait() -> None:
            while os.read(sys.stdin.fileno(), 1024):
                pass
            self.now()

        threading.Thread(target=wait, daemon=True, name="parent").start()


def main(arguments: list[str]) -> int:
    """Send until asked to end; gives the exit status."""
    path, provider, index, of = Path(arguments[0]), arguments[1], int(arguments[2]), int(arguments[3])
    stop = Stop()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: stop.now())
    stop.watch_input()
    configuration = config.use(config.load(path))
    os.environ["DJANGO_SETTINGS_MODULE"] = "newsletter.settings"
    settings.INSTALLED_APPS = OUR_TABLES
    django.setup()
    _collect_rarely()
    try:
        ended = work(configuration, provider, share(configuration.delivery, index, of), stop)
    except JournalError as e:
        ended = Ended(Why.JOURNAL, str(e))
    if ended.problem:
        print(ended.problem, flush=True)  # noqa: T201 - the sentence that the parent reads
    return IN_TROUBLE if ended.problem else ENDED


def _collect_rarely() -> None:
    """Mails leave no cycles behind, and looking for some took a tenth of the time; what is loaded is never garbage."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


def work(configuration: Config, provider: str, delivery: config.Delivery, stop: Stop) -> Ended:
    """Send what this provider carries, with a journal of this process, until asked to end or in trouble."""
    from newsletter.jobs import database, journals
    from newsletter.jobs.outbox import Holder, Outbox

    database.durable()
    folder = journals.folder(configuration)
    journal = Journal.create(folder, database.identity())
    carried = [n.name for n in configuration.newsletters.values() if configuration.provider_of(n) == provider]
    delivery = replace(delivery, provider=provider)
    outbox = Outbox(Holder(journals.machine(folder), journal.name), carried, delivery)
    ended = Ended(Why.DONE)
    try:
        while ended.why is Why.DONE and not stop.asked.is_set():
            if outbox.waiting():
                ended = carry(configuration, delivery, outbox, journal, stop)
            else:
                stop.asked.wait(POLL)
    finally:
        journal.close()
    return ended


def carry(configuration: Config, delivery: config.Delivery, outbox: "Outbox", journal: Journal, stop: Stop) -> Ended:
    """Send what there is to send now."""
    if delivery.provider not in BY_ENGINE:
        from newsletter.jobs import carrying  # the HTTP clients of the APIs load slowly

        return carrying.carry(configuration, delivery, outbox, journal, stop.asked.is_set)
    engine = Engine(delivery, outbox, outbox, journal, folder=configuration.folder)
    stop.engine = engine
    if stop.asked.is_set():
        engine.stop()
    try:
        return send(engine)
    finally:
        stop.engine = None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
