"""The search of the settings, by the words that people use."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise

from django.urls import reverse
from django.utils.translation import gettext_lazy

from newsletter.config import Newsletter
from newsletter.web.desk.settings import catalogue
from newsletter.web.desk.settings.fields import SettingField, SettingsPage, Words
from newsletter.web.desk.settings.overview import address_of


@dataclass(frozen=True, slots=True)
class Link:
    """A page of settings, or one setting on it."""

    title: str
    address: str
    about: str = ""
    help: str = ""


MOST_MATCHES = 12
_SHORT = 4
"""A word of so many letters is found at the beginning of another only: "mal" is not "maximal"."""

COMMON_WORDS: dict[str, Words] = {
    "title": gettext_lazy("name rename"),
    "status": gettext_lazy("stop sending the digest pause close end holiday summer vacation break"),
    "timezone": gettext_lazy("clock time hours utc"),
    "editors": gettext_lazy("notify notification email me"),
    "welcome": gettext_lazy("greeting new subscribers"),
    "noindex": gettext_lazy("google private hidden"),
    "form_origins": gettext_lazy("embed website form"),
    "challenge": gettext_lazy("spam bots captcha"),
    "from": gettext_lazy("sender name email address author inbox who from"),
    "reply_to": gettext_lazy("answers reply replies respond write back readers address"),
    "address": gettext_lazy("street postal law footer foot bottom"),
    "period": gettext_lazy("how often daily weekly monthly"),
    "draft": gettext_lazy("when time day weekday hour digest schedule"),
    "send": gettext_lazy("when time day weekday hour digest newsletter go out sending sent schedule"),
    "late_posts": gettext_lazy("old backdated missed forgotten delayed later after"),
    "skip": gettext_lazy("holiday christmas easter summer vacation break pause stop"),
    "subject": gettext_lazy("title headline inbox"),
    "body": gettext_lazy("excerpt length full text"),
    "images": gettext_lazy("pictures photos"),
    "track": gettext_lazy("statistics analytics opens opened clicks tracking rate pixel privacy gdpr count stop"),
    "theme.logo": gettext_lazy("picture image brand banner header top icon"),
    "theme.accent": gettext_lazy("color of a link links brand"),
    "theme.font": gettext_lazy("typeface letters"),
    "smtp.host": gettext_lazy("mail server"),
    "smtp.password": gettext_lazy("smtp login"),
    "smtp.user": gettext_lazy("smtp login"),
    "theme.footer_text": gettext_lazy("signature disclaimer"),
    "provider": gettext_lazy("email service smtp"),
    "rate": gettext_lazy("speed limit"),
    "every": gettext_lazy("how often check blog"),
    "url": gettext_lazy("domain website web site address url links https"),
    "keep_deliveries": gettext_lazy(
        "personal data about people persons kept stored privacy gdpr delete logs who opened received retention"
    ),
    "ask_again": gettext_lazy("privacy gdpr inactive sunset"),
}
"""What people call settings beside their labels, by key."""

FUNCTION_WORDS: Words = gettext_lazy(
    "a an and are at be by can change come do does for go goes how i if in is it me my of off on or our set should that"
    " the their them they this to turn was we were what when where which with you your"
)
"""Words of a question that say nothing about a setting."""


@dataclass(frozen=True, slots=True)
class SearchedPage:
    """A page of the desk that has no settings, but what people look for among them."""

    title: Words
    route: str
    words: Words
    of_newsletter: bool = False


PLACES = (
    SearchedPage(
        gettext_lazy("Team"),
        "users",
        gettext_lazy("who can may log in login invite users people member role permission access author account"),
    ),
    SearchedPage(
        gettext_lazy("Account"), "account", gettext_lazy("my password two-factor two-step 2fa login log out name")
    ),
    SearchedPage(gettext_lazy("Deliverability"), "deliverability", gettext_lazy("dkim spf dmarc dns spam domain")),
    SearchedPage(gettext_lazy("Sources"), "sources", gettext_lazy("rss atom feed blog wordpress")),
    SearchedPage(gettext_lazy("Segments"), "segments", gettext_lazy("group audience filter tag")),
    SearchedPage(
        gettext_lazy("Subscribers"),
        "subscribers",
        gettext_lazy(
            "personal data about people persons kept stored privacy gdpr erase delete remove unsubscribe block readers"
            " list"
        ),
    ),
    SearchedPage(
        gettext_lazy("Import"), "subscribers-import", gettext_lazy("csv upload migrate mailchimp subscribers")
    ),
    SearchedPage(gettext_lazy("Export"), "exports", gettext_lazy("download backup archive csv subscribers")),
    SearchedPage(gettext_lazy("API tokens"), "tokens", gettext_lazy("api key integration")),
    SearchedPage(gettext_lazy("Webhooks"), "webhooks", gettext_lazy("zapier integration events")),
    SearchedPage(gettext_lazy("Log"), "log", gettext_lazy("audit history who changed")),
    SearchedPage(
        gettext_lazy("Health"), "settings-health", gettext_lazy("status check test connection provider all settings")
    ),
    SearchedPage(gettext_lazy("Machines"), "workers", gettext_lazy("programs workers servers processes")),
    SearchedPage(
        gettext_lazy("Sign-up form"),
        "signup-form",
        gettext_lazy("subscribers must confirm confirmation email double opt-in embed html website consent"),
        of_newsletter=True,
    ),
    SearchedPage(
        gettext_lazy("Welcome series"),
        "welcome",
        gettext_lazy("autoresponder drip email"),
        of_newsletter=True,
    ),
    SearchedPage(gettext_lazy("New letter"), "letter", gettext_lazy("template write announcement"), of_newsletter=True),
)


def search(text: str, newsletters: Collection[Newsletter]) -> list[Link]:
    """Return the settings and pages whose label, help or common words have all the words; those named so first.

    Function words are left out. If none has all the others, those are returned that have the most of them.
    """
    words = list(dict.fromkeys(words_of(text)))
    function_words = set(words_of(str(FUNCTION_WORDS)))
    main_words = [word for word in words if word not in function_words]
    ranks = _ranks(newsletters, main_words) or _ranks_of_most(newsletters, main_words)
    return sorted(ranks, key=lambda link: ranks[link])[:MOST_MATCHES]


def _ranks(newsletters: Collection[Newsletter], terms: list[str]) -> dict[Link, int]:
    """Return the settings and pages that have all the words, each with its rank; nothing without words."""
    if not terms:
        return {}
    pages = (match for page, name, title in _pages(newsletters) for match in _matches(page, name, title, terms))
    return {link: rank for rank, link in (*pages, *_places(newsletters, terms))}


def _ranks_of_most(newsletters: Collection[Newsletter], terms: list[str]) -> dict[Link, int]:
    """Return the settings and pages that have the most of the words, each with the sum of its ranks."""
    ranks: dict[Link, list[int]] = {}
    for word in terms:
        for link, rank in _ranks(newsletters, [word]).items():
            ranks.setdefault(link, []).append(rank)
    most = max(map(len, ranks.values()), default=0)
    return {link: sum(of_words) for link, of_words in ranks.items() if len(of_words) == most}


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case; hyphens separate them."""
    return re.findall(r"[^\W_]+", text.casefold())


def _has(text: str, terms: list[str], *, inside: bool) -> bool:
    """Return whether each of the words begins one of a text, or is two written together; `inside`, is part of one."""
    words = words_of(text)
    joined = {first + second for first, second in pairwise(words)}
    return all(
        term in joined
        or any(
            word.startswith(term)
            or (len(word) >= _SHORT and term == f"{word}s")
            or (inside and len(term) > _SHORT and term in word)
            for word in words
        )
        for term in terms
    )


def _rank(terms: list[str], label: str, common: str, everything: str) -> int | None:
    """Return how well a setting fits, 0 for a label that has the words; None if it does not fit."""
    with_common = f"{label} {common}"
    for rank, text in enumerate((label, with_common)):
        if set(terms) <= set(words_of(text)):
            return rank
    for rank, (text, inside) in enumerate(
        ((label, False), (with_common, False), (with_common, True), (everything, True)), 2
    ):
        if _has(text, terms, inside=inside):
            return rank
    return None


def _pages(newsletters: Collection[Newsletter]) -> Iterator[tuple[SettingsPage, str, str]]:
    """Yield the pages, each with the name and the title of its newsletter, "" for those of the site."""
    for newsletter in newsletters:
        yield from ((page, newsletter.name, newsletter.title) for page in catalogue.NEWSLETTER_PAGES)
    yield from ((page, "", "") for page in catalogue.SITE_PAGES)


def _matches(page: SettingsPage, name: str, title: str, terms: list[str]) -> Iterator[tuple[int, Link]]:
    for field in page.fields:
        rank = _rank(terms, str(field.label), str(COMMON_WORDS.get(field.key, "")), _everything(page, field))
        if rank is not None:
            about = f"{title} · {page.title}" if title else str(page.title)
            address = f"{address_of(page, name)}#field-{field.key}"
            yield rank, Link(str(field.label), address, about, str(field.help))


def _places(newsletters: Collection[Newsletter], terms: list[str]) -> Iterator[tuple[int, Link]]:
    for place in PLACES:
        label, common = str(place.title), str(place.words)
        rank = _rank(terms, label, common, f"{label} {common}")
        if rank is None:
            continue
        if place.of_newsletter:
            for newsletter in newsletters:
                yield rank, Link(label, reverse(f"desk:{place.route}", args=(newsletter.name,)), newsletter.title)
        else:
            yield rank, Link(label, reverse(f"desk:{place.route}"))


def _everything(page: SettingsPage, field: SettingField) -> str:
    """Return everything by which a setting is found."""
    choices = " ".join(str(label) for _value, label in field.choices)
    parts = (field.label, field.help, choices, page.title, COMMON_WORDS.get(field.key, ""))
    return " ".join(str(part) for part in parts)
