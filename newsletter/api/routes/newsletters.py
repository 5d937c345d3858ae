"""Newsletters, as the configuration has them."""

from typing import cast

from django.http import HttpRequest
from ninja import Path, Router

from newsletter.api.operations import ApiAnswer, Caller, caller, operation
from newsletter.api.permissions import permitted
from newsletter.api.schemas import Name, NewsletterList, NewsletterOut, TopicOut
from newsletter.config import Newsletter, Period

router = Router(tags=["newsletters"])


@operation(router, "GET", "/newsletters", {200: NewsletterList}, missing=False)
def list_newsletters(request: HttpRequest) -> ApiAnswer:
    """List the newsletters that the token is for."""
    who = caller(request)
    names = permitted(who.token, who.config.newsletters)
    return ApiAnswer(NewsletterList(items=[_shown(who, who.config.newsletters[name]) for name in names]))


@operation(router, "GET", "/newsletters/{newsletter}", {200: NewsletterOut})
def read_newsletter(request: HttpRequest, newsletter: Path[Name]) -> ApiAnswer:
    """Read one newsletter."""
    who = caller(request)
    return ApiAnswer(_shown(who, who.newsletter(newsletter)))


def _shown(who: Caller, found: Newsletter) -> NewsletterOut:
    return NewsletterOut(
        name=found.name,
        title=found.title,
        description=found.description,
        status=found.status,
        language=found.language,
        timezone=found.timezone,
        period=cast(Period, found.period),
        cadences=list(found.offered),
        topics=[TopicOut(name=name, title=title) for name, title in found.offered_topics],
        approval=found.approval,
        from_name=found.sender.name,
        from_address=found.sender.address,
        page=f"{who.config.site.url}/n/{found.name}/",
    )
