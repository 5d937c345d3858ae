"""Adding a post that no source has to a draft: by its address, or written by hand."""

from collections.abc import Mapping
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from newsletter.config import Config
from newsletter.editions import editing
from newsletter.editions.composing import bulk
from newsletter.editions.problems import Impossible
from newsletter.feeds.fetcher import Fetcher
from newsletter.feeds.identity import link_key
from newsletter.feeds.model import SourceProblem
from newsletter.feeds.sources.web_pages import page_headline
from newsletter.messages import editions as messages
from newsletter.messages.general import ALSO
from newsletter.models import Edition, Post

LONGEST_LINK = 2_000
FIELDS = ("url", "title", "text")
FIELDS_OF_REFUSALS = {messages.NO_HEADLINE: "title", messages.TEXT_TOO_LONG: "text"}
"""The field that a refusal is about; others are about the address."""


def fields(values: Mapping[str, str], problems: Mapping[str, str]) -> list[dict[str, str]]:
    """Return the fields in the form's order, with what was typed and what is wrong with it."""
    labels = {"url": _("Web address"), "title": _("Headline"), "text": _("Text")}
    return [
        {"key": key, "label": labels[key], "value": values.get(key, ""), "problem": problems.get(key, "")}
        for key in FIELDS
    ]


def add(
    configuration: Config, edition: Edition, by: str, *, url: str, title: str, text: str, day: date | None = None
) -> Edition:
    """Add a stored post by its address, else a page by its own headline, else what was typed; under a day.

    A form that is sent again, since its answer was lost, adds nothing more: a post that was written with the same words
    and is still in the draft. Raises Impossible where the address can't be read and no headline was written either.
    """
    if url and "://" not in url:
        url = f"https://{url}"
    if url and (len(url) > LONGEST_LINK or not url.startswith(("http://", "https://"))):
        raise Impossible(messages.NOT_A_WEB_ADDRESS())
    is_typed, stored, description = bool(title or text), _stored(edition, url), None
    if url and not title and (text or stored is None):
        title, description, url = _of_page(configuration, url)
        stored = _stored(edition, url)
    if stored is not None and not is_typed:
        included = editing.include(configuration, edition, by, None, stored.pk)
        return bulk.move_to_day(configuration, included, by, None, stored.pk, day) if day else included
    with transaction.atomic():
        draft = Edition.objects.select_for_update().get(pk=edition.pk)
        if _is_there(draft, title, url, text, day):
            return draft
        description = description if stored is None else None
        return editing.add_post(
            configuration, draft, by, None, title=title, url=url, text=text, day=day, description=description
        )


def _stored(edition: Edition, url: str) -> Post | None:
    return Post.objects.filter(newsletter=edition.newsletter, link_key=link_key(url)).first() if url else None


def _is_there(draft: Edition, title: str, url: str, text: str, day: date | None) -> bool:
    written = draft.entries.filter(included=True, title="", text=text, moved_to=day)
    return written.filter(post__listings=None, post__title=title.strip(), post__url=url).exists()


def _of_page(configuration: Config, url: str) -> tuple[str, str, str]:
    """Return the headline and description that a page gives of itself, and its address, to which a short one leads."""
    try:
        with Fetcher(configuration.collect, configuration.site.url) as fetcher:
            response = fetcher.get(url)
            headline = fetcher.read(response, page_headline, response.body)
    except SourceProblem as problem:
        raise Impossible(ALSO(first=problem.message, second=messages.WRITE_HEADLINE())) from problem
    if headline is None:
        raise Impossible(messages.NOT_A_PAGE(url=url))
    if not headline.title:
        raise Impossible(messages.NO_PAGE_HEADLINE(url=url))
    return headline.title, headline.description, response.url
