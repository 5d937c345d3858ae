"""Renders an edition before the transaction in which it is approved, queued or moved to another time."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TypeVar

from newsletter.config import Config
from newsletter.editions.offers import bases
from newsletter.editions.problems import Impossible
from newsletter.editions.render_cache import rendered_before
from newsletter.editions.variants.freezing import date_ahead, encode, with_date
from newsletter.editions.variants.planning import prepare
from newsletter.models import Edition, State
from newsletter.render.html.loader import TemplateProblem

T = TypeVar("T")


def rendered_ahead(
    edition: Edition,
    configuration: Config,
    now: datetime,
    act: Callable[[], T],
    *,
    automatic: bool = False,
    due: datetime | None = None,
) -> T:
    """Return what `act` returns, which approves a draft in a transaction, or queues an edition for `due`, or both.

    What it stores is rendered before. `act` may be repeated. What can't be rendered is raised by it.
    """

    def render() -> None:
        draft = Edition.objects.filter(pk=edition.pk, state=State.DRAFT).first()
        if draft is not None:
            _render_draft(draft, configuration, now, due, automatic=automatic)
        elif due is not None:
            _date(edition, configuration, due)

    return rendered_before(render, act)


def dated_ahead(edition: Edition, configuration: Config, due: datetime, act: Callable[[], T]) -> T:
    """Return what `act` returns, which queues an approved edition for `due`, or moves a queued one to it.

    What it stores is made before, as by `rendered_ahead`.
    """
    return rendered_before(partial(_date, edition, configuration, due), act)


def _render_draft(
    draft: Edition, configuration: Config, now: datetime, due: datetime | None, *, automatic: bool
) -> None:
    with suppress(TemplateProblem, Impossible):
        if not draft.corrects_id:
            bases.update(configuration.edited(draft), now)
        emails = encode(draft, prepare(draft, configuration, now), configuration, now, automatic=automatic)
        if due is not None:
            for email in emails:
                with_date(email, due)


def _date(edition: Edition, configuration: Config, due: datetime) -> None:
    approved = Edition.objects.filter(pk=edition.pk, state__in=(State.APPROVED, State.QUEUED)).first()
    if approved is not None:
        with suppress(TemplateProblem, Impossible):
            date_ahead(approved, configuration, due)
