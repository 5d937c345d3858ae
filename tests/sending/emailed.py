"""A newsletter that goes by the clock, and what each subscriber's emails have: the schedule, senders and messages are
real.

Only the sockets are missing: what would be sent is built and read as an email.
"""

import email
import email.policy
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

from newsletter import config
from newsletter.config import CadenceSettings
from newsletter.domain.found_post import FoundPost
from newsletter.editions import approval, draft
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.mime.message_builder import MessageBuilder
from newsletter.models import Edition, State
from newsletter.scheduling import schedule
from newsletter.sending import lifecycle
from subscribers import preferences
from subscribers.models import Subscription
from tests.factories import collected, configured, found, kinaforum
from tests.sending.outbox_samples import outbox, outcome, subscribe


@dataclass
class Newsletter:
    """The newsletter kinaforum at a time; `mailed` has the posts of each subscriber's emails, in their order, and
    `subjects` their subjects.
    """

    now: datetime
    subjects: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    mailed: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    listed: dict[str, FoundPost] = field(default_factory=dict)

    def configure(self, period: str = "week", *cadences: str, **keys: Any) -> None:
        own = {c: CadenceSettings(**{"approval": keys["approval"]} if "approval" in keys else {}) for c in cadences[1:]}
        usual = {"cadence": {c: each for c, each in own.items() if c != period}, "minimum_posts": 1}
        configured(period=period, cadences=cadences, **{**usual, **keys})

    def publish(self, *names: str, at: datetime | None = None) -> None:
        """Add posts to the blog, and read it."""
        for name in names:
            self.listed[name] = found(name, at or self.now)
        self.read()

    def read(self) -> None:
        """Read the blog."""
        collected(*self.listed.values(), now=self.now)

    def subscribe(self, name: str, cadence: str = "") -> None:
        subscription = subscribe([f"{name}@reader.example"])[0]
        Subscription.objects.filter(pk=subscription.pk).update(cadence=cadence)

    def choose(self, name: str, cadence: str) -> None:
        preferences.choose_cadence(self.subscription(name), cadence)

    def subscription(self, name: str) -> Subscription:
        return Subscription.objects.get(subscriber__address=f"{name}@reader.example")

    def wait(self, **times: float) -> None:
        self.now += timedelta(**times)

    def send(self, cadence: str = "", until: datetime | None = None) -> Edition | None:
        """Draft an edition of the posts until now, approve it and send it; None if there is nothing to send."""
        newsletter = kinaforum().at(cadence)
        window = None if newsletter.by_post else RequestedWindow(until=until or self.now + timedelta(seconds=1))
        self.wait(seconds=1)
        edition = draft.make(config.current(), newsletter, window, now=self.now, read_sources=False)
        if edition.state == State.DRAFT:
            if not edition.entries.filter(included=True).exists():
                return None
            edition = approval.approve(config.current(), edition, now=self.now)
        self.deliver(edition)
        return edition

    def deliver(self, edition: Edition) -> None:
        """Send an approved edition."""
        approval.queue(config.current(), edition, now=self.now)
        self.deliver_queued()

    def run(self, hours: float, step: float = 1.0) -> None:
        """Let the clock run, and send what is due."""
        end = self.now + timedelta(hours=hours)
        while self.now < end:
            self.wait(hours=step)
            self.read()
            schedule.tick(config.current(), self.now)
            self.deliver_queued()

    def deliver_queued(self) -> None:
        lifecycle.begin_due(config.current(), self.now)
        box = outbox()
        while batch := box.next(500):
            begun = box.begin(batch)
            builder = MessageBuilder(batch.email)
            for recipient in begun.recipients:
                message = b"".join(builder.build(recipient).pieces)
                parsed = email.message_from_bytes(message, policy=email.policy.default)
                self.mailed[recipient.address.partition("@")[0]] += _posts_in(parsed)
                self.subjects[recipient.address.partition("@")[0]].append(parsed["Subject"])
            numbers = [recipient.number for recipient in begun.recipients]
            box.settle(batch.edition, batch.chunk, [outcome(number) for number in numbers], finished=True)
        lifecycle.complete(["kinaforum"], self.now)


def _posts_in(message: EmailMessage) -> Iterable[str]:
    """Return the names of the posts whose texts an email has."""
    body = message.get_body(("plain",))
    assert body is not None
    return dict.fromkeys(re.findall(r"This is the text of (\w+),", " ".join(body.get_content().split())))
