"""Campaigns of listmonk, as its API answers `GET /api/campaigns`: one page or several, saved as JSON."""

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from html import escape
from typing import Any

from newsletter.feeds.archives import merge_tags
from newsletter.feeds.archives.export_values import moment, paths_of
from newsletter.feeds.archives.old_issue import HERE, LeftOut, OldIssue
from newsletter.feeds.formats.markdown import markdown
from newsletter.messages import archives as messages

_COLUMNS = {"uuid", "subject", "body", "content_type"}


def campaigns_of(document: Any) -> list[Mapping[str, Any]]:
    """Return the campaigns of an answer, or of a list of answers; none if a JSON document is something else."""
    pages = document if isinstance(document, list) else [document]
    campaigns = [campaign for page in pages for campaign in _of_page(page)]
    are_campaigns = all(isinstance(campaign, dict) and campaign.keys() >= _COLUMNS for campaign in campaigns)
    return campaigns if are_campaigns else []


def _of_page(page: Any) -> list[Any]:
    if not isinstance(page, dict):
        return []
    data = page.get("data", page)
    campaigns = data.get("results", [data]) if isinstance(data, dict) else data
    return campaigns if isinstance(campaigns, list) else []


def issues(campaigns: list[Mapping[str, Any]], zone: tzinfo, base: str) -> Iterator[OldIssue | LeftOut]:
    """Yield the campaigns that were sent; opt-in emails are no issues."""
    for campaign in campaigns:
        if campaign.get("type", "regular") == "regular":
            yield _issue(campaign, zone, base)


def _issue(campaign: Mapping[str, Any], zone: tzinfo, base: str) -> OldIssue | LeftOut:
    values = {
        key: str(campaign.get(key) or "") for key in ("uuid", "subject", "name", "archive_slug", "body", "status")
    }
    title = merge_tags.without_tags(values["subject"], braces=True) or values["name"]
    times = (moment(campaign.get(key), zone) for key in ("started_at", "send_at", "created_at"))
    published = next(filter(None, times), None)
    if values["status"] not in ("finished", "running"):
        return LeftOut(title, messages.NOT_SENT())
    if published is None:
        return LeftOut(title, messages.NO_DATE())
    names = [name for name in (values["archive_slug"], values["uuid"]) if name]
    site = base.rstrip("/")
    return OldIssue(
        key=f"listmonk:{values['uuid']}",
        title=title,
        published=published,
        html=_html(values["body"], str(campaign.get("content_type"))),
        url=f"{site}/archive/{names[0]}" if site and names else "",
        paths=paths_of(f"/archive/{name}" for name in names),
        base=f"{site}/" if site else HERE,
        merge_tags=True,
    )


def _html(body: str, content_type: str) -> str:
    if content_type == "markdown":
        return markdown(body, merge_tags=True)
    if content_type == "plain":
        return "".join(f"<p>{escape(part)}</p>" for part in body.split("\n\n") if part.strip())
    return body
