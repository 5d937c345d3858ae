"""An email is in one language: its sentences, its fixed words and its `lang`, whatever the newsletter's language is."""

import re
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import cycle

import lxml.html
import pytest
from babel.dates import format_date, get_day_names, get_month_names

from newsletter import config
from newsletter.domain.digest import Rendered
from newsletter.editions.letterheads import letterhead
from newsletter.render.transactional import render_email as rendered_email
from newsletter.render.words import LANGUAGES, words
from subscribers import transactional
from subscribers.models import EmailKind, Subscription
from subscribers.pages import LANGUAGES as OF_LETTERS, supported
from subscribers.transactional import Composed, Latest
from tests.factories import NAME, NOW, configured, kinaforum
from tests.subscribers import make
from tests.subscribers.test_translations import catalogue

pytestmark = pytest.mark.django_db
OF_NEWSLETTERS = (*LANGUAGES, "sw", "nn-NO", "de-AT", "zh-TW")
OF_READERS = ("fr", "pl", "nb-NO")
WORD = re.compile(r"[^\W\d_]{2,}")


def _composed(kind: EmailKind, language: str) -> Composed:
    """An email to a subscriber of a language; numbers stand for all that is not ours."""
    state = Subscription.State.PENDING if kind is EmailKind.CONFIRM else Subscription.State.ACTIVE
    subscription = make.add_subscription(state=state, language=language)
    consent = subscription.consents.create(how="form", at=NOW)
    written = transactional.write(kind, subscription.subscriber, subscription, NAME, NOW, consent=consent.pk)
    composed = transactional.compose(config.current(), written, Latest("1", "/1/"))
    assert composed is not None
    return composed


def _rendered(composed: Composed) -> Rendered:
    head = letterhead(config.current(), kinaforum())
    head = replace(head, language=composed.language, title="1", postal_address="2", description="")
    return rendered_email(composed.template, head, composed.context)


def _shown(rendered: Rendered) -> set[str]:
    """All words of an email that are not part of an address."""
    body = lxml.html.document_fromstring(rendered.html).find("body")
    text = " ".join([rendered.subject, rendered.text, *body.itertext()])
    return set(WORD.findall(re.sub(r"https?://\S+", " ", text)))


@cache
def _known(language: str) -> set[str]:
    """All words that we have in a language, and its names of days and months."""
    sentences = [str(m.string) for m in catalogue(language).values()] if language != "en" else list(catalogue("nb"))
    days = [format_date(date(2026, month, 1), "long", locale=language) for month in range(1, 13)]
    dates = [*days, *get_month_names(locale=language).values(), *get_day_names(locale=language).values()]
    return set(WORD.findall(" ".join([*sentences, *words(language).values(), *dates])))


@pytest.mark.parametrize("kind", EmailKind)
def test_an_email_has_words_of_one_language(kind: EmailKind) -> None:
    """Of each newsletter's language an email to a reader without a language, and to one of the readers with one."""
    faults = []
    for newsletter, reader in zip(OF_NEWSLETTERS, cycle(OF_READERS)):
        configured(language=newsletter, title="1")
        for language in ("", reader):
            composed = _composed(kind, language)
            assert composed.language in OF_LETTERS
            rendered = _rendered(composed)
            of_page = lxml.html.document_fromstring(rendered.html).get("lang")
            foreign = _shown(rendered) - _known(composed.language)
            if of_page != composed.language or foreign:
                faults.append((newsletter, language, of_page, foreign))
            Subscription.objects.all().delete()
    assert faults == []


@pytest.mark.parametrize("language", OF_LETTERS)
def test_every_language_of_emails_has_fixed_words_of_its_own(language: str) -> None:
    assert language in LANGUAGES
    assert supported(language) == language


def test_an_address_that_is_shown_runs_from_left_to_right() -> None:
    configured(language="ar")
    email = lxml.html.document_fromstring(_rendered(_composed(EmailKind.CONFIRM, "ar")).html)
    assert [link.get("dir") for link in email.iter("a") if link.text_content().startswith("http")] == ["ltr"]
