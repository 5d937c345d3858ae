"""The steps before a newsletter's first edition."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from newsletter.config import Newsletter
from newsletter.messages import history as acts
from newsletter.models import Act, Edition, State
from subscribers.models import Subscription


@dataclass(frozen=True, slots=True)
class FirstStep:
    """A step, whether it is done, and the page for it; "" if it can't be done yet."""

    name: str
    text: str
    done: bool
    address: str
    act: str


def first_steps(newsletter: Newsletter, draft: Edition | None) -> tuple[FirstStep, ...]:
    """Return the steps of a newsletter that has sent no edition yet, or nothing when all are done.

    `draft` is the next edition of its schedule; its newest letter, if it has none.
    """
    if newsletter.status != "active":
        return ()
    subscribed = Subscription.objects.filter(newsletter=newsletter.name).exists()
    tested = _tested_editions(newsletter)
    reviewed = draft is not None and (draft.name in tested or draft.revision > 1 or draft.state != State.DRAFT)
    page = _address("desk:edition", draft)
    reviewing = FirstStep("draft", _("Review the first draft"), reviewed, page, _("Open draft"))
    letter_page = reverse("desk:letter", args=(newsletter.name,))
    writing = FirstStep("letter", _("Write the first letter"), draft is not None, letter_page, _("New letter"))
    importing = FirstStep(
        "subscribers", _("Import your subscribers"), subscribed, reverse("desk:subscribers-import"), _("Import")
    )
    testing = FirstStep(
        "test", _("Send a test to yourself"), bool(tested), _address("desk:proof", draft), _("Send a test")
    )
    steps = (importing, reviewing, testing) if newsletter.has_schedule else (writing, testing, importing)
    return () if all(step.done for step in steps) else steps


def _address(route: str, edition: Edition | None) -> str:
    return reverse(route, args=(edition.newsletter, edition.period)) if edition else ""


def _tested_editions(newsletter: Newsletter) -> set[str]:
    """Return the names of the editions of which somebody was sent a test."""
    logged = Act.objects.filter(about__startswith=f"{newsletter.name}/").only("what", "about")
    return {act.about for act in logged if acts.TEST_SENT.matches(act.what)}
