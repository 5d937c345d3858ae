"""Newsletters, as the configuration has them."""

from typing import cast

from ninja import Path, Router

from newsletter.api.operations import ApiAnswer, ApiRequest, operation
from newsletter.api.schemas import Name, NewsletterList, NewsletterOut, TopicOut
from newsletter.config import Newsletter, Period

router = Router(tags=["newsletters"])


@operation(router, "GET", "/newsletters", {200: NewsletterList}, missing=False)
def list_newsletters(request: ApiRequest) -> ApiAnswer:
    """List the newsletters that the token is for."""
    newsletters = [request.config.newsletters[name] for name in request.newsletters]
    return ApiAnswer(NewsletterList(items=[_newsletter_out(request, newsletter) for newsletter in newsletters]))


@operation(router, "GET", "/newsletters/{newsletter}", {200: NewsletterOut})
def read_newsletter(request: ApiRequest, newsletter: Path[Name]) -> ApiAnswer:
    """Read one newsletter."""
    return ApiAnswer(_newsletter_out(request, request.newsletter(newsletter)))


def _newsletter_out(request: ApiRequest, newsletter: Newsletter) -> NewsletterOut:
    return NewsletterOut(
        name=newsletter.name,
        title=newsletter.title,
        description=newsletter.description,
        status=newsletter.status,
        language=newsletter.language,
        timezone=newsletter.timezone,
        period=cast(Period, newsletter.period),
        cadences=list(newsletter.offered),
        topics=[TopicOut(name=name, title=title) for name, title in newsletter.offered_topics],
        approval=newsletter.approval,
        from_name=newsletter.sender.name,
        from_address=newsletter.sender.address,
        page=f"{request.config.site.url}/n/{newsletter.name}/",
    )
